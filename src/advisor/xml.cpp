// xml.cpp: see xml.hpp. expat calls back for every tag; the way down to the open one is a stack.
// Spec: XML 1.0; expat 2.5, whose own limit on amplification stays on.
// Tests: published_test.cpp
#include "advisor/xml.hpp"

#include <expat.h>

#include <memory>
#include <optional>

#include "base/ascii.hpp"

namespace pb::advisor {
namespace {
struct Reader {
  XML_Parser parser;
  std::vector<XmlElement> open;  // from the root to the one being read
  std::optional<XmlElement> root;
  std::size_t elements = 0;
  std::optional<XmlError> error;

  void give_up(XmlError why) {
    error = why;
    XML_StopParser(parser, XML_FALSE);
  }
};

std::string_view local_name(std::string_view name) {
  auto const colon = name.rfind(':');
  return colon == std::string_view::npos ? name : name.substr(colon + 1);
}

void XMLCALL on_start(void* data, XML_Char const* name, XML_Char const** attributes) {
  auto& reader = *static_cast<Reader*>(data);
  if (reader.open.size() == xml_depth_max) return reader.give_up(XmlError::too_deep);
  if (++reader.elements > xml_elements_max) return reader.give_up(XmlError::too_many);
  XmlElement element;
  element.name = local_name(name);
  for (; attributes[0] != nullptr; attributes += 2) {
    if (element.attributes.size() == xml_attributes_max) break;
    element.attributes.emplace_back(local_name(attributes[0]), attributes[1]);
  }
  reader.open.push_back(std::move(element));
}

void XMLCALL on_end(void* data, XML_Char const*) {
  auto& reader = *static_cast<Reader*>(data);
  if (reader.open.empty()) return;  // expat may still tell what was in hand when we gave up
  XmlElement element = std::move(reader.open.back());
  reader.open.pop_back();
  element.text = ascii::trim(element.text);
  if (reader.open.empty()) {
    reader.root = std::move(element);
  } else {
    reader.open.back().children.push_back(std::move(element));
  }
}

void XMLCALL on_text(void* data, XML_Char const* text, int octets) {
  auto& reader = *static_cast<Reader*>(data);
  if (!reader.open.empty()) reader.open.back().text.append(text, static_cast<std::size_t>(octets));
}

void XMLCALL on_doctype(void* data, XML_Char const*, XML_Char const*, XML_Char const*, int) {
  static_cast<Reader*>(data)->give_up(XmlError::has_doctype);
}
}  // namespace

XmlElement const* XmlElement::child(std::string_view wanted) const {
  for (auto const& one : children)
    if (one.name == wanted) return &one;
  return nullptr;
}

std::string_view XmlElement::text_of(std::string_view wanted) const {
  auto const* found = child(wanted);
  return found == nullptr ? std::string_view{} : std::string_view{found->text};
}

std::string_view XmlElement::attribute(std::string_view wanted) const {
  for (auto const& [key, value] : attributes)
    if (key == wanted) return value;
  return {};
}

std::expected<XmlElement, XmlError> parse_xml(std::string_view text) {
  if (text.size() > xml_octets_max) return std::unexpected{XmlError::too_long};
  std::unique_ptr<XML_ParserStruct, decltype(&XML_ParserFree)> const parser{
      XML_ParserCreate(nullptr), &XML_ParserFree};
  if (!parser) return std::unexpected{XmlError::malformed};
  Reader reader{.parser = parser.get(), .open = {}, .root = {}, .error = {}};
  XML_SetUserData(parser.get(), &reader);
  XML_SetElementHandler(parser.get(), on_start, on_end);
  XML_SetCharacterDataHandler(parser.get(), on_text);
  XML_SetStartDoctypeDeclHandler(parser.get(), on_doctype);
  auto const status = XML_Parse(parser.get(), text.data(), static_cast<int>(text.size()), XML_TRUE);
  if (reader.error) return std::unexpected{*reader.error};
  if (status != XML_STATUS_OK || !reader.root) return std::unexpected{XmlError::malformed};
  return std::move(*reader.root);
}
}  // namespace pb::advisor
