// lint_words.cpp: what each mistake is called, and what to write instead, in the three languages.
// Spec: docs/terms.md (words).                                                Tests: lint_test.cpp
#include "advisor/lint.hpp"

namespace pb::advisor {
namespace {
struct Row {
  std::string_view name;
  text::Text text;
};
constexpr Row rows[] = {
    {"implicit-tls-on-starttls-port",
     {"This port wants STARTTLS: choose STARTTLS (often called TLS), or port 465 with SSL/TLS.",
      "這個連接埠要用 STARTTLS：請選 STARTTLS（常寫作 TLS），或改用 465 配 SSL/TLS。",
      "这个端口要用 STARTTLS：请选 STARTTLS（常写作 TLS），或改用 465 配 SSL/TLS。"}},
    {"starttls-on-tls-port",
     {"Port 465 wants SSL/TLS from the first byte: choose SSL/TLS, or port 587 with STARTTLS.",
      "連接埠 465 從第一個位元組就要 SSL/TLS：請選 SSL/TLS，或改用 587 配 STARTTLS。",
      "端口 465 从第一个字节起就要 SSL/TLS：请选 SSL/TLS，或改用 587 配 STARTTLS。"}},
    {"no-encryption",
     {"No encryption: the password goes over the network as it is. Require STARTTLS, or SSL/TLS.",
      "沒有加密：密碼會原樣在網路上傳送。請要求 STARTTLS 或 SSL/TLS。",
      "没有加密：密码会原样在网络上传送。请要求 STARTTLS 或 SSL/TLS。"}},
    {"optional-encryption",
     {"Encryption only if available: whoever sits in between can take it off. Require it.",
      "只在可用時才加密：中間的人可以把它拿掉。請設為必要。",
      "只在可用时才加密：中间的人可以把它拿掉。请设为必需。"}},
    {"checks-off",
     {"Certificate checks are off: anybody can pose as the server and take the password. Switch "
      "them on.",
      "憑證檢查已關閉：任何人都能冒充伺服器並取得密碼。請打開檢查。",
      "证书检查已关闭：任何人都能冒充服务器并取得密码。请打开检查。"}},
    {"server-port",
     {"Port 25 is between servers: a program submits on 587, 465 or 2525.",
      "連接埠 25 是伺服器之間用的：程式請用 587、465 或 2525 提交。",
      "端口 25 是服务器之间用的：程序请用 587、465 或 2525 提交。"}},
    {"both-kinds",
     {"Both kinds of encryption are on: keep one, STARTTLS for 587 or SSL/TLS for 465.",
      "兩種加密同時打開：只留一種，587 用 STARTTLS，465 用 SSL/TLS。",
      "两种加密同时打开：只留一种，587 用 STARTTLS，465 用 SSL/TLS。"}},
    {"bad-port",
     {"This is no port number: 587, 465 or 2525.", "這不是連接埠號碼：請用 587、465 或 2525。",
      "这不是端口号：请用 587、465 或 2525。"}},
    {"host-has-more",
     {"Only the host name stands here: no scheme, no path, and the port in its own setting.",
      "這裡只寫主機名稱：不要協定和路徑，連接埠有自己的設定。",
      "这里只写主机名：不要协议和路径，端口有自己的设置。"}},
    {"old-key",
     {"Laravel 11 and later read MAIL_SCHEME (smtp or smtps): remove MAIL_ENCRYPTION.",
      "Laravel 11 起讀取 MAIL_SCHEME（smtp 或 smtps）：請移除 MAIL_ENCRYPTION。",
      "Laravel 11 起读取 MAIL_SCHEME（smtp 或 smtps）：请移除 MAIL_ENCRYPTION。"}},
};
static_assert(std::size(rows) == static_cast<std::size_t>(Mistake::old_key) + 1);
}  // namespace

std::string_view name(Mistake mistake) { return rows[static_cast<std::size_t>(mistake)].name; }
text::Text text_of(Mistake mistake) { return rows[static_cast<std::size_t>(mistake)].text; }
}  // namespace pb::advisor
