// tag_list.hpp: "tag=value; tag=value", the syntax of DKIM, ARC and DMARC.   Tests: record_test.cpp
// Spec: RFC 6376 §3.2.                                   Not here: what a tag means.
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace pb::dkim {
/// One tag. Views are into the text that was parsed.
struct Tag {
  std::string_view name;
  std::string_view value;       // outer FWS trimmed, inner FWS kept
  std::size_t value_begin = 0;  // of the untrimmed value, behind the '='
  std::size_t value_end = 0;    // at the ';' or the end
};

class TagList {
 public:
  /// nullopt when malformed: a part without '=', a bad name, a name twice (RFC 6376 §3.2).
  static std::optional<TagList> parse(std::string_view text);
  /// nullptr when there is no such tag. Names are case-sensitive (§3.2).
  [[nodiscard]] Tag const* find(std::string_view name) const;
  [[nodiscard]] std::vector<Tag> const& tags() const { return tags_; }

 private:
  std::vector<Tag> tags_;
};

/// Without any FWS: what base64 values and lists are compared as.
std::string without_fws(std::string_view value);
/// base64 with FWS anywhere in it (RFC 6376 §3.5 "b="); padding may be missing.
std::optional<std::string> decode_base64_fws(std::string_view value);
/// Decimal digits only, 1 to `digits_max` of them.
enum class NumberError { malformed, too_long };
std::expected<std::uint64_t, NumberError> parse_number(std::string_view digits,
                                                       std::size_t digits_max);
}  // namespace pb::dkim
