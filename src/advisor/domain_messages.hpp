// domain_messages.hpp: the words of a domain's own facts below a probe, in three languages.
// Spec: docs/terms.md.                         Not here: the other screens (messages.hpp).
#pragma once

#include "text/message.hpp"

namespace pb::advisor {
inline constexpr text::Message domain_catalogue[] = {
    {"found.file",
     {"{0} names {1} for sending ({2}).", "{0} 用 {2} 指定 {1} 寄信。",
      "{0} 用 {2} 指定 {1} 发信。"}},
    {"domain.title",
     {"What {0} publishes about its mail:", "{0} 公布的郵件設定：", "{0} 公布的邮件设置："}},
    {"domain.none", {"none", "沒有", "没有"}},
    {"domain.found", {"found", "有", "已公布"}},
    {"domain.unknown",
     {"unknown: the DNS gave no answer", "不明：DNS 沒有回應", "未知：DNS 未回答"}},
    {"domain.null_mx", {"takes no mail", "不收信", "不接收邮件"}},
    {"domain.signed", {"signed", "有簽章", "已签名"}},
    {"domain.unsigned", {"not signed", "沒有簽章", "未签名"}},
    {"domain.records", {"{0} of {1} hosts", "{1} 台主機中有 {0} 台", "{1} 台主机中有 {0} 台"}},
    {"domain.wants_login",
     {"asks for a login, as Exchange does", "要求登入，Exchange 就是這樣",
      "要求登录，Exchange 就是这样"}},
    {"domain.unreachable", {"no answer", "沒有回應", "没有响应"}},
    {"domain.insecure",
     {"not read: no valid certificate", "沒有讀取：憑證無效", "没有读取：证书无效"}},
    {"domain.unreadable", {"not that kind of file", "不是這種檔案", "不是这种文件"}},
    {"domain.refers", {"refers to {0}", "轉到 {0}", "转到 {0}"}},
    {"domain.clear", {"no encryption", "不加密", "不加密（明文）"}},
    {"domain.any", {"any encryption", "未指定加密方式", "未指定加密"}},
    {"domain.login_whole",
     {"login: the whole address", "登入：完整的郵件地址", "登录：完整的邮件地址"}},
    {"domain.login_local",
     {"login: what stands before the @", "登入：@ 之前的部分", "登录：@ 之前的部分"}},
    {"domain.login_other", {"login: {0}", "登入：{0}", "登录：{0}"}},
    {"domain.agrees",
     {"What was measured agrees with it.", "與測量結果一致。", "与测量结果一致（相符）。"}},
    {"domain.not_offered",
     {"Correct {0}: it says {1}, but mail cannot be handed in there.",
      "請更正 {0}：它說 {1}，但那裡不能提交郵件。", "请更正 {0}：它说 {1}，但那里不能提交邮件。"}},
    {"domain.other_security",
     {"Correct {0}: it says {1}, but the server speaks {2} there.",
      "請更正 {0}：它說 {1}，但伺服器在那裡用的是 {2}。",
      "请更正 {0}：它说 {1}，但服务器在那里用的是 {2}。"}},
    {"domain.in_the_clear",
     {"Correct {0}: it says {1}, so programs would send passwords in the clear.",
      "請更正 {0}：它說 {1}，程式會把密碼不加密送出。",
      "请更正 {0}：它说 {1}，程序会把密码不加密送出。"}},
};

consteval text::Text domain_msg(std::string_view id) { return text::find(domain_catalogue, id); }
}  // namespace pb::advisor
