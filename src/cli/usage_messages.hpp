// usage_messages.hpp: what a person reads who mistyped a command line, in the three languages.
// Spec: docs/terms.md (words); program_test.cpp holds them to it.        Not here: usage.cpp.
#pragma once

#include "text/message.hpp"

namespace pb::cli {
inline constexpr text::Message usage_catalogue[] = {
    {"no_command", {"there is no command \"{0}\"", "沒有「{0}」這個指令", "没有“{0}”这个命令"}},
    {"no_option",
     {"there is no option \"{0}\" here", "這裡沒有「{0}」這個選項", "这里没有“{0}”这个选项"}},
    {"too_much", {"\"{0}\" is one word too many", "多了「{0}」這個字", "多了“{0}”这个词"}},
    {"did_you_mean", {"; did you mean \"{0}\"?", "；是不是「{0}」？", "；是不是“{0}”？"}},
    {"missing", {"\"{0}\" is missing", "缺少「{0}」", "缺少“{0}”"}},
    {"no_value",
     {"\"{0}\" needs a value ({1})", "「{0}」後面要有值（{1}）", "“{0}”后面要有值（{1}）"}},
    {"bad_value", {"\"{0}\" cannot be: {1}", "「{0}」的值不對：{1}", "“{0}”的值不对：{1}"}},
    {"other", {"the command line is wrong: {0}", "指令列有誤：{0}", "命令行有误：{0}"}},
    {"say_what", {"say what to do", "請說要做什麼", "请说要做什么"}},
    {"lang",
     {"--lang takes en, zh-Hant or zh-Hans", "--lang 只接受 en、zh-Hant、zh-Hans",
      "--lang 只能是 en、zh-Hant、zh-Hans"}},
    {"try", {"Try:  {0}", "請試：{0}", "请试：{0}"}},
    // of single commands
    {"no_program", {"there is no program \"{0}\"", "沒有「{0}」這個程式", "没有“{0}”这个程序"}},
    {"all_programs", {"all: {0}", "全部列出：{0}", "全部列出：{0}（列表）"}},
    {"name_server",
     {"name a server, for example: {0}", "請指定伺服器，例如：{0}", "请指定服务器，例如：{0}"}},
    {"found_one",
     {"{0} has {1}: this is probed.", "{0} 裡設定的是 {1}：就測試它。",
      "{0} 里设置的是 {1}：就测试它。"}},
    {"found_many",
     {"Several servers are set up here; choose one:", "這裡設定了多台伺服器，請選一台：",
      "这里设置了多台服务器，请选一台："}},
    {"name_server_and_program",
     {"name a server and a program: {0}", "請指定伺服器和程式：{0}", "请指定服务器和程序：{0}"}},
    {"probe_values",
     {"--prefer takes 587, 465 or provider; --port takes port numbers; --timeout seconds from 1 "
      "to 600",
      "--prefer 只接受 587、465 或 provider；--port 要填連接埠號碼；--timeout（逾時）是 1 到 600 "
      "秒",
      "--prefer 只能是 587、465 或 provider；--port 要填端口号；--timeout（超时）是 1 到 600 秒"}},
    {"prefer_value",
     {"--prefer takes 587, 465 or provider", "--prefer 只接受 587、465 或 provider",
      "--prefer 只能是 587、465 或 provider"}},
    {"not_25",
     {"port 25 is for servers; a program submits on 587, 465 or 2525",
      "連接埠 25 是伺服器之間用的；程式提交郵件用 587、465 或 2525",
      "端口 25 是服务器之间用的；程序提交邮件用 587、465 或 2525"}},
    {"bad_host", {"the host is not a host name", "主機不是有效的主機名稱", "主机不是有效的主机名"}},
    {"bad_user",
     {"the user name has characters that no program takes", "使用者名稱有程式都不接受的字元",
      "用户名有程序都不接受的字符"}},
    {"cannot",
     {"this program cannot do that kind of encryption", "這個程式不支援這種加密",
      "这个程序不支持这种加密"}},
    {"not_written",
     {"there are no settings for this program yet", "還沒有這個程式的設定範本",
      "还没有这个程序的设置模板"}},
    {"one_of", {"{0} takes one of: {1}", "{0} 只接受：{1}", "{0} 只能是：{1}"}},
    {"resolver_value",
     {"--resolver takes an address and perhaps a port: 192.0.2.53:53",
      "--resolver 要填位址，可加連接埠：192.0.2.53:53",
      "--resolver 要填地址，可加端口：192.0.2.53:53"}},
};

consteval text::Text usage_text(std::string_view id) { return text::find(usage_catalogue, id); }
}  // namespace pb::cli
