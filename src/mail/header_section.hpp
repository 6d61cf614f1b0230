// header_section.hpp: the header section as bytes and as fields.     Tests: header_section_test.cpp
// Spec: RFC 5322 §2.2, §3.6; lenient where the world is (a malformed line stays what it was).
// Not here: structured field values (header_address.hpp, date.hpp).
#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/limits.hpp"

namespace pb::mail {
/// One field, borrowed from the section's bytes.
struct Field {
  std::string_view name;   // without the colon and blanks before it
  std::string_view value;  // raw, after the colon, folds kept, without the last CRLF
  std::string_view raw;    // the whole field with its last CRLF
};

enum class HeaderError { too_large, too_many_fields };

/// The header section of a message, CRLF line ends, without the empty line that ends it.
class HeaderSection {
 public:
  HeaderSection() = default;
  /// `bytes` is kept as it is. Lines that are no field and no fold end the header section for
  /// readers, but stay in the bytes.
  static std::expected<HeaderSection, HeaderError> parse(std::string bytes);

  [[nodiscard]] std::string const& bytes() const { return bytes_; }
  [[nodiscard]] std::size_t size() const { return spans_.size(); }
  [[nodiscard]] Field at(std::size_t index) const;
  /// The first field of that name (no case); nullopt when there is none.
  [[nodiscard]] std::optional<Field> find(std::string_view name) const;
  [[nodiscard]] std::vector<Field> all(std::string_view name) const;
  [[nodiscard]] std::size_t count(std::string_view name) const;
  /// Removes every field for which `drop(field)` is true; returns how many went.
  template <class Drop>
  std::size_t remove_if(Drop drop);
  /// Adds a field in front of or behind all others; `field` is "Name: value\r\n", folded by the
  /// caller.
  void prepend(std::string_view field);
  void append(std::string_view field);

 private:
  struct Span {
    std::size_t begin, name_end, value_begin, end;
  };
  void reparse();
  std::string bytes_;
  std::vector<Span> spans_;
};

template <class Drop>
std::size_t HeaderSection::remove_if(Drop drop) {
  std::string kept;
  kept.reserve(bytes_.size());
  std::size_t removed = 0;
  std::size_t at_byte = 0;
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    Field const field = at(i);
    kept.append(bytes_, at_byte, spans_[i].begin - at_byte);
    at_byte = spans_[i].end;
    if (drop(field))
      ++removed;
    else
      kept.append(field.raw);
  }
  kept.append(bytes_, at_byte);
  if (removed != 0) {
    bytes_ = std::move(kept);
    reparse();
  }
  return removed;
}

/// A field's value with folds opened (CRLF before WSP removed, RFC 5322 §2.2.3) and ends trimmed.
std::string unfold(std::string_view value);
}  // namespace pb::mail
