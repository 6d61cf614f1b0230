// reading.cpp: a captured message as a person reads it: text and a list of attachments.
// Spec: RFC 2045 §5, §6; RFC 2046 §5.1 (multipart).              Tests: inbox_test.cpp
// Not here: HTML rendering, character sets but UTF-8 and ISO-8859-1.
#include "inbox/reading.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "inbox/summary.hpp"
#include "mail/header_section.hpp"

namespace pb::inbox {
namespace {
constexpr std::size_t parts_max = 200;
constexpr unsigned depth_max = 10;

struct FieldValue {
  std::string value;  // lower case, before the first ";"
  std::string raw;    // everything
};

/// parameter := attribute "=" value                                   (RFC 2045 §5.1)
std::string parameter(std::string_view field, std::string_view name) {
  for (std::size_t at = field.find(';'); at != std::string_view::npos;) {
    std::size_t const next = field.find(';', at + 1);
    std::string_view const part =
        ascii::trim(field.substr(at + 1, next == std::string_view::npos ? next : next - at - 1));
    std::size_t const equals = part.find('=');
    bool const found = equals != std::string_view::npos &&
                       ascii::iequals(ascii::trim(part.substr(0, equals)), name);
    if (found) {
      std::string_view value = ascii::trim(part.substr(equals + 1));
      if (value.size() >= 2 && value.front() == '"' && value.back() == '"')
        value = value.substr(1, value.size() - 2);
      return std::string{value};
    }
    at = next;
  }
  return {};
}

FieldValue field_of(mail::HeaderSection const& header, std::string_view name) {
  auto const field = header.find(name);
  if (!field) return {};
  std::string raw = mail::unfold(field->value);
  std::string value = ascii::to_lower(ascii::trim(std::string_view{raw}.substr(0, raw.find(';'))));
  return {std::move(value), std::move(raw)};
}

std::string without_blanks(std::string_view text) {
  std::string out;
  std::ranges::copy_if(text, std::back_inserter(out),
                       [](char c) { return !ascii::is_wsp(c) && c != '\r' && c != '\n'; });
  return out;
}

std::string decoded(std::string_view body, std::string_view encoding) {
  if (encoding == "quoted-printable")
    return decode_quoted_printable(body, QuotedPrintable::in_body);
  if (encoding == "base64") {
    auto bytes = base64_decode(without_blanks(body));
    if (bytes) return std::move(*bytes);
  }
  return std::string{body};
}

std::string with_lf(std::string text) {
  std::erase(text, '\r');
  return text;
}

class Walker {
 public:
  explicit Walker(Reading& out) : out_{out} {}

  void entity(std::string_view entity, unsigned depth) {
    if (out_.parts.size() >= parts_max || depth > depth_max) return;
    auto const header = mail::HeaderSection::parse(std::string{header_of(entity)});
    if (!header) return;
    FieldValue const type = field_of(*header, "Content-Type");
    std::string const boundary = parameter(type.raw, "boundary");
    if (type.value.starts_with("multipart/") && !boundary.empty())
      return multipart(body_of(entity), "--" + boundary, depth);
    leaf(*header, type, body_of(entity));
  }

 private:
  /// Parts lie between lines that begin with the delimiter; the last has "--" behind it.
  void multipart(std::string_view body, std::string const& delimiter, unsigned depth) {
    std::optional<std::size_t> part_begin;
    for (std::size_t at = 0; at < body.size();) {
      std::size_t const end = body.find('\n', at);
      std::size_t const next = end == std::string_view::npos ? body.size() : end + 1;
      std::string_view const line = body.substr(at, next - at);
      if (line.starts_with(delimiter)) {
        if (part_begin) entity(body.substr(*part_begin, at - *part_begin), depth + 1);
        part_begin = next;
        if (line.substr(delimiter.size()).starts_with("--")) return;
      }
      at = next;
    }
    if (part_begin) entity(body.substr(*part_begin), depth + 1);
  }

  void leaf(mail::HeaderSection const& header, FieldValue const& type, std::string_view body) {
    std::string const encoding = field_of(header, "Content-Transfer-Encoding").value;
    std::string bytes = decoded(body, encoding);
    FieldValue const disposition = field_of(header, "Content-Disposition");
    std::string name = parameter(disposition.raw, "filename");
    if (name.empty()) name = parameter(type.raw, "name");
    Part part{type.value.empty() ? "text/plain" : type.value, decode_words(name), bytes.size()};
    bool const attached = disposition.value == "attachment" || !name.empty();
    if (!attached && part.type.starts_with("text/")) {
      auto text = to_utf8(bytes, parameter(type.raw, "charset"));
      keep_text(part.type, with_lf(text ? std::move(*text) : std::move(bytes)));
    }
    out_.parts.push_back(std::move(part));
  }

  void keep_text(std::string const& type, std::string text) {
    if (type == "text/html" && out_.html.empty()) out_.html = text;
    bool const better = type == "text/plain" && !plain_found_;
    if (better || out_.text.empty()) out_.text = std::move(text);
    plain_found_ = plain_found_ || type == "text/plain";
  }

  Reading& out_;
  bool plain_found_ = false;
};
}  // namespace

std::string_view header_of(std::string_view message) {
  if (message.starts_with("\r\n")) return {};
  std::size_t const end = message.find("\r\n\r\n");
  return message.substr(0, std::min(end == std::string_view::npos ? message.size() : end + 2,
                                    limits::header_section_octets_max));
}

std::string_view body_of(std::string_view message) {
  if (message.starts_with("\r\n")) return message.substr(2);
  std::size_t const end = message.find("\r\n\r\n");
  return end == std::string_view::npos ? std::string_view{} : message.substr(end + 4);
}

std::string decode_quoted_printable(std::string_view text, QuotedPrintable where) {
  std::string out;
  while (!text.empty()) {
    char const c = text.front();
    if (c == '=' && (text.substr(1).starts_with("\r\n") || text.substr(1).starts_with("\n"))) {
      text.remove_prefix(text.find('\n') + 1);  // a soft line break
      continue;
    }
    auto const byte = c == '=' && text.size() >= 3 ? hex_decode(text.substr(1, 2)) : std::nullopt;
    if (byte) {
      out += *byte;
      text.remove_prefix(3);
      continue;
    }
    out += c == '_' && where == QuotedPrintable::in_header ? ' ' : c;
    text.remove_prefix(1);
  }
  return out;
}

std::optional<std::string> to_utf8(std::string_view bytes, std::string_view charset) {
  std::string const name = ascii::to_lower(charset);
  if (name.empty() || name == "utf-8" || name == "us-ascii") {
    if (!utf8::valid(bytes)) return std::nullopt;
    return std::string{bytes};
  }
  if (name != "iso-8859-1") return std::nullopt;
  std::string out;
  for (char const c : bytes) utf8::append(out, static_cast<unsigned char>(c));
  return out;
}

Reading read_message(std::string_view message) {
  Reading out;
  Walker{out}.entity(message, 0);
  return out;
}
}  // namespace pb::inbox
