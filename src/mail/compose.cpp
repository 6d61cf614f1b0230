// compose.cpp: parts are built from the inside out: text, alternatives, attachments around them.
// Spec: RFC 2046 §5.1.3 (mixed), §5.1.4 (alternative); RFC 2047 §2; RFC 2231 §4.
// Tests: compose_test.cpp
#include "mail/compose.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "mail/transfer_encoding.hpp"

namespace pb::mail {
namespace {
constexpr std::size_t word_octets_max = 42;  // 56 characters of base64, and 12 around them
constexpr std::size_t plain_line_max = 78;   // RFC 5322 §2.1.1

bool is_plain(std::string_view text) {
  return std::ranges::all_of(text, [](char c) { return c >= 0x20 && c < 0x7F; });
}

std::string quoted(std::string_view text) {
  std::string out{'"'};
  for (char const c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  return out + '"';
}

std::string address_field(std::string_view field, std::vector<NamedAddress> const& addresses) {
  if (addresses.empty()) return {};
  std::string out = fmt::format("{}: ", field);
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    if (i > 0) out += ",\r\n ";
    auto const& [name, mailbox] = addresses[i];
    out += name.empty() ? mailbox.text()
                        : fmt::format("{} <{}>", display_phrase(name), mailbox.text());
  }
  return out + "\r\n";
}

/// RFC 2231 §4 where the name is not ASCII.
std::string name_parameter(std::string_view parameter, std::string_view name) {
  if (is_plain(name)) return fmt::format("{}={}", parameter, quoted(name));
  std::string out = fmt::format("{}*=UTF-8''", parameter);
  for (char const c : name) {
    bool const bare = ascii::is_alnum(c) || c == '.' || c == '-' || c == '_';
    out += bare ? std::string{c} : fmt::format("%{:02X}", static_cast<unsigned char>(c));
  }
  return out;
}

bool is_seven_bit(std::string_view text) {
  for (auto const line : ascii::split(text, '\n')) {
    if (line.size() > plain_line_max) return false;
  }
  return utf8::is_ascii(text) && !text.contains('\0');
}

std::string text_part(std::string_view kind, std::string_view content) {
  std::string const body = clean_line_ends(content);
  bool const plain = is_seven_bit(body);
  return fmt::format("Content-Type: text/{}; charset={}\r\nContent-Transfer-Encoding: {}\r\n\r\n{}",
                     kind, plain ? "us-ascii" : "utf-8", plain ? "7bit" : "quoted-printable",
                     plain ? body : quoted_printable_encode(body));
}

std::string attachment_part(Attachment const& attachment) {
  std::string_view const type =
      attachment.media_type.empty() ? media_type_of(attachment.name) : attachment.media_type;
  return fmt::format(
      "Content-Type: {}\r\nContent-Transfer-Encoding: base64\r\n"
      "Content-Disposition: attachment;\r\n {}\r\n\r\n{}",
      type, name_parameter("filename", attachment.name), base64_lines(attachment.bytes));
}

std::string multipart(std::string_view kind, std::string const& boundary,
                      std::vector<std::string> const& parts) {
  std::string out =
      fmt::format("Content-Type: multipart/{};\r\n boundary=\"{}\"\r\n\r\n", kind, boundary);
  for (auto const& part : parts) {
    out += fmt::format("--{}\r\n{}", boundary, part);
    if (!part.ends_with("\r\n")) out += "\r\n";
  }
  return out + fmt::format("--{}--\r\n", boundary);
}
}  // namespace

std::string display_phrase(std::string_view name) {
  if (!is_plain(name)) return encode_words(name);
  bool const atoms = std::ranges::all_of(name, [](char c) {
    return ascii::is_alnum(c) || std::string_view{" !#$%&'*+-/=?^_`{|}~"}.contains(c);
  });
  return atoms ? std::string{name} : quoted(name);
}

std::string encode_words(std::string_view text) {
  if (is_plain(text) && !text.contains("=?")) return std::string{text};
  std::string out, word;
  auto const flush = [&] {
    if (word.empty()) return;
    out += fmt::format("{}=?UTF-8?B?{}?=", out.empty() ? "" : "\r\n ", base64_encode(word));
    word.clear();
  };
  while (!text.empty()) {
    std::string_view rest = text;
    auto const c = utf8::take(rest);
    std::size_t const octets = c ? text.size() - rest.size() : 1;
    if (word.size() + octets > word_octets_max) flush();
    if (c)
      word += text.substr(0, octets);
    else
      word += "\xEF\xBF\xBD";  // U+FFFD: what is no UTF-8 cannot be told
    text.remove_prefix(octets);
  }
  flush();
  return out;
}

std::string clean_line_ends(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 32 + 2);
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '\r' && text[i] != '\n') {
      out += text[i];
      continue;
    }
    if (text[i] == '\r' && i + 1 < text.size() && text[i + 1] == '\n') ++i;
    out += "\r\n";
  }
  if (!out.empty() && !out.ends_with("\r\n")) out += "\r\n";
  return out;
}

std::string_view media_type_of(std::string_view file_name) {
  struct Row {
    std::string_view ending, type;
  };
  constexpr Row rows[] = {
      {".txt", "text/plain"},        {".csv", "text/csv"},        {".html", "text/html"},
      {".pdf", "application/pdf"},   {".png", "image/png"},       {".jpg", "image/jpeg"},
      {".jpeg", "image/jpeg"},       {".gif", "image/gif"},       {".webp", "image/webp"},
      {".svg", "image/svg+xml"},     {".zip", "application/zip"}, {".gz", "application/gzip"},
      {".json", "application/json"}, {".xml", "application/xml"}, {".ics", "text/calendar"},
  };
  for (auto const& row : rows) {
    if (ascii::to_lower(file_name).ends_with(row.ending)) return row.type;
  }
  return "application/octet-stream";
}

std::string compose(Draft const& draft) {
  std::string out = fmt::format("Date: {}\r\nMessage-ID: {}\r\n", draft.date, draft.message_id);
  out += address_field("From", draft.from);
  out += address_field("To", draft.to);
  out += address_field("Cc", draft.cc);
  if (!draft.subject.empty()) out += fmt::format("Subject: {}\r\n", encode_words(draft.subject));
  out += "MIME-Version: 1.0\r\n";
  std::string content = text_part("plain", draft.text);
  if (!draft.html.empty()) {
    std::string html = text_part("html", draft.html);
    if (draft.text.empty())
      content = std::move(html);
    else
      content = multipart("alternative", draft.boundary + "_a", {content, html});
  }
  if (draft.attachments.empty()) return out + content;
  std::vector<std::string> parts{std::move(content)};
  for (auto const& attachment : draft.attachments) parts.push_back(attachment_part(attachment));
  return out + multipart("mixed", draft.boundary + "_m", parts);
}
}  // namespace pb::mail
