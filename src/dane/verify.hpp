// verify.hpp: a chain of certificates judged by the TLSA records of an SMTP server.
// Spec: RFC 7671 §5, RFC 7672 §3.1 (usages 2 and 3 alone; DANE-EE(3) looks at no name and no date),
// §3.2.2 (names).       Tests: verify_test.cpp, tests/end_to_end/record_suites_test.py
// Not here: DNSSEC (the answer's `security`), TLS itself.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "dns/answer.hpp"

namespace pb::dane {
inline constexpr std::size_t chain_certificates_max = 10;
inline constexpr std::size_t records_max = 20;

struct ChainQuestion {
  std::vector<std::string> chain;  // DER as the server sent it, its own first; hostile
  std::vector<dns::Tlsa> records;
  std::vector<std::string> names;  // one of them must be in the certificate, for DANE-TA(2)
  std::int64_t now = 0;            // seconds since 1970, for DANE-TA(2)
};

enum class Match : std::uint8_t {
  matches,
  unusable,    // no record that SMTP can use
  no_record,   // a good chain perhaps, but none of the records is of it
  wrong_name,  // a record of an issuer matches, but the certificate is for another name
  broken,      // a record matches, but a signature or a date within the chain does not
  no_chain,    // no certificate that can be read
};
std::string_view name(Match match);  // "matches", "no-record" ...

struct ChainAnswer {
  Match match = Match::no_chain;
  std::optional<unsigned> depth;  // of Match::matches: 0 is the server's own certificate
};
/// At most the first `chain_certificates_max` certificates and `records_max` usable records count.
ChainAnswer verify_chain(ChainQuestion const& question);
/// The DER of every certificate in a PEM text, in its order; empty when one cannot be read.
std::vector<std::string> certificates_of_pem(std::string const& text);
}  // namespace pb::dane
