// xml.hpp: a small XML document as a tree, read by expat within limits.
// Spec: XML 1.0 (fifth edition). A document type is refused, so that there are no entities of its
// own, no external ones and no billion laughs.          Tests: published_test.cpp, fuzz/published
#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace pb::advisor {
/// Names without their namespace prefix. Text and attributes are a peer's: escape before showing.
struct XmlElement {
  std::string name;
  std::vector<std::pair<std::string, std::string>> attributes;
  std::string text;  // of this element alone, white space at its ends taken off
  std::vector<XmlElement> children;
  /// The first child of that name, or nullptr. Letter case counts, as in XML.
  [[nodiscard]] XmlElement const* child(std::string_view wanted) const;
  /// Its text, or nothing.
  [[nodiscard]] std::string_view text_of(std::string_view wanted) const;
  /// The value, or nothing.
  [[nodiscard]] std::string_view attribute(std::string_view wanted) const;
};

inline constexpr std::size_t xml_octets_max = 64 * 1024;
inline constexpr std::size_t xml_depth_max = 16;
inline constexpr std::size_t xml_elements_max = 2000;
inline constexpr std::size_t xml_attributes_max = 16;  // of one element; the rest is not kept

enum class XmlError : std::uint8_t { too_long, has_doctype, too_deep, too_many, malformed };
/// The root element.
std::expected<XmlElement, XmlError> parse_xml(std::string_view text);
}  // namespace pb::advisor
