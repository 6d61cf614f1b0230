// name.hpp: domain names as evaluators need them: the form of a Question, validity, reverse names.
// Spec: RFC 1035 §2.3.4 (lengths), §3.5; RFC 3596 §2.5 (ip6.arpa).          Not here: IDNA (mail/).
#pragma once

#include <string>
#include <string_view>

#include "base/ip.hpp"

namespace pb::dns {
/// Lower case, without the trailing dot: what Question::name holds.
std::string normal_name(std::string_view name);
/// Can be asked at all: labels of 1-63 octets, 253 in total, without the trailing dot.
bool valid_name(std::string_view name);
/// "4.3.2.1.in-addr.arpa", or nibbles under ip6.arpa.
std::string reverse_name(IpAddress const& address);
/// `name` is `domain` or lies below it; both in any case, without trailing dots.
bool is_or_below(std::string_view name, std::string_view domain);
}  // namespace pb::dns
