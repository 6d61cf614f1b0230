// ports.cpp: the table of ports. Years and RFCs are facts; the words are ours.
// Spec: RFC 821, 2476, 2487, 3207, 4409, 6409, 8314, 8461; IANA registry (465: 2017-12-12).
// Tests: tables_test.cpp
#include "advisor/ports.hpp"

#include <algorithm>

namespace pb::advisor {
namespace {
constexpr PortEvent history_25[] = {
    {1982,
     "RFC 821",
     {"port of SMTP between hosts", "主機之間的 SMTP 連接埠", "主机之间的 SMTP 端口"}},
    {1998,
     "RFC 2476",
     {"programs get their own port, 587; 25 stays for servers",
      "寄信程式另有連接埠 587，25 留給伺服器之間使用",
      "发信程序另有端口 587，25 留给服务器之间使用"}},
    {2008, "RFC 5321", {"SMTP as it is today", "現行的 SMTP", "现行的 SMTP"}},
    {2018,
     "RFC 8461",
     {"MTA-STS lets a domain demand TLS from other servers on 25",
      "MTA-STS 讓網域要求其他伺服器在 25 使用 TLS", "MTA-STS 让域名要求其他服务器在 25 使用 TLS"}},
};
constexpr PortEvent history_465[] = {
    {1997, "IANA", {"registered as smtps", "登記為 smtps", "登记为 smtps"}},
    {1998,
     "IANA",
     {"withdrawn in favour of STARTTLS; later given to another service (urd)",
      "為了 STARTTLS 而撤回，之後給了別的服務（urd）",
      "为了 STARTTLS 而撤回，之后给了别的服务（urd）"}},
    {2017,
     "IANA, RFC 8314",
     {"registered again, as submissions: submission over TLS",
      "重新登記為 submissions：以 TLS 提交郵件", "重新登记为 submissions：以 TLS 提交邮件"}},
    {2018,
     "RFC 8314",
     {"recommended beside 587; equal in security where TLS is required on both",
      "和 587 一起推薦；只要兩者都必須用 TLS，安全性相同",
      "和 587 一起推荐；只要两者都必须用 TLS，安全性相同"}},
};
constexpr PortEvent history_587[] = {
    {1998,
     "RFC 2476",
     {"made for submission: mail from a program to its own server",
      "為提交（submission）而設：程式把郵件交給自己的伺服器",
      "为提交（submission）而设：程序把邮件交给自己的服务器"}},
    {1999, "RFC 2487", {"STARTTLS is added", "加入 STARTTLS", "加入了 STARTTLS"}},
    {2002,
     "RFC 3207",
     {"STARTTLS in its present form", "STARTTLS 的現行版本", "STARTTLS 的现行版本"}},
    {2006, "RFC 4409", {"login becomes the rule", "登入成為常規", "登录成为常规"}},
    {2011,
     "RFC 6409",
     {"an internet standard (STD 72)", "成為網際網路標準（STD 72）", "成为互联网标准（STD 72）"}},
};
constexpr PortEvent history_2525[] = {
    {0,
     "IANA",
     {"registered to another service (ms-v-worlds), never to mail",
      "登記給別的服務（ms-v-worlds），從未屬於郵件",
      "登记给别的服务（ms-v-worlds），从未属于邮件"}},
    {0,
     "-",
     {"sending services open it for networks that block 25, 465 and 587",
      "寄信服務為封鎖 25、465、587 的網路開放這個埠",
      "发信服务为封锁 25、465、587 的网络开放这个端口"}},
};
constexpr text::Text whoever_offers{"only where your provider says so", "只在業者明說有提供時使用",
                                    "只在服务商明说有提供时使用"};
constexpr PortInfo table[] = {
    {25,
     "smtp",
     Security::starttls,
     false,
     {"relay: from mail server to mail server", "中繼（轉送）：郵件伺服器之間傳信",
      "中继（转发）：邮件服务器之间传信"},
     {"mail servers only; a program, a website or a person never submits here",
      "只給郵件伺服器用；程式、網站和個人不在這裡提交",
      "只给邮件服务器用；程序、网站和个人不在这里提交"},
     history_25},
    {587,
     "submission",
     Security::starttls,
     true,
     {"submission with STARTTLS: the usual port for sending",
      "用 STARTTLS 提交：寄信最常用的連接埠", "用 STARTTLS 提交：发信最常用的端口"},
     {"programs, websites, devices and people, with login", "程式、網站、裝置和個人，需要登入",
      "程序、网站、设备和个人，需要登录"},
     history_587},
    {2525,
     "",
     Security::starttls,
     true,
     {"submission with STARTTLS where 587 is blocked", "587 被封鎖時，用 STARTTLS 提交的替代埠",
      "587 被封锁时，用 STARTTLS 提交的替代端口"},
     {"customers of sending services; mailbox providers (Gmail, Outlook, QQ) do not have it",
      "寄信服務的客戶；信箱業者（Gmail、Outlook、QQ）沒有這個埠",
      "发信服务的客户；邮箱服务商（Gmail、Outlook、QQ）没有这个端口"},
     history_2525},
    {465,
     "submissions",
     Security::implicit_tls,
     true,
     {"submission with SSL/TLS from the first byte", "從第一個位元組起就用 SSL/TLS 提交",
      "从第一个字节起就用 SSL/TLS 提交"},
     {"programs, websites, devices and people, with login", "程式、網站、裝置和個人，需要登入",
      "程序、网站、设备和个人，需要登录"},
     history_465},
    {26,
     "",
     Security::starttls,
     true,
     {"second door of 25 at shared web hosts", "共用主機商給 25 的替代埠",
      "共享主机商给 25 的替代端口"},
     whoever_offers,
     {}},
    {80,
     "",
     Security::starttls,
     true,
     {"SMTP on the web's port, at Mailjet", "Mailjet 在網頁的埠上提供 SMTP",
      "Mailjet 在网页的端口上提供 SMTP"},
     whoever_offers,
     {}},
    {443,
     "",
     Security::implicit_tls,
     true,
     {"SMTP over TLS on the web's port, at a few services", "少數服務在網頁的埠上以 TLS 提供 SMTP",
      "少数服务在网页的端口上以 TLS 提供 SMTP"},
     whoever_offers,
     {}},
    {588,
     "",
     Security::starttls,
     true,
     {"second 587, at Mailjet", "Mailjet 的第二個 587", "Mailjet 的备用 587"},
     whoever_offers,
     {}},
    {994,
     "",
     Security::implicit_tls,
     true,
     {"second 465, at 163 and its enterprise mail", "163 和網易企業信箱的第二個 465",
      "163 和网易企业邮箱的备用 465"},
     whoever_offers,
     {}},
    {2465,
     "",
     Security::implicit_tls,
     true,
     {"second 465, at Amazon SES and Resend", "Amazon SES 和 Resend 的第二個 465",
      "Amazon SES 和 Resend 的备用 465"},
     whoever_offers,
     {}},
    {2587,
     "",
     Security::starttls,
     true,
     {"second 587, at Amazon SES and Resend", "Amazon SES 和 Resend 的第二個 587",
      "Amazon SES 和 Resend 的备用 587"},
     whoever_offers,
     {}},
    {8025,
     "",
     Security::starttls,
     true,
     {"second 2525, at SMTP2GO", "SMTP2GO 的第二個 2525", "SMTP2GO 的备用 2525"},
     whoever_offers,
     {}},
    {8465,
     "",
     Security::implicit_tls,
     true,
     {"second 465, at SMTP2GO", "SMTP2GO 的第二個 465", "SMTP2GO 的备用 465"},
     whoever_offers,
     {}},
};
}  // namespace

std::string_view name(Security security) {
  switch (security) {
    case Security::none:
      return "none";
    case Security::starttls:
      return "starttls";
    case Security::implicit_tls:
      return "implicit-tls";
    case Security::cleartext:
      return "cleartext";
  }
  return "none";
}
std::string_view label(Security security) {
  switch (security) {
    case Security::none:
      return "-";
    case Security::starttls:
      return "STARTTLS";
    case Security::implicit_tls:
      return "SSL/TLS";
    case Security::cleartext:
      return "-";
  }
  return "-";
}

std::span<PortInfo const> ports() { return table; }
PortInfo const* find_port(std::uint16_t port) {
  auto const* row = std::ranges::find(table, port, &PortInfo::port);
  return row == std::end(table) ? nullptr : row;
}

std::optional<Preference> parse_preference(std::string_view name) {
  if (name == "587" || name == "founding") return Preference::founding;
  if (name == "465" || name == "rfc8314") return Preference::rfc8314;
  if (name == "provider") return Preference::provider;
  return std::nullopt;
}
std::string_view name(Preference preference) {
  switch (preference) {
    case Preference::founding:
      return "587";
    case Preference::rfc8314:
      return "465";
    case Preference::provider:
      return "provider";
  }
  return "587";
}
std::vector<std::uint16_t> order(Preference preference) {
  switch (preference) {
    case Preference::founding:
      return {587, 2525, 465};
    case Preference::rfc8314:
      return {465, 587, 2525};
    case Preference::provider:
      return {587, 2525, 465};  // until the provider says otherwise
  }
  return {};
}
}  // namespace pb::advisor
