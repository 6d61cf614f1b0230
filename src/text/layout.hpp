// layout.hpp: tables and paragraphs that line up in every language.
// Spec: Unicode UAX #11 (CJK counts two columns, base/utf8.hpp); docs/terms.md for words.
// Not here: colour (cli/), escaping of what a peer sent (base/encoding.hpp): callers do it first.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace pb::text {
/// Rows of cells; columns are as wide as their widest cell, two spaces apart, the last one ragged.
class Table {
 public:
  explicit Table(std::size_t indent = 2) : indent_{indent} {}
  void row(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  /// Lines, each ended by '\n', without trailing spaces. `width`: the last column is wrapped into
  /// further lines below itself where it would pass this column; 0 does not wrap.
  [[nodiscard]] std::string render(std::size_t width = 0) const;

 private:
  std::size_t indent_;
  std::vector<std::vector<std::string>> rows_;
};

/// Breaks `text` into lines of at most `width` columns: at spaces, and between CJK characters but
/// not before closing punctuation. A longer word stands alone on its line. Never empty.
std::vector<std::string> wrap(std::string_view text, std::size_t width);
/// `first` and then `text`, wrapped to `width`, later lines indented by the columns of `first`.
std::string paragraph(std::string_view first, std::string_view text, std::size_t width);
}  // namespace pb::text
