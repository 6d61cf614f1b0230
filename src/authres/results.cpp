// results.cpp: see results.hpp.                                         Spec: RFC 8601 §2.2, §5.
#include "authres/results.hpp"

#include <algorithm>

#include "base/ascii.hpp"
#include "base/utf8.hpp"
#include "mail/header_section.hpp"

namespace pb::authres {
namespace {
constexpr std::size_t methods_max = 256;
constexpr std::size_t properties_max = 64;
constexpr int comment_depth_max = 16;

bool is_blank(char c) { return ascii::is_wsp(c) || c == '\r' || c == '\n'; }
/// token of RFC 2045 §5.1.
bool is_token(char c) {
  return static_cast<unsigned char>(c) > 0x20 && c != 0x7F &&
         !std::string_view{"()<>@,;:\\\"/[]?="}.contains(c);
}
/// Keyword = let-dig [Ldh-str] (RFC 5321), and "_" as the world uses it.
bool is_keyword(char c) { return ascii::is_alnum(c) || c == '-' || c == '_'; }

class Reader {
 public:
  explicit Reader(std::string_view text) : rest_{text} {}

  [[nodiscard]] bool at_end() const { return rest_.empty(); }
  [[nodiscard]] char next() const { return rest_.empty() ? '\0' : rest_.front(); }
  [[nodiscard]] std::string_view rest() const { return rest_; }

  /// [CFWS]; false when a comment does not end.
  bool skip_cfws() {
    for (;;) {
      while (!rest_.empty() && is_blank(rest_.front())) rest_.remove_prefix(1);
      if (next() != '(') return true;
      if (!skip_comment()) return false;
    }
  }
  bool take(char c) {
    if (next() != c || rest_.empty()) return false;
    rest_.remove_prefix(1);
    return true;
  }
  template <class Is>
  std::string_view take_while(Is is) {
    auto const end = std::ranges::find_if_not(rest_, is);
    auto const length = static_cast<std::size_t>(end - rest_.begin());
    std::string_view const out = rest_.substr(0, length);
    rest_.remove_prefix(length);
    return out;
  }
  /// quoted-string (RFC 5322 §3.2.4), unquoted.
  std::optional<std::string> take_quoted() {
    if (!take('"')) return std::nullopt;
    std::string out;
    while (!rest_.empty()) {
      char c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '"') return out;
      if (c == '\\' && !rest_.empty()) {
        c = rest_.front();
        rest_.remove_prefix(1);
      }
      if (!ascii::is_control(c)) out.push_back(c);  // folds, and what write() drops too
    }
    return std::nullopt;
  }
  /// value = token / quoted-string; a pvalue also is [local-part] "@" domain-name.
  std::optional<std::string> take_value() {
    std::string out;
    if (next() == '"') {
      auto quoted = take_quoted();
      if (!quoted) return std::nullopt;
      out = std::move(*quoted);
    }
    auto const loose = [](char c) {
      return !is_blank(c) && !ascii::is_control(c) && c != ';' && c != '(' && c != '"';
    };
    out += take_while(loose);
    if (out.empty()) return std::nullopt;
    return out;
  }

