// evaluate.hpp: check_host(): may this address send for this domain?    Tests: evaluate_test.cpp
// Spec: RFC 7208 §2.6, §4, §5, §6.                        Not here: what policy does with it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <variant>

#include "base/clock.hpp"
#include "base/ip.hpp"
#include "dns/answer.hpp"

namespace pb::spf {
enum class Word : std::uint8_t { none, neutral, pass, fail, softfail, temperror, permerror };
std::string_view text(Word word);

struct Params {
  IpAddress ip;
  std::string domain;         // whose record; MAIL FROM's domain, or the HELO name
  std::string sender_local;   // empty: "postmaster" (RFC 7208 §4.3)
  std::string sender_domain;  // empty: `domain`
  std::string helo;
  std::string receiver;  // our host name, for %{r}; empty: "unknown"
  Instant now{};         // for %{t}
};
/// The parameters of the MAIL FROM identity; the HELO identity when `mail_from` is empty (§2.4).
Params identity_params(IpAddress const& ip, std::string_view helo, std::string_view mail_from);
/// The parameters of the HELO identity (§2.3).
Params helo_params(IpAddress const& ip, std::string_view helo);

struct Result {
  Word word = Word::none;
  std::string domain;     // whose record gave the result, after redirect
  std::string mechanism;  // the term that matched, as published; empty: none did ("default")
  std::string problem;  // why it is none, temperror or permerror: one sentence, may hold peer text
  std::string explanation;  // what the domain says to the sender of a fail; empty: nothing
  unsigned lookups = 0;     // terms that asked DNS (§4.6.4), at most 10
  unsigned void_lookups = 0;
};

/// Pure and bounded: at most 10 terms, 10 names of each mx and ptr, 2 void look-ups. A Question is
/// never one that `facts` answers.
std::variant<Result, dns::Question> check_host(Params const& params, dns::Facts const& facts);

/// What the outside world knows as "iprev" (RFC 8601 §2.7.3): pass, fail, temperror, permerror.
struct ReverseResult {
  Word word = Word::permerror;
  std::string name;  // the name that points back; empty: none
};
std::variant<ReverseResult, dns::Question> check_reverse(IpAddress const& ip,
                                                         dns::Facts const& facts);
}  // namespace pb::spf
