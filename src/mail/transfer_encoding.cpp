// transfer_encoding.cpp: encoders, and the walk that makes a message seven-bit.
// Spec: RFC 2045 §6.7, §6.8.                               Tests: transfer_encoding_test.cpp
#include "mail/transfer_encoding.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "mail/header_section.hpp"
#include "mail/mime.hpp"

namespace pb::mail {
namespace {
constexpr std::size_t line_characters_max = 76;
constexpr std::string_view hex_digits = "0123456789ABCDEF";

int hex_value(char c) {
  if (ascii::is_digit(c)) return c - '0';
  char const upper = ascii::upper(c);
  return upper >= 'A' && upper <= 'F' ? upper - 'A' + 10 : -1;
}

/// One line without its end, in lines of at most 76 characters with soft breaks.
void encode_line(std::string_view line, std::string& out) {
  std::size_t column = 0;
  for (std::size_t i = 0; i < line.size(); ++i) {
    char const c = line[i];
    bool const last = i + 1 == line.size();
    bool plain = c != '=' && (ascii::is_vchar(c) || (ascii::is_wsp(c) && !last));
    // "From " and "." at the start of a line do not survive every program on the way.
    if (column == 0 && (c == '.' || line.substr(i).starts_with("From "))) plain = false;
    std::size_t const width = plain ? 1 : 3;
    if (column + width > line_characters_max - (last ? 0 : 1)) {
      out += "=\r\n";
      column = 0;
    }
    if (plain) {
      out += c;
    } else {
      auto const octet = static_cast<unsigned char>(c);
      out += '=';
      out += hex_digits[octet >> 4];
      out += hex_digits[octet & 15];
    }
    column += width;
  }
}

/// Text with few 8-bit octets stays readable; what is mostly 8-bit is shorter in base64.
bool prefers_base64(std::string_view body) {
  auto const eight = std::ranges::count_if(body, [](char c) { return (c & 0x80) != 0; });
  return static_cast<std::size_t>(eight) * 4 > body.size();
}

struct Converter {
  std::string out;
  bool possible = true;

  void header(std::string_view section, std::string_view encoding) {
    if (!utf8::is_ascii(section)) possible = false;
    auto parsed = HeaderSection::parse(std::string{section});
    if (!parsed) {
      possible = false;
      return;
    }
    if (!encoding.empty()) {
      parsed->remove_if([](Field const& field) {
        return ascii::iequals(field.name, "Content-Transfer-Encoding");
      });
      parsed->append("Content-Transfer-Encoding: " + std::string{encoding} + "\r\n");
    }
    out += parsed->bytes();
    out += "\r\n";
  }

  void entity(std::string_view raw, MimePart const& part) {
    if (!possible) return;
    if (utf8::is_ascii(raw) && part.encoding != "8bit" && part.encoding != "binary") {
      out += raw;
      return;
    }
    if (part.truncated) possible = false;
    if (part.type.is("multipart")) return multipart(part);
    // RFC 2046 §5.2.1: only 7bit, 8bit and binary are allowed there; and what is inside is someone
    // else's message, which is never changed.
    if (part.type.is("message")) {
      if (!utf8::is_ascii(part.body)) possible = false;
      header(part.header, "7bit");
      out += part.body;
      return;
    }
    if (utf8::is_ascii(part.body)) {
      header(part.header, "7bit");
      out += part.body;
    } else if (prefers_base64(part.body)) {
      header(part.header, "base64");
      out += base64_lines(part.body);
    } else {
      header(part.header, "quoted-printable");
      out += quoted_printable_encode(part.body);
    }
  }

  void multipart(MimePart const& part) {
    if (part.parts.empty()) {
      possible = false;
      return;
    }
    header(part.header, "7bit");
    char const* at = part.body.data();
    for (MimePart const& child : part.parts) {
      bool const has_header = !child.header.empty();
      if (!has_header && child.body.data() == nullptr) continue;  // delimiter upon delimiter
      char const* begin = has_header ? child.header.data() : child.body.data() - 2;
      char const* end = child.body.data() != nullptr ? child.body.data() + child.body.size()
                                                     : child.header.data() + child.header.size();
      between({at, static_cast<std::size_t>(begin - at)});
      entity({begin, static_cast<std::size_t>(end - begin)}, child);
      at = end;
    }
    char const* const end = part.body.data() + part.body.size();
    between({at, static_cast<std::size_t>(end - at)});
  }

  /// Preamble, delimiters and epilogue: nobody reads them, and they must be seven-bit, too.
  void between(std::string_view text) {
    for (char const c : text) out += (c & 0x80) != 0 ? '?' : c;
  }
};
}  // namespace

std::string quoted_printable_encode(std::string_view text) {
  std::string out;
  out.reserve(text.size() + text.size() / 4);
  while (!text.empty()) {
    auto const end = text.find("\r\n");
    encode_line(text.substr(0, end), out);
    if (end == std::string_view::npos) return out;
    out += "\r\n";
    text.remove_prefix(end + 2);
  }
  return out;
}

std::string quoted_printable_decode(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '=') {
      out += text[i];
      continue;
    }
    std::string_view const rest = text.substr(i + 1);
    if (rest.size() >= 2 && hex_value(rest[0]) >= 0 && hex_value(rest[1]) >= 0) {
      out += static_cast<char>(hex_value(rest[0]) << 4 | hex_value(rest[1]));
      i += 2;
      continue;
    }
    std::size_t blanks = 0;
    while (blanks < rest.size() && ascii::is_wsp(rest[blanks])) ++blanks;
    if (rest.substr(blanks).starts_with("\r\n")) {
      i += blanks + 2;
    } else if (rest.substr(blanks).starts_with('\n')) {
      i += blanks + 1;
    } else {
      out += '=';
    }
  }
  return out;
}

std::string base64_lines(std::string_view bytes) {
  constexpr std::size_t octets_a_line = line_characters_max / 4 * 3;
  std::string out;
  for (; !bytes.empty(); bytes.remove_prefix(std::min(bytes.size(), octets_a_line)))
    out += base64_encode(bytes.substr(0, octets_a_line)) + "\r\n";
  return out;
}

std::optional<std::string> to_seven_bit(std::string_view message) {
  Converter converter;
  converter.out.reserve(message.size() + message.size() / 2);
  MimePart const root = parse_mime(message);
  // Without MIME-Version a receiver would not decode what we encode (RFC 2045 §4).
  auto const section = HeaderSection::parse(std::string{root.header});
  if (!section || section->count("MIME-Version") == 0) return std::nullopt;
  converter.entity(message, root);
  if (!converter.possible || !utf8::is_ascii(converter.out)) return std::nullopt;
  return std::move(converter.out);
}
}  // namespace pb::mail
