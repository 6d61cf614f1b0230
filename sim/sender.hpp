// sender.hpp: delivery of the simulated node: routes, site pool, slots.
// Spec: delivery/site_pool.hpp, delivery/route.hpp; it does what runtime/delivery_agent does.
// Not here: one attempt (attempt.hpp).
#pragma once

#include <map>
#include <memory>
#include <unordered_map>
#include <vector>

#include "delivery/site_pool.hpp"
#include "sim/attempt.hpp"

namespace pb::sim {
class Node;

class Sender {
 public:
  explicit Sender(Node& node);
  ~Sender();
  void start(queue::Lease lease, std::shared_ptr<std::string const> content);
  void revoke(queue::LeaseId lease);
  void stop();
  [[nodiscard]] std::size_t slots() const { return slots_.size(); }
  [[nodiscard]] Node& node() { return node_; }

  // Of attempts.
  void settle_some(Job const& job, std::vector<queue::RecipientOutcome> outcomes);
  void attempt_over(delivery::SlotId slot, std::vector<queue::RecipientOutcome> outcomes,
                    delivery::Showed showed);
  void slot_lost(delivery::SlotId slot);

 private:
  struct Group {
    std::string domain;
    delivery::RouteRule rule;
    std::vector<std::uint32_t> recipients;
  };
  struct Routing {
    queue::Lease lease;
    std::shared_ptr<std::string const> content;
    std::vector<Group> groups;
    dns::Facts facts;
    std::uint64_t seed = 0;
    std::map<std::string, Job> jobs;
    int rounds = 0;
  };
  void route(std::shared_ptr<Routing> routing);
  void ask(std::shared_ptr<Routing> routing, std::vector<dns::Question> questions);
  void submit(Routing& routing);
  void settle_all(Routing const& routing, std::vector<std::uint32_t> const& recipients,
                  queue::Outcome const& outcome);
  void tell(delivery::PoolEvent const& event);
  void execute(delivery::PoolEffect const& effect);
  void give_back(delivery::JobId id, queue::Deferred const& deferred);
  void after_job(delivery::SlotId id);
  void end_slot(delivery::SlotId id);
  [[nodiscard]] Job take_job(delivery::JobId id);

  struct Slot {
    std::unique_ptr<Attempt> attempt;
    std::string site;
    delivery::JobId next = 0;
    std::size_t messages = 0;
    std::uint64_t idles = 0;
    enum class Then : std::uint8_t { close, keep, use } then = Then::close;
    bool idle = false;
  };
  Node& node_;
  delivery::SitePool pool_;
  std::unordered_map<delivery::JobId, Job> waiting_;
  std::map<delivery::SlotId, Slot> slots_;
  delivery::JobId next_job_ = 1;
  std::optional<Instant> waking_at_;
  bool stopping_ = false;
};
}  // namespace pb::sim
