// attempt.hpp: one slot's work: a message to one site, host after host, as the plan says.
// Spec: delivery/attempt_plan.hpp; it does what runtime/delivery_attempt does.   Not here: sites.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "delivery/attempt_plan.hpp"
#include "delivery/route.hpp"
#include "delivery/site_pool.hpp"
#include "queue/lease.hpp"
#include "sim/client_link.hpp"

namespace pb::sim {
class Sender;

struct Job {
  queue::Lease lease;
  std::shared_ptr<std::string const> content;
  delivery::Route route;
  std::vector<std::uint32_t> recipients;
};

class Attempt final : public ClientLink::Owner {
 public:
  Attempt(Sender& sender, delivery::SlotId slot) : sender_{sender}, slot_{slot} {}
  ~Attempt() override;
  void start(Job job);
  void cancel();
  /// Closes what is open, politely.
  void close();
  [[nodiscard]] bool connection_usable() const { return link_ && link_->usable(); }
  [[nodiscard]] Job const& job() const { return job_; }

  void on_done(smtp::client::Transcript transcript) override;
  void on_idle() override {}
  void on_closed() override;

 private:
  void walk();
  bool ready();
  bool ensure_connection();
  void begin();
  void finish();
  void settle_delivered();
  void drop_connection();
  [[nodiscard]] smtp::client::Settings settings_for(delivery::Hop const& hop) const;
  void note_receipts(smtp::client::Transcript const& transcript);

  Sender& sender_;
  delivery::SlotId slot_;
  Job job_;
  std::shared_ptr<ClientLink> link_;
  delivery::Hop hop_;  // of link_
  std::optional<delivery::AttemptPlan> plan_;
  std::size_t begun_ = 0;  // transactions of link_
  bool eight_bit_anyway_ = false, cancelled_ = false, running_ = false;
};
}  // namespace pb::sim
