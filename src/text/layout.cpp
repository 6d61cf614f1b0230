// layout.cpp: see layout.hpp. Linear in the text.
// Spec: Unicode UAX #14 in the small: no break before closing punctuation, none after opening.
// Tests: text_test.cpp
#include "text/layout.hpp"

#include <algorithm>

#include "base/utf8.hpp"

namespace pb::text {
namespace {
constexpr std::u32string_view never_first = U"，。；：！？、）」』》〉”’…%";
constexpr std::u32string_view never_last = U"（「『《〈“‘";

struct Piece {
  std::string_view text;  // never broken
  bool space_before = false;
};

/// Words, and single wide characters with the punctuation that clings to them.
std::vector<Piece> pieces(std::string_view text) {
  std::vector<Piece> out;
  bool space = false;
  bool join = false;  // the next character belongs to the piece before
  bool after_wide = true;
  while (!text.empty()) {
    std::string_view rest = text;
    char32_t const c = utf8::take(rest).value_or(U'?');
    if (rest.size() == text.size()) rest.remove_prefix(1);
    std::string_view const bytes = text.substr(0, text.size() - rest.size());
    text = rest;
    if (c == U' ' || c == U'\n' || c == U'\t') {
      space = true;
      join = false;
      continue;
    }
    bool const wide = utf8::columns(bytes) == 2;
    bool const clings = never_first.contains(c);
    bool const glued = !space && !out.empty() && (join || clings || (!wide && !after_wide));
    if (glued) {
      auto& last = out.back().text;
      last = {last.data(), last.size() + bytes.size()};
    } else {
      out.push_back({bytes, space});
    }
    space = false;
    after_wide = wide;
    join = never_last.contains(c);
  }
  return out;
}
}  // namespace

void Table::row(std::vector<std::string> cells) { rows_.push_back(std::move(cells)); }

std::string Table::render(std::size_t width) const {
  std::vector<std::size_t> widths;
  for (auto const& row : rows_) {
    widths.resize(std::max(widths.size(), row.size()));
    for (std::size_t i = 0; i + 1 < row.size(); ++i) {
      widths[i] = std::max(widths[i], utf8::columns(row[i]));
    }
  }
  std::string out;
  for (auto const& row : rows_) {
    std::string line(indent_, ' ');
    for (std::size_t i = 0; i + 1 < row.size(); ++i) line += utf8::pad(row[i], widths[i] + 2);
    std::size_t const start = utf8::columns(line);
    bool const wraps = !row.empty() && width > start + 16;
    auto const last = row.empty() ? std::vector<std::string>{""}
                      : wraps     ? wrap(row.back(), width - start)
                                  : std::vector<std::string>{row.back()};
    for (std::size_t i = 0; i < last.size(); ++i) {
      std::string full = (i == 0 ? line : std::string(start, ' ')) + last[i];
      full.erase(full.find_last_not_of(' ') + 1);
      out += full + '\n';
    }
  }
  return out;
}

std::vector<std::string> wrap(std::string_view text, std::size_t width) {
  std::vector<std::string> lines{""};
  std::size_t used = 0;
  for (auto const& piece : pieces(text)) {
    std::size_t const space = piece.space_before && used > 0 ? 1 : 0;
    std::size_t const columns = utf8::columns(piece.text);
    if (used > 0 && used + space + columns > width) {
      lines.emplace_back();
      used = 0;
    } else if (space == 1) {
      lines.back() += ' ';
      ++used;
    }
    lines.back() += piece.text;
    used += columns;
  }
  return lines;
}

std::string paragraph(std::string_view first, std::string_view text, std::size_t width) {
  std::size_t const start = utf8::columns(first);
  std::string out;
  for (auto const& line : wrap(text, width > start + 16 ? width - start : 16)) {
    out += out.empty() ? std::string{first} : std::string(start, ' ');
    out += line + '\n';
  }
  return out;
}
}  // namespace pb::text
