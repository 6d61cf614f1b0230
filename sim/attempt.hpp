// attempt.hpp: one slot's work: a message to one site, host after host, as classify() says.
// Spec: delivery/classify.hpp; it does what runtime/delivery_attempt does.   Not here: sites.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "delivery/classify.hpp"
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
struct AttemptResult {
  std::vector<queue::RecipientOutcome> outcomes;
  delivery::Showed showed = delivery::Showed::works;
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
  bool ensure_connection();
  void begin();
  void finish();
  void drop_connection();
  [[nodiscard]] smtp::client::Settings settings_for(delivery::Hop const& hop) const;
  delivery::Next apply(std::vector<delivery::Decision> const& decisions);
  void note_receipts(smtp::client::Transcript const& transcript);

  Sender& sender_;
  delivery::SlotId slot_;
  Job job_;
  std::shared_ptr<ClientLink> link_;
  delivery::Hop hop_;  // of link_
  std::vector<delivery::Hop> hops_;
  std::size_t next_hop_ = 0;
  std::size_t begun_ = 0;  // transactions of link_
  std::vector<std::uint32_t> pending_, next_, lack_eight_bit_;
  std::map<std::uint32_t, queue::Outcome> last_;
  bool reconnected_ = false, in_the_clear_ = false, eight_bit_anyway_ = false;
  bool reached_ = false, throttled_ = false, cancelled_ = false, running_ = false;
};
}  // namespace pb::sim
