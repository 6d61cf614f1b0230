// header_section_fuzz.cpp: reading and editing keeps every octet that is not asked to go.
// Spec: RFC 5322 §2.2, §3.6.                             Not here: values of fields.
// Covers: src/mail/header_section.cpp
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "mail/header_section.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb::mail;
  std::string const bytes{reinterpret_cast<char const*>(data), size};
  auto section = HeaderSection::parse(bytes);
  if (!section) return 0;
  PB_CHECK(section->bytes() == bytes);
  std::size_t last = 0;
  for (std::size_t i = 0; i < section->size(); ++i) {
    Field const field = section->at(i);
    auto const at = static_cast<std::size_t>(field.raw.data() - section->bytes().data());
    PB_CHECK(at >= last && at + field.raw.size() <= bytes.size());
    last = at + field.raw.size();
    PB_CHECK(!field.name.empty() && section->find(field.name).has_value());
    PB_CHECK(section->count(field.name) == section->all(field.name).size());
    PB_CHECK(unfold(field.value).find("\r\n") == std::string::npos);
    if (i == 8) break;  // enough: the rest is the same and costs a square
  }
  std::size_t const fields = section->size();
  section->prepend("Front: 1\r\n");
  PB_CHECK(section->at(0).name == "Front");
  section->append("Behind: 1\r\n");
  std::size_t const removed = section->remove_if(
      [](Field const& field) { return field.name == "Front" || field.name == "Behind"; });
  PB_CHECK(removed >= 1 && section->size() <= fields + 1);
  return 0;
}
