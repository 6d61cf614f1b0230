// tokens.cpp: see tokens.hpp.                                 Spec: RFC 5322 §3.2.2; RFC 8601 §2.2.
// Not here: addresses (header_address.cpp).
#include "mail/tokens.hpp"

#include "base/ascii.hpp"

namespace pb::mail {
namespace {
bool is_blank(char c) { return ascii::is_wsp(c) || c == '\r' || c == '\n'; }

/// comment = "(" *([FWS] ccontent) [FWS] ")"; `text` begins with the "(".
bool skip_comment(std::string_view& text) {
  int depth = 0;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '\\') {
      ++i;
    } else if (text[i] == '(') {
      if (++depth > comment_depth_max) break;
    } else if (text[i] == ')' && --depth == 0) {
      text.remove_prefix(i + 1);
      return true;
    }
  }
  text = {};
  return false;
}
}  // namespace

bool skip_cfws(std::string_view& text) {
  while (!text.empty()) {
    if (is_blank(text.front())) {
      text.remove_prefix(1);
    } else if (text.front() != '(') {
      return true;
    } else if (!skip_comment(text)) {
      return false;
    }
  }
  return true;
}

std::string without_comments(std::string_view text) {
  std::string out;
  bool quoted = false;
  while (!text.empty()) {
    char const c = text.front();
    if (c == '(' && !quoted) {
      skip_comment(text);
      out += ' ';
      continue;
    }
    if (c == '"') quoted = !quoted;
    out += c;
    text.remove_prefix(1);
    if (c == '\\' && quoted && !text.empty()) {
      out += text.front();
      text.remove_prefix(1);
    }
  }
  return out;
}

std::string authserv_id(std::string_view value) {
  if (!skip_cfws(value) || value.empty()) return {};
  std::string id;
  if (value.front() == '"') {
    for (std::size_t i = 1; i < value.size() && value[i] != '"'; ++i) {
      if (value[i] == '\\' && i + 1 < value.size()) ++i;
      id += value[i];
    }
  } else {
    for (char const c : value) {
      if (is_blank(c) || c == ';' || c == '(' || c == '/') break;
      id += c;
    }
  }
  return ascii::to_lower(id);
}
}  // namespace pb::mail
