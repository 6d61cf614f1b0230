// dkim_signature_fuzz.cpp: DKIM-Signature and ARC-Message-Signature fields.
// Spec: RFC 6376 §3.2, §3.5; RFC 8617 §4.1.2.
// Covers: src/dkim/tag_list.cpp src/dkim/record.cpp
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "base/check.hpp"
#include "dkim/record.hpp"
#include "dns/name.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  for (dkim::SignatureKind const kind :
       {dkim::SignatureKind::dkim, dkim::SignatureKind::arc_message}) {
    auto const signature = dkim::parse_signature(text, kind);
    if (!signature) {
      PB_CHECK(!dkim::problem_text(signature.error().problem).empty());
      continue;
    }
    PB_CHECK(signature->b_begin <= signature->b_end && signature->b_end <= text.size());
    PB_CHECK(dns::valid_name(signature->key_name()));
    PB_CHECK(!signature->algorithm().empty());
  }
  (void)dkim::parse_key_record(text);
  return 0;
}
