// one_outcome.cpp: one terminal outcome a recipient, and no attempt after it.
// Spec: docs/queue-states.md (terminal).    Two entries: SimWorld::on_entry tells.
#include "sim/checkers/checker.hpp"

namespace pb::sim {
namespace {
class OneOutcome final : public Checker {
 public:
  std::string_view name() const override { return "one_outcome"; }
  void on_leased(Accepted& message, queue::Lease const& lease, Scenario const&, Instant) override {
    for (std::uint32_t const index : lease.recipients) {
      if (index >= message.addressees.size()) fail("a lease of a recipient that is not there");
      Addressee const& one = message.addressees[index];
      if (one.ended) fail(message.id.text() + ": " + one.address + " is tried behind its end");
    }
  }
  void on_entry(Accepted& message, journal::Entry const& entry) override {
    if (entry.kind != journal::Kind::deferred) return;
    for (journal::Field const& field : entry.fields) {
      if (field.key != journal::Key::recipient) continue;
      Addressee const* const one = message.find(field.value);
      if (one == nullptr || one->ended) fail(field.value + " is deferred behind its end");
    }
  }
};
}  // namespace
std::unique_ptr<Checker> make_one_outcome() { return std::make_unique<OneOutcome>(); }
}  // namespace pb::sim
