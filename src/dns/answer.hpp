// answer.hpp: a DNS question and its typed answer. Only NoData and NxDomain may ever lead to a
// bounce. Spec: RFC 1035, RFC 2308 (NODATA, NXDOMAIN), RFC 4035 (security states); ARCHITECTURE
// decision 7. Not here: asking (runtime/resolver), the cache.
#pragma once

#include <chrono>
#include <compare>
#include <cstdint>
#include <map>
#include <string>
#include <variant>
#include <vector>

#include "base/ip.hpp"

namespace pb::dns {
enum class Type : std::uint16_t {
  a = 1,
  ns = 2,
  cname = 5,
  soa = 6,
  ptr = 12,
  mx = 15,
  txt = 16,
  aaaa = 28,
  srv = 33,
  tlsa = 52
};

struct Question {
  std::string name;  // lower case, A-labels, no trailing dot
  Type type = Type::a;
  friend auto operator<=>(Question const&, Question const&) = default;
};

struct Mx {
  std::uint16_t preference = 0;
  std::string exchange;  // "" is the null MX's root (RFC 7505)
  friend auto operator<=>(Mx const&, Mx const&) = default;
};
struct Srv {
  std::uint16_t priority = 0, weight = 0, port = 0;
  std::string target;
  friend auto operator<=>(Srv const&, Srv const&) = default;
};
struct Tlsa {
  std::uint8_t usage = 0, selector = 0, matching = 0;
  std::string data;  // raw octets
  friend auto operator<=>(Tlsa const&, Tlsa const&) = default;
};
/// TXT: the character-strings joined without a space (RFC 7208 §3.3, RFC 6376 §3.6.2.2).
struct Txt {
  std::string text;
  friend auto operator<=>(Txt const&, Txt const&) = default;
};
/// PTR, NS and CNAME.
struct Name {
  std::string name;
  friend auto operator<=>(Name const&, Name const&) = default;
};
using Record = std::variant<IpAddress, Mx, Txt, Name, Srv, Tlsa>;

enum class Security : std::uint8_t { unvalidated, insecure, secure };
struct Found {
  std::vector<Record> records;  // of the asked type, CNAMEs followed; in the order received
  Security security = Security::unvalidated;
  std::chrono::seconds ttl{0};
  std::string canonical_name;  // the end of the CNAME chain
};
struct NoData {
  Security security = Security::unvalidated;
};
struct NxDomain {
  Security security = Security::unvalidated;
};
enum class Failure : std::uint8_t { servfail, timeout, bogus, refused };
struct Failed {
  Failure failure = Failure::servfail;
};
using Answer = std::variant<Found, NoData, NxDomain, Failed>;

/// What has been answered so far: pure evaluators read it and name the next Question.
using Facts = std::map<Question, Answer>;
}  // namespace pb::dns
