// settings_cards.cpp: fields for people, by the words of the screen that they sit before.
// Spec: settings.hpp; each card names the version and month in which its words were looked up.
// Tests: settings_test.cpp
#include "advisor/settings_templates.hpp"

namespace pb::advisor {
namespace {
constexpr CardField outlook[] = {
    {"Outgoing mail / Server", "@HOST@", "@HOST@"},
    {"Port", "@PORT@", "@PORT@"},
    {"Encryption method", "STARTTLS", "SSL/TLS"},
    {"Require logon using Secure Password Authentication (SPA)", "-", "-"},
    {"User name", "@USER@", "@USER@"},
};
constexpr CardField apple_mail[] = {
    {"Host Name", "@HOST@", "@HOST@"},
    {"User Name", "@USER@", "@USER@"},
    {"Port", "@PORT@", "@PORT@"},
    {"Use TLS/SSL", "on", "on"},
    {"Authentication", "Password", "Password"},
};
constexpr CardField iphone[] = {
    {"Settings > Mail > Accounts > SMTP > Primary Server", "", ""},
    {"Host Name", "@HOST@", "@HOST@"},
    {"User Name", "@USER@", "@USER@"},
    {"Use SSL", "on", "on"},
    {"Authentication", "Password", "Password"},
    {"Server Port", "@PORT@", "@PORT@"},
};
constexpr CardField gmail[] = {
    {"SMTP Server", "@HOST@", "@HOST@"},
    {"Port", "@PORT@", "@PORT@"},
    {"Username", "@USER@", "@USER@"},
    {"Secured connection using", "TLS", "SSL"},
};
constexpr CardField foxmail[] = {
    {"SMTP", "@HOST@", "@HOST@"},
    {"SSL", "-", "on"},
    {"STARTTLS", "on", "-"},
    {"Port", "@PORT@", "@PORT@"},
};
constexpr CardField wp_mail_smtp[] = {
    {"SMTP Host", "@HOST@", "@HOST@"}, {"Encryption", "TLS", "SSL"},
    {"SMTP Port", "@PORT@", "@PORT@"}, {"Auto TLS", "on", "on"},
    {"Authentication", "on", "on"},    {"SMTP Username", "@USER@", "@USER@"},
};
constexpr CardField fluent_smtp[] = {
    {"SMTP Host", "@HOST@", "@HOST@"}, {"SMTP Port", "@PORT@", "@PORT@"},
    {"Encryption", "TLS", "SSL"},      {"Use Auto TLS", "Yes", "Yes"},
    {"Authentication", "Yes", "Yes"},  {"SMTP Username", "@USER@", "@USER@"},
};
constexpr CardField post_smtp[] = {
    {"Outgoing Mail Server Hostname", "@HOST@", "@HOST@"},
    {"Outgoing Mail Server Port", "@PORT@", "@PORT@"},
    {"Security", "STARTTLS", "SMTPS"},
    {"Authentication", "Login", "Login"},
    {"Username", "@USER@", "@USER@"},
};
constexpr CardField synology[] = {
    {"Control Panel > Notification > Email > Custom SMTP server", "", ""},
    {"SMTP server", "@HOST@", "@HOST@"},
    {"SMTP port", "@PORT@", "@PORT@"},
    {"Secure connection (SSL/TLS) is required", "on", "on"},
    {"Username", "@USER@", "@USER@"},
};
constexpr CardField printer[] = {
    {"SMTP Server", "@HOST@", "@HOST@"},
    {"SMTP Port", "@PORT@", "@PORT@"},
    {"Security / Encryption", "STARTTLS", "SSL/TLS"},
    {"SMTP Authentication", "on", "on"},
    {"User", "@USER@", "@USER@"},
};
constexpr text::Text port_first{
    "the port: it is not filled in by itself, and 25 is not for submission",
    "連接埠：不會自動填對，而且 25 不是給提交用的", "端口：不会自动填对，而且 25 不是给提交用的"};
constexpr text::Text tls_word{
    "the encryption: TLS on this screen means STARTTLS (587, 2525), SSL "
    "means SSL/TLS (465)",
    "加密：這個畫面的 TLS 指 STARTTLS（587、2525），SSL 指 SSL/TLS（465）",
    "加密：这个页面的 TLS 指 STARTTLS（587、2525），SSL 指 SSL/TLS（465）"};
constexpr Card table[] = {
    {"outlook",
     "Outlook 2021, 2026-11",
     outlook,
     {"\"Auto\" or \"None\" as encryption: choose the method by name",
      "加密選了「自動」或「無」：請明確選擇加密方式", "加密选了“自动”或“无”：请明确选择加密方式"}},
    {"apple-mail",
     "macOS 14, 2026-11",
     apple_mail,
     {"\"Automatically manage connection settings\": switch it off, or the port cannot be set",
      "「自動管理連線設定」：要關閉才能填連接埠", "“自动管理连接设置”：要关闭才能填端口"}},
    {"iphone",
     "iOS 17, 2026-11",
     iphone,
     {"the user name and password of the outgoing server: \"Optional\" is not optional here",
      "寄件伺服器的使用者名稱和密碼：寫著「選填」，其實一定要填",
      "发件服务器的用户名和密码：写着“可选”，其实一定要填"}},
    {"gmail-send-as", "gmail.com, 2026-11", gmail, tls_word},
    {"foxmail",
     "Foxmail 7.2, 2026-11",
     foxmail,
     {"the password: QQ and 163 want the authorization code", "密碼：QQ、163 要填授權碼",
      "密码：QQ、163 要填授权码（不是登录密码）"}},
    {"wp-mail-smtp", "WP Mail SMTP 4, 2026-11", wp_mail_smtp, tls_word},
    {"fluent-smtp", "FluentSMTP 2.2, 2026-11", fluent_smtp, tls_word},
    {"post-smtp", "Post SMTP 3, 2026-11", post_smtp, port_first},
    {"synology", "DSM 7.2, 2026-11", synology, port_first},
    {"printer",
     "common words, 2026-11",
     printer,
     {"TLS 1.2: older devices know only TLS 1.0; then update them or send through a server at home",
      "TLS 1.2：舊裝置只會 TLS 1.0，請更新，或透過區域網路內的伺服器寄信",
      "TLS 1.2：旧设备只会 TLS 1.0，请更新，或通过局域网内的服务器发信"}},
};
}  // namespace
std::span<Card const> cards() { return table; }
}  // namespace pb::advisor
