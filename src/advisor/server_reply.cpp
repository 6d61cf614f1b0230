// server_reply.cpp: finds a reply in a text, and its row in the table of meanings.
// Spec: RFC 5321 §4.2, RFC 3463 §3, IANA's registry of enhanced status codes; RFC 7372 (x.7.20 ff).
// Tests: server_reply_test.cpp
#include "advisor/server_reply.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "advisor/explain.hpp"
#include "advisor/messages.hpp"
#include "base/ascii.hpp"
#include "text/layout.hpp"

namespace pb::advisor {
namespace {
using smtp::EnhancedStatus;
using text::Language;
using text::Text;
constexpr std::size_t width = 80;

struct Meaning {
  std::uint8_t subject;
  std::uint8_t detail_first, detail_last;
  Text title, advice;
};

constexpr Text check_address{
    "Look for a typing error in the address; old address books keep names that are gone.",
    "請檢查地址有沒有打錯；舊通訊錄常留著已不存在的地址。",
    "请检查地址有没有打错；旧通讯录常留着已不存在的地址。"};
constexpr Text fix_sender{
    "Let the program send from an address that exists, on a domain that exists.",
    "讓程式用真實存在的地址與網域寄信。", "让程序用真实存在的地址与域名发信。"};
constexpr Text prove_sender{
    "Publish SPF and sign with DKIM for the domain in From; see what is missing with packetboat "
    "domain "
    "check DOMAIN.",
    "為 From 的網域發布 SPF 並以 DKIM 簽章；用 packetboat domain check DOMAIN 看缺什麼。",
    "为 From 的域名发布 SPF 并用 DKIM 签名；用 packetboat domain check DOMAIN 看缺什么。"};
constexpr Text ask_operator{"Read the server's own words; only its operator can change the rule.",
                            "請看伺服器自己的說明；只有它的管理者能改變這條規則。",
                            "请看服务器自己的说明；只有它的管理者能改变这条规则。"};
constexpr Text later{"Wait and send again; the trouble is on the other side.",
                     "等一會兒再寄；問題在對方。", "等一会儿再发；问题在对方。"};
constexpr Text smaller{"Send a link in place of the attachment.", "改用連結代替附件。",
                       "改用链接代替附件。"};
constexpr Text ask_program{
    "The program and the server do not agree on the protocol: packetboat probe HOST --transcript "
    "shows what was said.",
    "程式與伺服器的對話不合協定：packetboat probe HOST --transcript 可看雙方說了什麼。",
    "程序与服务器的对话不合协议：packetboat probe HOST --transcript 可看双方说了什么。"};

/// The first row that holds decides; a subject's last row takes all its details.
constexpr std::array meanings{
    Meaning{
        1, 1, 1, {"There is no such mailbox.", "沒有這個信箱。", "没有这个邮箱。"}, check_address},
    Meaning{1, 6, 6, {"The mailbox has moved.", "信箱已遷走。", "邮箱已迁走。"}, check_address},
    Meaning{1,
            2,
            2,
            {"The recipient's domain takes no mail or does not exist.",
             "收件人的網域不收信，或根本不存在。", "收件人的域名不收信，或根本不存在。"},
            check_address},
    Meaning{1,
            10,
            10,
            {"The recipient's domain says that it takes no mail.", "收件人的網域聲明不收信。",
             "收件人的域名声明不收信。"},
            check_address},
    Meaning{1,
            7,
            8,
            {"The server does not take the sender's address.", "伺服器不接受寄件人的地址。",
             "服务器不接受发件人的地址。"},
            fix_sender},
    Meaning{1,
            0,
            255,
            {"Something is wrong with an address.", "地址有問題。", "地址有问题。"},
            check_address},
    Meaning{2, 2, 2, {"The mailbox is full.", "信箱已滿。", "邮箱已满。"}, later},
    Meaning{2,
            3,
            3,
            {"The message is larger than the mailbox takes.", "郵件超過信箱的大小上限。",
             "邮件超过邮箱的大小上限。"},
            smaller},
    Meaning{2,
            0,
            255,
            {"The mailbox takes no mail at present.", "信箱目前不收信。", "邮箱目前不收信。"},
            later},
    Meaning{3,
            4,
            4,
            {"The message is larger than the server takes.", "郵件超過伺服器的大小上限。",
             "邮件超过服务器的大小上限。"},
            smaller},
    Meaning{3,
            0,
            255,
            {"The server has trouble of its own (disk, load, configuration).",
             "伺服器自己有問題（磁碟、負載、設定）。", "服务器自己有问题（磁盘、负载、配置）。"},
            later},
    Meaning{4,
            6,
            6,
            {"The message goes round in a circle.", "郵件不斷繞圈。", "邮件不断绕圈。"},
            ask_operator},
    Meaning{4,
            0,
            255,
            {"The next mail server could not be reached or found.",
             "無法連上或找不到下一台郵件伺服器。", "无法连上或找不到下一台邮件服务器。"},
            later},
    Meaning{5,
            3,
            3,
            {"The message has too many recipients.", "收件人太多。", "收件人太多。"},
            {"Send it to fewer at a time.", "分批寄送。", "分批发送。"}},
    Meaning{5,
            0,
            255,
            {"The server did not take a command of the program.", "伺服器不接受程式的某個指令。",
             "服务器不接受程序的某个指令。"},
            ask_program},
    Meaning{6,
            0,
            255,
            {"The server cannot take the form or script of the message.",
             "伺服器無法接受郵件的格式或文字。", "服务器无法接受邮件的格式或文字。"},
            ask_operator},
    Meaning{7,
            20,
            27,
            {"The server cannot verify that the sender's domain sent this (SPF, DKIM, DMARC).",
             "伺服器無法證實這封信來自寄件人的網域（SPF、DKIM、DMARC）。",
             "服务器无法证实这封信来自发件人的域名（SPF、DKIM、DMARC）。"},
            prove_sender},
    Meaning{7,
            0,
            255,
            {"The server refuses by a rule of its own.", "伺服器依自己的規則拒收。",
             "服务器按自己的规则拒收。"},
            ask_operator},
};
constexpr Meaning unnamed{
    0,
    0,
    0,
    {"The server refuses the message and gives no status that says why.",
     "伺服器拒收，但沒有說明原因的狀態碼。", "服务器拒收，但没有说明原因的状态码。"},
    ask_operator};
constexpr Text for_now{
    "For now only (4xx): a mail server tries again by itself; a program must be told to.",
    "只是暫時（4xx）：郵件伺服器會自己再試；一般程式要再寄一次。",
    "只是暂时（4xx）：邮件服务器会自己再试；一般程序要再发一次。"};
constexpr Text for_good{
    "For good (5xx): the same message to the same address gets the same answer.",
    "不會改變（5xx）：同一封信寄到同一地址，答案相同。",
    "不会改变（5xx）：同一封信发到同一地址，答案相同。"};
constexpr Text heading{"Taken as a mail server's answer: {0}", "當作郵件伺服器的回覆來看：{0}",
                       "当作邮件服务器的回复来看：{0}"};

std::optional<unsigned> take_number(std::string_view& text, std::size_t digits_max) {
  std::size_t size = 0;
  unsigned value = 0;
  while (size < text.size() && ascii::is_digit(text[size]) && size <= digits_max) {
    value = value * 10 + static_cast<unsigned>(text[size++] - '0');
  }
  if (size == 0 || size > digits_max) return std::nullopt;
  text.remove_prefix(size);
  return value;
}

bool take(std::string_view& text, char c) {
  if (!text.starts_with(c)) return false;
  text.remove_prefix(1);
  return true;
}

/// "5.1.1", not followed by what would make it a version or an address.
EnhancedStatus take_status(std::string_view text) {
  auto const klass = take_number(text, 1);
  if (!klass || (*klass != 4 && *klass != 5) || !take(text, '.')) return {};
  auto const subject = take_number(text, 3);
  if (!subject || *subject > 7 || !take(text, '.')) return {};
  auto const detail = take_number(text, 3);
  bool const goes_on =
      !text.empty() &&
      (ascii::is_alnum(text[0]) || (text[0] == '.' && text.size() > 1 && ascii::is_digit(text[1])));
  if (!detail || *detail > 255 || goes_on) return {};
  return {static_cast<std::uint8_t>(*klass), static_cast<std::uint8_t>(*subject),
          static_cast<std::uint8_t>(*detail)};
}

/// Codes that RFC 5321, 4954 and 7504 name and HTTP does not use for a page that is missing.
bool is_mail_code(unsigned code) {
  constexpr std::array<unsigned, 13> codes{421, 450, 452, 455, 521, 535, 550,
                                           551, 552, 553, 554, 555, 556};
  return std::ranges::find(codes, code) != codes.end();
}

std::optional<ServerReply> reply_at(std::string_view text) {
  std::string_view rest = text;
  auto const code = take_number(rest, 3);
  if (!code || text.size() - rest.size() != 3 || *code < 400 || *code > 599) return std::nullopt;
  if (!take(rest, ' ') && !take(rest, '-') && !take(rest, '#')) return std::nullopt;
  take(rest, '#');
  EnhancedStatus const status = take_status(rest);
  bool const agrees = status.klass == *code / 100;
  if (!agrees && !is_mail_code(*code)) return std::nullopt;
  return ServerReply{.code = static_cast<std::uint16_t>(*code),
                     .status = agrees ? status : EnhancedStatus{}};
}

std::optional<ServerReply> status_at(std::string_view text) {
  for (std::string_view const before : {"Status: ", "dsn=", "status code: "}) {
    if (!text.starts_with(before)) continue;
    EnhancedStatus const status = take_status(text.substr(before.size()));
    if (status.klass != 0) return ServerReply{.status = status};
  }
  return std::nullopt;
}

std::optional<ServerReply> reply_in_line(std::string_view line) {
  for (std::size_t i = 0; i < line.size(); ++i) {
    char const before = i == 0 ? ' ' : line[i - 1];
    if (ascii::is_alnum(before) || before == '.') continue;
    if (auto found = reply_at(line.substr(i))) return found;
    if (auto found = status_at(line.substr(i))) return found;
  }
  return std::nullopt;
}
}  // namespace

std::optional<ServerReply> find_server_reply(std::string_view text) {
  text = text.substr(0, explain_octets_max);
  auto const lines = ascii::split(text, '\n');
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (ascii::to_lower(lines[i]).contains("http/")) continue;  // a web server's codes
    if (auto found = reply_in_line(lines[i])) {
      found->line = i + 1;
      return found;
    }
  }
  return std::nullopt;
}

std::string server_reply_screen(Language language, ServerReply const& reply) {
  auto const& status = reply.status;
  auto const* row = std::ranges::find_if(meanings, [&](Meaning const& meaning) {
    return meaning.subject == status.subject && meaning.detail_first <= status.detail &&
           status.detail <= meaning.detail_last;
  });
  Meaning const& meaning = row == meanings.end() ? unnamed : *row;
  std::string said = reply.code == 0 ? "" : std::to_string(reply.code);
  if (status.klass != 0) {
    said += fmt::format("{}{}.{}.{}", said.empty() ? "" : " ", status.klass, status.subject,
                        status.detail);
  }
  return text::say(language, heading, said) + "\n\n" +
         text::paragraph("", meaning.title.in(language), width) + "\n" +
         text::paragraph("  ", (reply.temporary() ? for_now : for_good).in(language), width) +
         text::paragraph("  ", meaning.advice.in(language), width);
}
}  // namespace pb::advisor
