// limits.cpp: every limit holds, and every session and attempt ends.
// Spec: RFC 5321 §4.5.3; base/limits.hpp; delivery/site_pool.hpp.
// Not here: how much they are (the scenario, server_link.cpp).
#include <map>

#include "sim/checkers/checker.hpp"

namespace pb::sim {
namespace {
constexpr std::size_t errors_max = 20, recipients_max = 100;
constexpr Duration session_max = std::chrono::hours{12};

class Limits final : public Checker {
 public:
  std::string_view name() const override { return "limits"; }
  void on_accepted(Accepted& message, std::string_view content, bool) override {
    if (message.addressees.size() > recipients_max) fail("a message with too many recipients");
    if (content.size() > 256U * 1024 + 64) fail("a message that is too big");
  }
  void on_queue(queue::QueueStats const& stats, Scenario const& scenario) override {
    if (stats.leases_out > scenario.leases_max) fail("more leases out than leases_max");
  }
  void on_leased(Accepted& message, queue::Lease const&, Scenario const& scenario,
                 Instant) override {
    if (message.addressees.size() != 1) return;
    Addressee const& one = message.addressees.front();
    if (++leased_[one.domain] > scenario.leases_per_domain_max)
      fail("more leases of " + one.domain + " than leases_per_domain_max");
  }
  void on_settled(Accepted& message, Addressee& one, queue::Outcome const&, Instant) override {
    if (message.addressees.size() == 1 && leased_[one.domain] > 0) --leased_[one.domain];
  }
  void on_unreadable(Accepted& message) override {
    if (message.addressees.size() != 1) return;
    std::size_t& leased = leased_[message.addressees.front().domain];
    if (leased > 0) --leased;
  }
  void on_process_end(Ledger&, Instant) override { leased_.clear(); }
  void on_site(delivery::SiteView const& view, Scenario const& scenario) override {
    if (view.slots > scenario.slots_max) fail("more connections to a site than slots_max");
  }
  void on_session_over(SessionSummary const& summary) override {
    if (summary.negative_replies > errors_max + 1) fail("a session that may err without end");
    if (summary.took > session_max) fail("a session that lasted half a day");
  }
  void on_end(End const& end) override {
    if (end.sessions_open != 0) fail("a session that does not end");
    if (end.attempts_open != 0) fail("an attempt that does not end");
  }

 private:
  std::map<std::string, std::size_t> leased_;  // messages with one recipient, by domain
};
}  // namespace
std::unique_ptr<Checker> make_limits() { return std::make_unique<Limits>(); }
}  // namespace pb::sim
