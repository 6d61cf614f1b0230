// providers.cpp: how a row of the table of providers is found, and the words for its login.
// Spec: providers.hpp.
// Tests: tables_test.cpp
#include "advisor/providers.hpp"

#include <algorithm>
#include <set>
#include <vector>

#include "base/ascii.hpp"

namespace pb::advisor {
namespace {
bool in_list(std::string_view list, std::string_view word) {
  for (auto entry : ascii::split(list, ' ')) {
    if (entry.empty()) continue;
    bool const suffix = entry.front() == '.' && word.size() > entry.size() &&
                        ascii::iequals(word.substr(word.size() - entry.size()), entry);
    if (suffix || ascii::iequals(entry, word)) return true;
  }
  return false;
}

/// Edit distance, given up beyond `most`; both words are host names (255 octets at most).
std::size_t distance(std::string_view a, std::string_view b, std::size_t most) {
  if (a.size() > b.size() + most || b.size() > a.size() + most) return most + 1;
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      std::size_t const kept =
          diagonal + (ascii::lower(a[i - 1]) == ascii::lower(b[j - 1]) ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, kept});
    }
  }
  return row[b.size()];
}
}  // namespace

Provider const* find_provider(std::string_view id_or_name) {
  for (auto const& row : providers()) {
    if (ascii::iequals(row.id, id_or_name) || ascii::iequals(row.name, id_or_name)) return &row;
  }
  return nullptr;
}
Provider const* provider_of_host(std::string_view host) {
  if (host.ends_with('.')) host.remove_suffix(1);
  for (auto const& row : providers()) {
    if (ascii::iequals(row.host, host) || in_list(row.hosts, host)) return &row;
  }
  return nullptr;
}
Provider const* provider_of_domain(std::string_view domain) {
  for (auto const& row : providers()) {
    if (in_list(row.domains, domain)) return &row;
  }
  return nullptr;
}
std::vector<std::uint16_t> ports_to_probe() {
  std::set<std::uint16_t> out;
  for (auto const& row : ports()) out.insert(row.port);
  for (auto const& row : providers()) {
    for (Offer const& offer : row.offers) out.insert(offer.port);
  }
  out.erase(0);
  return {out.begin(), out.end()};
}
std::vector<std::string> control_hosts(Provider const* target) {
  std::vector<std::string> out;
  for (std::string_view id : {"gmail", "mailgun", "fastmail"}) {
    auto const* provider = find_provider(id);
    if (provider != target && out.size() < 2) out.emplace_back(provider->host);
  }
  return out;
}

std::string_view near_host(std::string_view host) {
  if (host.size() > 255 || provider_of_host(host) != nullptr) return {};
  for (std::size_t most : {1, 2}) {
    for (auto const& row : providers()) {
      if (distance(host, row.host, most) <= most) return row.host;
    }
  }
  return {};
}

text::Text login_text(LoginRule rule) {
  using enum LoginRule;
  switch (rule) {
    case full_address:
      return {"user name: the whole e-mail address; password: that of the mailbox",
              "使用者名稱：完整的信箱地址；密碼：信箱的密碼",
              "用户名：完整的邮箱地址；密码：邮箱的密码"};
    case local_part:
      return {"user name: the part before the @; password: that of the mailbox",
              "使用者名稱：@ 前面的部分；密碼：信箱的密碼",
              "用户名：@ 前面的部分；密码：邮箱的密码"};
    case app_password:
      return {"user name: the whole e-mail address; password: an app password, without spaces",
              "使用者名稱：完整的信箱地址；密碼：應用程式密碼，不含空白",
              "用户名：完整的邮箱地址；密码：应用专用密码，不含空格"};
    case oauth2:
      return {"user name: the whole e-mail address; login by OAuth2 (Microsoft ends passwords)",
              "使用者名稱：完整的信箱地址；用 OAuth2 登入（Microsoft 將停用密碼）",
              "用户名：完整的邮箱地址；用 OAuth2 登录（Microsoft 将停用密码）"};
    case authorization_code:
      return {
          "user name: the whole e-mail address; password: the authorization code (授權碼 / "
          "授权码) made in the web mail's settings",
          "使用者名稱：完整的信箱地址；密碼：網頁信箱設定裡產生的授權碼",
          "用户名：完整的邮箱地址；密码：网页邮箱设置里生成的授权码"};
    case bridge_password:
      return {"user name and password: those that Proton Bridge shows",
              "使用者名稱和密碼：Proton Bridge 顯示的那組",
              "用户名和密码：Proton Bridge 显示的那组"};
    case user_apikey:
      return {"user name: apikey (this word); password: an API key",
              "使用者名稱：apikey（就是這個字）；"
              "密碼：API 金鑰",
              "用户名：apikey（就是这个词）；密码：API 密钥"};
    case user_resend:
      return {"user name: resend (this word); password: an API key",
              "使用者名稱：resend（就是這個字）；"
              "密碼：API 金鑰",
              "用户名：resend（就是这个词）；密码：API 密钥"};
    case user_smtp_injection:
      return {"user name: SMTP_Injection (this word); password: an API key",
              "使用者名稱：SMTP_Injection（就是這個字）；密碼：API 金鑰",
              "用户名：SMTP_Injection（就是这个词）；密码：API 密钥"};
    case user_api:
      return {"user name: api (this word); password: an API token",
              "使用者名稱：api（就是這個字）；"
              "密碼：API 權杖",
              "用户名：api（就是这个词）；密码：API 令牌"};
    case token_twice:
      return {"user name and password: both the server token",
              "使用者名稱和密碼：兩欄都填伺服器權杖", "用户名和密码：两栏都填服务器令牌"};
    case smtp_credentials:
      return {"user name and password: the SMTP credentials made for this, not the account's keys",
              "使用者名稱和密碼：專為 SMTP 產生的憑據，不是帳號的金鑰",
              "用户名和密码：专为 SMTP 生成的凭据，不是账号的密钥"};
    case smtp_key:
      return {"user name: the account's login; password: the SMTP key (not the API key)",
              "使用者名稱：帳號的登入名稱；密碼：SMTP 金鑰（不是 API 金鑰）",
              "用户名：账号的登录名；密码：SMTP 密钥（不是 API 密钥）"};
    case key_and_secret:
      return {"user name: the API key; password: the secret key",
              "使用者名稱：API 金鑰；密碼：密鑰", "用户名：API 密钥；密码：私钥（secret key）"};
    case domain_user:
      return {"user name and password: of an SMTP user made in the control panel",
              "使用者名稱和密碼：在控制台建立的 SMTP 使用者",
              "用户名和密码：在控制台创建的 SMTP 用户"};
  }
  return {"user name and password of the mailbox", "信箱的使用者名稱和密碼", "邮箱的用户名和密码"};
}
}  // namespace pb::advisor
