// spf_record_fuzz.cpp: an SPF record and its macros; what is accepted can be expanded.
// Spec: RFC 7208 §4.6, §7.
// Covers: src/spf/record.cpp src/spf/macro.cpp
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "spf/macro.hpp"
#include "spf/record.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  auto const record = spf::parse_record(text);
  spf::MacroValues const values{"strong-bad",
                                "email.example.com",
                                "email.example.com",
                                "mx.example",
                                "receiver.example",
                                "",
                                *IpAddress::parse("2001:db8::cb01"),
                                {}};
  if (record) {
    PB_CHECK(spf::is_record(text));
    for (spf::Directive const& directive : record->directives) {
      if (directive.domain_spec.empty()) continue;
      auto const name = spf::expand(directive.domain_spec, values, spf::MacroUse::domain_spec);
      PB_CHECK(name.has_value());
      PB_CHECK(spf::fit_domain(*name).size() <= 253);
    }
    (void)spf::terms_with_lookups(*record);
  }
  bool const sound = spf::macro_problem(text, spf::MacroUse::explanation) == nullptr;
  PB_CHECK(spf::expand(text, values, spf::MacroUse::explanation).has_value() == sound);
  (void)spf::uses_validated_name(text);
  return 0;
}
