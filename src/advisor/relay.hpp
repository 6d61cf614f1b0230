// relay.hpp: how well mail from other servers to a domain is protected: MX, STARTTLS, DANE,
// MTA-STS. Spec: RFC 5321 §5.1, RFC 7505 (null MX), RFC 7672 §2.2, §3.1 (DANE), RFC 8461 §4
// (MTA-STS). Tests: relay_test.cpp                 Not here: asking and measuring
// (cli/probe_relay), JSON.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "advisor/verdict.hpp"
#include "dns/answer.hpp"
#include "mtasts/record.hpp"
#include "text/language.hpp"

namespace pb::advisor {
struct RelayHost {
  std::string host;
  unsigned preference = 0;
  ProbeFacts facts;             // of port 25 alone
  std::vector<dns::Tlsa> tlsa;  // of _25._tcp; at most 20
  bool tlsa_secure = false;     // the answer was validated by DNSSEC
};
struct RelayFacts {
  std::string domain;
  std::int64_t now = 0;
  NameState mx = NameState::ok;  // no_address: no MX record, the domain's own address is used
  bool mx_secure = false;
  bool null_mx = false;
  std::vector<RelayHost> hosts{};  // in the order of preference; at most 5
  bool sts_announced = false;      // _mta-sts.DOMAIN
  std::optional<mtasts::Policy> sts{};
  std::string sts_problem{};  // why there is no policy, though it is announced
};

enum class Dane : std::uint8_t { none, not_signed, unusable, matches, mismatch };
std::string_view name(Dane dane);
/// Of the chain that was sent, by its TLSA records, both kinds that SMTP uses (dane/verify).
Dane judge_dane(RelayHost const& host, RelayFacts const& facts);

/// What a sender that keeps to the standards gets, from the best to the worst.
enum class Delivery : std::uint8_t { dane, mta_sts, opportunistic, cleartext, none, danger };
std::string_view name(Delivery delivery);
struct RelayVerdict {
  struct Host {
    AttemptVerdict port;  // the deciding attempt
    Dane dane = Dane::none;
    bool listed = true;  // by the MTA-STS policy, when there is one
  };
  std::vector<Host> hosts;  // as in the facts
  Delivery delivery = Delivery::none;
  std::optional<Fault> cause;  // of danger, cleartext and none
  std::string cause_host;
};
RelayVerdict judge_relay(RelayFacts const& facts);
std::string relay_screen(text::Language language, RelayFacts const& facts,
                         RelayVerdict const& verdict);
}  // namespace pb::advisor
