// probe_dns.hpp: one DNS question straight to a DNS server, beside what getaddrinfo answers.
// Spec: RFC 1035 §4; RFC 6891 is not used (answers fit, or are cut and still tell enough).
// Not here: the server's resolver (resolver.hpp), which validates and caches.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisor/probe_facts.hpp"

namespace pb::runtime {
/// A query for `name` (A or AAAA); nullopt when the name cannot be put in a question.
std::optional<std::string> dns_query(std::string_view name, bool ipv6, std::uint16_t id,
                                     bool checking_disabled);
struct DnsReply {
  advisor::NameState state = advisor::NameState::no_answer;
  std::vector<IpAddress> addresses;
};
/// nullopt: not an answer to that query.
std::optional<DnsReply> read_dns_reply(std::string_view packet, std::uint16_t id);
/// The first "nameserver" of a resolv.conf text.
std::optional<IpAddress> first_nameserver(std::string_view resolv_conf);
}  // namespace pb::runtime