 private:
  bool skip_comment() {
    int depth = 0;
    while (!rest_.empty()) {
      char const c = rest_.front();
      rest_.remove_prefix(1);
      if (c == '\\' && !rest_.empty()) rest_.remove_prefix(1);
      if (c == '(' && ++depth > comment_depth_max) return false;
      if (c == ')' && --depth == 0) return true;
    }
    return false;
  }
  std::string_view rest_;
};

/// value [ CFWS version ], in front of everything.
std::optional<std::string> take_authserv_id(Reader& reader) {
  if (!reader.skip_cfws()) return std::nullopt;
  if (reader.next() == '"') return reader.take_quoted();
  std::string id{reader.take_while([](char c) { return is_token(c) || c == '@'; })};
  if (id.empty()) return std::nullopt;
  return id;
}

/// reasonspec or propspec; false: malformed.
bool take_reason_or_property(Reader& reader, MethodResult& out) {
  std::string_view const first = reader.take_while(is_keyword);
  if (first.empty() || !reader.skip_cfws()) return false;
  if (reader.take('=')) {
    if (!ascii::iequals(first, "reason") || !reader.skip_cfws()) return false;
    auto reason = reader.take_value();
    if (!reason) return false;
    out.reason = std::move(*reason);
    return true;
  }
  if (!reader.take('.') || !reader.skip_cfws()) return false;
  std::string_view const name = reader.take_while(is_keyword);
  if (name.empty() || !reader.skip_cfws() || !reader.take('=') || !reader.skip_cfws()) return false;
  auto value = reader.take_value();
  if (!value || out.properties.size() == properties_max) return false;
  out.properties.push_back({ascii::to_lower(first), ascii::to_lower(name), std::move(*value)});
  return true;
}

/// methodspec [ CFWS reasonspec ] [ CFWS 1*propspec ]
std::optional<MethodResult> take_method(Reader& reader) {
  MethodResult out;
  out.method = ascii::to_lower(reader.take_while(is_keyword));
  if (out.method.empty() || !reader.skip_cfws()) return std::nullopt;
  if (reader.take('/')) {
    if (!reader.skip_cfws()) return std::nullopt;
    if (reader.take_while(ascii::is_digit).empty() || !reader.skip_cfws()) return std::nullopt;
  }
  if (!reader.take('=') || !reader.skip_cfws()) return std::nullopt;
  out.result = ascii::to_lower(reader.take_while(is_keyword));
  if (out.result.empty() || !reader.skip_cfws()) return std::nullopt;
  while (!reader.at_end() && reader.next() != ';') {
    if (!take_reason_or_property(reader, out) || !reader.skip_cfws()) return std::nullopt;
  }
  return out;
}

/// A quoted-string without control characters.
std::string in_quotes(std::string_view text) {
  std::string out = "\"";
  for (char c : text) {
    if (ascii::is_control(c)) continue;
    if (c == '"' || c == '\\') out.push_back('\\');
    out.push_back(c);
  }
  return out + '"';
}

/// Quoted unless it is one harmless word.
std::string safe_value(std::string_view text) {
  bool const word = std::ranges::all_of(
      text, [](char c) { return is_token(c) || c == '@' || c == '/' || c == ':'; });
  return word && !text.empty() && utf8::is_ascii(text) ? std::string{text} : in_quotes(text);
}

std::string safe_comment(std::string_view text) {
  std::string out;
  for (char c : text) {
    bool const drop = ascii::is_control(c) || c == '(' || c == ')' || c == '\\';
    if (!drop) out.push_back(c);
  }
  return out;
}

/// Words that must not be broken, folded where a line would pass 78 columns.
class Folder {
 public:
  explicit Folder(std::string begin) : out_{std::move(begin)} {}
  void line(std::string const& word) {
    out_ += "\r\n\t" + word;
    column_ = 8 + word.size();
  }
  void word(std::string const& word) {
    constexpr std::size_t columns_max = 78;
    if (column_ + 1 + word.size() > columns_max) {
      out_ += "\r\n\t ";
      column_ = 9;
    } else {
      out_ += ' ';
      ++column_;
    }
    out_ += word;
    column_ += word.size();
  }
  void end(char c) { out_ += c; }
  std::string take() { return std::move(out_); }

 private:
  std::string out_;
  std::size_t column_ = 0;
};
}  // namespace

std::optional<Results> parse(std::string_view value) {
  Reader reader{value};
  auto id = take_authserv_id(reader);
  if (!id || !reader.skip_cfws()) return std::nullopt;
  Results out;
  out.authserv_id = std::move(*id);
  reader.take_while(ascii::is_digit);  // authres-version
  if (!reader.skip_cfws()) return std::nullopt;
  while (reader.take(';')) {
    if (!reader.skip_cfws()) return std::nullopt;
    if (reader.at_end()) break;  // a trailing semicolon is common
    if (ascii::iequals(ascii::trim(reader.rest()), "none")) return out;
    auto method = take_method(reader);
    if (!method || out.methods.size() == methods_max) return std::nullopt;
    out.methods.push_back(std::move(*method));
  }
  if (!reader.at_end()) return std::nullopt;
  return out;
}

bool claims(std::string_view value, std::string_view authserv_id) {
  Reader reader{value};
  auto const id = take_authserv_id(reader);
  return id && ascii::iequals(*id, authserv_id);
}

std::string write(Results const& results) {
  Folder out{safe_value(results.authserv_id)};
  if (results.methods.empty()) {
    out.end(';');
    out.line("none");
    return out.take();
  }
  for (MethodResult const& method : results.methods) {
    out.end(';');
    out.line(method.method + "=" + method.result);
    if (!method.comment.empty()) out.word("(" + safe_comment(method.comment) + ")");
    if (!method.reason.empty()) out.word("reason=" + in_quotes(method.reason));
    for (Property const& property : method.properties) {
      out.word(property.type + "." + property.name + "=" + safe_value(property.value));
    }
  }
  return out.take();
}

std::string field(Results const& results) {
  return "Authentication-Results: " + write(results) + "\r\n";
}

std::vector<std::string> raw_methods(std::string_view value) {
  std::string const text = mail::unfold(value);
  std::vector<std::string> out;
  std::string part;
  int depth = 0;
  bool quoted = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    char const c = text[i];
    if (c == ';' && depth == 0 && !quoted) {
      out.emplace_back(ascii::trim(part));
      part.clear();
      continue;
    }
    part.push_back(c);
    if (c == '\\' && i + 1 < text.size()) part.push_back(text[++i]);
    if (c == '"' && depth == 0) quoted = !quoted;
    if (c == '(' && !quoted) ++depth;
    if (c == ')' && !quoted && depth > 0) --depth;
  }
  out.emplace_back(ascii::trim(part));
  out.erase(out.begin());  // the authserv-id
  std::erase_if(out, [](std::string const& raw) { return raw.empty(); });
  return out;
}
}  // namespace pb::authres
