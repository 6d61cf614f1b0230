// mime.cpp: boundaries found line by line, each byte looked at once a level.
// Spec: RFC 2045 §5.1 (grammar), RFC 2046 §5.1.1.                          Tests: mime_test.cpp
#include "mail/mime.hpp"

#include "base/ascii.hpp"
#include "mail/header_section.hpp"

namespace pb::mail {
namespace {
bool is_token_char(char c) {
  constexpr std::string_view specials = "()<>@,;:\\\"/[]?=";
  return ascii::is_vchar(c) && specials.find(c) == std::string_view::npos;
}

void skip_blanks_and_comments(std::string_view& text) {
  int depth = 0;
  while (!text.empty()) {
    char const c = text.front();
    if (c == '(') {
      ++depth;
    } else if (c == ')' && depth > 0) {
      --depth;
    } else if (c == '\\' && depth > 0 && text.size() > 1) {
      text.remove_prefix(1);
    } else if (depth == 0 && !ascii::is_wsp(c) && c != '\r' && c != '\n') {
      return;
    }
    text.remove_prefix(1);
  }
}

std::string take_token(std::string_view& text) {
  std::size_t end = 0;
  while (end < text.size() && is_token_char(text[end])) ++end;
  std::string token{text.substr(0, end)};
  text.remove_prefix(end);
  return token;
}

std::string take_value(std::string_view& text) {
  if (!text.starts_with('"')) {
    // Lenient: a value that should have been quoted goes to the next semicolon.
    auto const end = text.find(';');
    std::string value{ascii::trim(text.substr(0, end))};
    text.remove_prefix(end == std::string_view::npos ? text.size() : end);
    return value;
  }
  text.remove_prefix(1);
  std::string value;
  while (!text.empty() && text.front() != '"') {
    if (text.front() == '\\' && text.size() > 1) text.remove_prefix(1);
    value += text.front();
    text.remove_prefix(1);
  }
  if (!text.empty()) text.remove_prefix(1);
  return value;
}

struct Splitter {
  std::size_t parts = 0;

  MimePart parse(std::string_view entity, std::size_t depth) {
    MimePart part;
    ++parts;
    split_header(entity, part);
    read_fields(part);
    if (!part.type.is("multipart")) return part;
    auto const boundary = part.type.parameters.find("boundary");
    if (boundary == part.type.parameters.end() || boundary->second.empty()) return part;
    if (depth >= mime_depth_max) {
      part.truncated = true;
      return part;
    }
    split_body(part, boundary->second, depth);
    return part;
  }

  static void split_header(std::string_view entity, MimePart& part) {
    if (entity.starts_with("\r\n")) {
      part.body = entity.substr(2);
      return;
    }
    auto const end = entity.find("\r\n\r\n");
    part.header = end == std::string_view::npos ? entity : entity.substr(0, end + 2);
    if (end != std::string_view::npos) part.body = entity.substr(end + 4);
  }

  static void read_fields(MimePart& part) {
    part.encoding = "7bit";
    auto const section = HeaderSection::parse(std::string{part.header});
    if (!section) return;
    if (auto const type = section->find("Content-Type"))
      part.type = parse_content_type(unfold(type->value));
    if (auto const encoding = section->find("Content-Transfer-Encoding")) {
      std::string const value = unfold(encoding->value);
      std::string_view rest = value;
      skip_blanks_and_comments(rest);
      part.encoding = ascii::to_lower(take_token(rest));
    }
  }

  /// delimiter := CRLF "--" boundary; the CRLF belongs to it, not to the part before.
  void split_body(MimePart& part, std::string_view boundary, std::size_t depth) {
    std::string_view const body = part.body;
    std::size_t begin = std::string_view::npos;  // of the open part
    for (std::size_t line = 0; line < body.size();) {
      auto const end = body.find('\n', line);
      std::size_t const next = end == std::string_view::npos ? body.size() : end + 1;
      std::string_view text = body.substr(line, next - line);
      bool const delimiter = text.starts_with("--") && text.substr(2).starts_with(boundary);
      if (delimiter) {
        text.remove_prefix(2 + boundary.size());
        bool const last = text.starts_with("--");
        if (last) text.remove_prefix(2);
        if (ascii::trim(text).empty()) {
          if (begin != std::string_view::npos) {
            std::size_t part_end = line;
            if (part_end > begin && body[part_end - 1] == '\n') --part_end;
            if (part_end > begin && body[part_end - 1] == '\r') --part_end;
            add(part, body.substr(begin, part_end - begin), depth);
          }
          begin = next;
          if (last || part.truncated) return;
        }
      }
      line = next;
    }
    if (begin != std::string_view::npos && begin < body.size())
      add(part, body.substr(begin), depth);  // no close-delimiter: to the end
  }

  void add(MimePart& parent, std::string_view entity, std::size_t depth) {
    if (parts >= mime_parts_max) {
      parent.truncated = true;
      return;
    }
    parent.parts.push_back(parse(entity, depth + 1));
  }
};
}  // namespace

ContentType parse_content_type(std::string_view value) {
  ContentType out;
  std::string_view rest = value;
  skip_blanks_and_comments(rest);
  std::string const type = ascii::to_lower(take_token(rest));
  skip_blanks_and_comments(rest);
  if (type.empty() || !rest.starts_with('/')) return out;
  rest.remove_prefix(1);
  skip_blanks_and_comments(rest);
  std::string const subtype = ascii::to_lower(take_token(rest));
  if (subtype.empty()) return out;
  out.type = type;
  out.subtype = subtype;
  while (!rest.empty()) {
    skip_blanks_and_comments(rest);
    if (!rest.starts_with(';')) break;
    rest.remove_prefix(1);
    skip_blanks_and_comments(rest);
    std::string const name = ascii::to_lower(take_token(rest));
    skip_blanks_and_comments(rest);
    if (name.empty() || !rest.starts_with('=')) continue;
    rest.remove_prefix(1);
    skip_blanks_and_comments(rest);
    out.parameters.emplace(name, take_value(rest));
  }
  return out;
}

MimePart parse_mime(std::string_view message) { return Splitter{}.parse(message, 0); }
}  // namespace pb::mail
