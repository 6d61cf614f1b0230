// durable_first.cpp: no 250 before the store said that the message is durable, and nothing is sent
// on whose sender was told to come again. Spec: RFC 5321 §6.1.                                Not
// here: whether it stays there.
#include <set>

#include "sim/checkers/checker.hpp"

namespace pb::sim {
namespace {
class DurableFirst final : public Checker {
 public:
  std::string_view name() const override { return "durable_first"; }
  void on_acknowledged(Accepted& message, SimStore const& store) override {
    if (!store.was_durable(message.id)) fail(message.id.text() + " was answered 250 unsynced");
  }
  void on_leased(Accepted& message, queue::Lease const&, Scenario const&, Instant) override {
    bool const answered = message.acknowledged || message.letter == nullptr;
    if (!answered && !before_.contains(message.id.value()))
      fail(message.id.text() + " is sent on without a 250");
  }
  /// A crash may come between a durable commit and its 250.
  void on_process_end(Ledger& ledger, Instant) override {
    for (auto const& [id, message] : ledger.accepted()) before_.insert(id);
  }

 private:
  std::set<std::uint64_t> before_;
};
}  // namespace
std::unique_ptr<Checker> make_durable_first() { return std::make_unique<DurableFirst>(); }
}  // namespace pb::sim
