// header_section.cpp: see header_section.hpp.                            Spec: RFC 5322 §2.2,
// §3.6.8.
#include "mail/header_section.hpp"

#include <algorithm>

#include "base/ascii.hpp"

namespace pb::mail {
namespace {
/// ftext (RFC 5322 §3.6.8): printable ASCII but the colon; blanks before the colon are obsolete
/// syntax.
std::optional<std::size_t> name_length(std::string_view line) {
  std::size_t length = 0;
  while (length < line.size() && ascii::is_vchar(line[length]) && line[length] != ':') ++length;
  std::size_t colon = length;
  while (colon < line.size() && ascii::is_wsp(line[colon])) ++colon;
  if (length == 0 || colon == line.size() || line[colon] != ':') return std::nullopt;
  return length;
}
}  // namespace

std::expected<HeaderSection, HeaderError> HeaderSection::parse(std::string bytes) {
  if (bytes.size() > limits::header_section_octets_max) {
    return std::unexpected{HeaderError::too_large};
  }
  HeaderSection section;
  section.bytes_ = std::move(bytes);
  section.reparse();
  if (section.spans_.size() > limits::header_fields_max) {
    return std::unexpected{HeaderError::too_many_fields};
  }
  return section;
}

void HeaderSection::reparse() {
  spans_.clear();
  std::string_view const all{bytes_};
  std::size_t at_byte = 0;
  while (at_byte < all.size()) {
    auto const line_end = all.find("\r\n", at_byte);
    std::size_t const end = line_end == std::string_view::npos ? all.size() : line_end + 2;
    bool const fold = ascii::is_wsp(all[at_byte]);
    if (fold && !spans_.empty() && spans_.back().end == at_byte) {
      spans_.back().end = end;
    } else if (auto const length = name_length(all.substr(at_byte, end - at_byte)); length) {
      auto const colon = all.find(':', at_byte + *length);
      spans_.push_back({at_byte, at_byte + *length, colon + 1, end});
    }
    at_byte = end;
  }
}

Field HeaderSection::at(std::size_t index) const {
  Span const& span = spans_.at(index);
  std::string_view const all{bytes_};
  std::string_view value = all.substr(span.value_begin, span.end - span.value_begin);
  if (value.ends_with("\r\n")) value.remove_suffix(2);
  return {all.substr(span.begin, span.name_end - span.begin), value,
          all.substr(span.begin, span.end - span.begin)};
}

std::optional<Field> HeaderSection::find(std::string_view name) const {
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    if (Field const field = at(i); ascii::iequals(field.name, name)) return field;
  }
  return std::nullopt;
}

std::vector<Field> HeaderSection::all(std::string_view name) const {
  std::vector<Field> found;
  for (std::size_t i = 0; i < spans_.size(); ++i) {
    if (Field const field = at(i); ascii::iequals(field.name, name)) found.push_back(field);
  }
  return found;
}

std::size_t HeaderSection::count(std::string_view name) const { return all(name).size(); }

void HeaderSection::prepend(std::string_view field) {
  bytes_.insert(0, field);
  reparse();
}

void HeaderSection::append(std::string_view field) {
  if (!bytes_.empty() && !bytes_.ends_with("\r\n")) bytes_ += "\r\n";
  bytes_ += field;
  reparse();
}

std::string unfold(std::string_view value) {
  std::string out;
  out.reserve(value.size());
  for (std::size_t i = 0; i < value.size(); ++i) {
    bool const line_end = value[i] == '\r' && i + 1 < value.size() && value[i + 1] == '\n';
    if (line_end)
      ++i;
    else
      out += value[i];
  }
  return std::string{ascii::trim(out)};
}
}  // namespace pb::mail
