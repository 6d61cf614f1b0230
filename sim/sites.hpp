// sites.hpp: the domains that mail goes to, their hosts, and what the DNS says of them when.
// Spec: RFC 5321 §5.1, RFC 7505; dns/answer.hpp.        Not here: what hosts say (peer.hpp).
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "delivery/route.hpp"
#include "dns/answer.hpp"
#include "sim/scenario.hpp"
#include "sim/seeded.hpp"

namespace pb::sim {
/// How sure we must be of whom we reach before a message goes there.
enum class Needs : std::uint8_t { nothing, encryption, trust };

struct Host {
  std::string name;
  std::uint32_t number = 0;  // its address is 10.0.number
  Needs needs = Needs::nothing;
  bool implicit_tls = false, lmtp = false, wants_login = false;
  bool pipelining = true, chunking = false, eight_bit = true, dsn = false, starttls = true;
  std::uint32_t recipients_max = 0;   // of a transaction; 0: any
  bool says_recipients_max = true;    // LIMITS RCPTMAX
  std::uint32_t connections_max = 0;  // at once; 0: any
  std::uint32_t messages_max = 0;     // of a connection; 0: any
  bool hangs_up = false;              // behind the last of them; else it says 421 to the next
  Instant down_from{}, down_until{};
  bool silent_when_down = false;
};

enum class DomainKind : std::uint8_t { mx, implicit_mx, no_domain, null_mx, smarthost, local };
struct SimDomain {
  std::string name;
  DomainKind kind = DomainKind::mx;
  std::vector<std::size_t> hosts;        // into Sites::hosts()
  std::vector<std::size_t> hosts_later;  // after mx_changes_at
  std::optional<Instant> mx_changes_at;
};

class Sites {
 public:
  static constexpr std::uint32_t mx_domains = 16;
  Sites(Scenario const& scenario, SimRandom& random, Instant calm_at);
  [[nodiscard]] std::vector<SimDomain> const& domains() const { return domains_; }
  [[nodiscard]] SimDomain const* domain(std::string_view name) const;
  [[nodiscard]] Host const* host_at(Endpoint const& endpoint) const;
  /// The truth, without faults.
  [[nodiscard]] dns::Answer answer(dns::Question const& question, Instant now) const;
  /// What the configuration says; the same in every run.
  static delivery::RoutingTable const& routes();

 private:
  std::size_t add_host(std::string name, SimRandom& random);
  [[nodiscard]] dns::Answer mx_of(SimDomain const& domain, Instant now) const;
  std::vector<Host> hosts_;
  std::vector<SimDomain> domains_;
  std::map<std::string, std::size_t, std::less<>> by_name_;
  std::map<std::string, std::size_t, std::less<>> host_by_name_;
};
}  // namespace pb::sim
