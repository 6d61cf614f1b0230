// record.hpp: TLSA records in text, and which of them SMTP uses.          Tests: record_test.cpp
// Spec: RFC 6698 §2; RFC 7672 §3.1 (usages for SMTP).    Not here: comparing certificates (TLS).
#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "dns/answer.hpp"

namespace pb::dane {
/// What is wrong, as a sentence; points to constant text.
struct Error {
  char const* problem;
};
/// "3 1 1 0123...", as zone files have it; blanks within the hexadecimal digits are allowed.
std::expected<dns::Tlsa, Error> parse_record(std::string_view text);
/// As zone files have it.
std::string text(dns::Tlsa const& record);
/// RFC 7672 §3.1.3: DANE-TA(2) and DANE-EE(3) only, with a selector and a matching type that we
/// know, and as many octets as that digest has. Unusable records are treated as if they were not
/// there, but they do make TLS required (§2.2).
bool is_usable(dns::Tlsa const& record);
/// "_25._tcp.mx.example.com" (RFC 7672 §2.2.3).
std::string record_name(std::string_view host, unsigned port);
}  // namespace pb::dane
