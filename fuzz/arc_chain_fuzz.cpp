// arc_chain_fuzz.cpp: the ARC fields of a header section: collected and read.
// Spec: RFC 8617 §4.1, §5.2.
// Covers: src/arc/chain.cpp
#include <cstddef>
#include <cstdint>
#include <string_view>

#include "arc/chain.hpp"
#include "arc/verify.hpp"
#include "base/check.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb;
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  auto const header = mail::HeaderSection::parse(std::string{text});
  if (!header) return 0;
  auto const sets = arc::collect_sets(*header);
  if (sets) PB_CHECK(sets->size() <= arc::instances_max);
  arc::Verifier verifier{*header, {}};
  verifier.body("x\r\n");
  verifier.end_of_body();
  dns::Facts facts;
  for (dns::Question const& question : verifier.questions()) facts[question] = dns::NxDomain{};
  dkim::KeyCache keys;
  auto const result = verifier.result(facts, keys);
  PB_CHECK(std::get<arc::Result>(result).word != arc::Word::pass);
  return 0;
}
