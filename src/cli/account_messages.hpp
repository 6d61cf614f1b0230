// account_messages.hpp: what `account` and `sendmail` say, in the three languages.
// Spec: docs/terms.md (words); send_test.cpp holds them to it.      Not here: send_messages.hpp.
#pragma once

#include "text/message.hpp"

namespace pb::cli {
inline constexpr text::Message account_catalogue[] = {
    {"added",
     {"Account {0} is kept, for {1}; its password is not.", "已保存帳號 {0}（{1}）；密碼不保存。",
      "已保存账号 {0}（{1}）；不保存密码。"}},
    {"removed", {"Account {0} is forgotten.", "已移除帳號 {0}。", "已移除账号 {0}。"}},
    {"exists",
     {"There is an account {0} already: --replace overwrites it.",
      "已有帳號 {0}：要覆寫請加 --replace。", "已有账号 {0}：要覆盖请加 --replace。"}},
    {"unknown", {"There is no account {0}.", "沒有帳號 {0}。", "没有账号 {0}。"}},
    {"none",
     {"No account yet: packetboat account add home --from you@example.com",
      "還沒有帳號：packetboat account add home --from you@example.com",
      "还没有账号：packetboat account add home --from you@example.com"}},
    {"bad_name",
     {"Give a name of letters and digits, and your address: --from you@example.com.",
      "請給一個英數字名稱，和你的地址：--from you@example.com。",
      "请给一个字母数字名称，和你的地址：--from you@example.com。"}},
    {"no_host",
     {"Name the server: --server smtp.example.com.", "請指定伺服器：--server smtp.example.com。",
      "请指定服务器：--server smtp.example.com。"}},
    {"bad_port",
     {"Ports are written 587, 587/starttls or 465/tls; --prefer takes 587, 465 or provider.",
      "連接埠寫作 587、587/starttls 或 465/tls；--prefer 只接受 587、465 或 provider。",
      "端口写作 587、587/starttls 或 465/tls；--prefer 只能是 587、465 或 provider。"}},
    {"next", {"Next:", "下一步：", "下一步（建议）："}},
    // sendmail
    {"outbox_empty", {"Mail queue is empty", "寄件匣是空的", "发件箱是空的"}},
    {"outbox_kept",
     {"Kept in the outbox as {0}; sent with the next call, or with -q: {1}",
      "已存入寄件匣 {0}；下次呼叫或 -q 時寄出：{1}",
      "已存入发件箱 {0}；下次调用或 -q 时发出：{1}"}},
    {"outbox_held",
     {"held: it may have arrived already", "保留：可能已經送達", "保留：可能已经送达"}},
    {"outbox_count", {"{0} messages", "{0} 封郵件", "{0} 封邮件"}},
    {"refused_for", {"{0} was refused: {1}", "{0} 遭拒收：{1}", "{0} 被拒收：{1}"}},
    // lint
    {"lint_good", {"Nothing to change for {0}.", "{0} 的設定不需更改。", "{0} 的设置无需更改。"}},
    {"lint_unknown",
     {"Name the program with --for: this file has no settings of one that is known.",
      "請用 --for 指定程式：檔案裡沒有認得的設定。",
      "请用 --for 指定程序：文件里没有认得的设置。"}},
    {"no_password",
     {"the account has no password command", "這個帳號沒有取得密碼的指令",
      "这个账号没有取得密码的命令"}},
};

consteval text::Text account_text(std::string_view id) { return text::find(account_catalogue, id); }
}  // namespace pb::cli
