// srs_fuzz.cpp: rewritten reverse-paths find back, and nobody else's do.
// Spec: libsrs2.net/srs (SRS0, SRS1).           Not here: which mail is rewritten (expansion).
// Covers: src/delivery/srs.cpp
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/ascii.hpp"
#include "base/check.hpp"
#include "delivery/srs.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb;
  constexpr Instant now{std::chrono::days{20'000}};
  std::string_view const text{reinterpret_cast<char const*>(data), size};
  auto const parsed = mail::parse_mailbox(text, mail::Utf8::allow);
  if (!parsed) return 0;
  delivery::Srs const ours{"sixteen octets of ours", "us.example"};
  delivery::Srs const others{"sixteen octets of others", "them.example"};
  PB_CHECK(!ours.reverse(*parsed, now));  // nobody guesses the hash
  auto const there = others.forward(*parsed, now);
  if (!there) return 0;
  PB_CHECK(delivery::is_srs(*there) && !ours.reverse(*there, now));
  PB_CHECK(!others.reverse(*there, now + std::chrono::days{30}) ||
           there->local_part.starts_with("SRS1"));
  auto const back = others.reverse(*there, now);
  bool const was_srs1 =
      ascii::istarts_with(parsed->local_part, "SRS1") && delivery::is_srs(*parsed);
  if (back && !was_srs1) {
    PB_CHECK(ascii::iequals(back->local_part, parsed->local_part));
    PB_CHECK(back->domain.key() == parsed->domain.key());
  }
  if (was_srs1) return 0;  // a stranger's, perhaps malformed: passed on as it is
  auto const twice = ours.forward(*there, now);
  if (!twice) return 0;
  auto const once = ours.reverse(*twice, now);
  PB_CHECK(once && delivery::is_srs(*once));
  return 0;
}
