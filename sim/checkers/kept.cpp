// kept.cpp: a message answered 250 is ever after queued, or settled with a journal entry for each
// of its recipients. Spec: RFC 5321 §6.1.                Not here: when it was
// durable.
#include "queue/message_record.hpp"
#include "sim/checkers/checker.hpp"

namespace pb::sim {
namespace {
class Kept final : public Checker {
 public:
  std::string_view name() const override { return "kept"; }
  void on_restart(Ledger& ledger, SimStore const& store) override {
    for (auto const& [id, message] : ledger.accepted()) {
      if (!message.acknowledged) continue;
      if (store.read(queue::Family::envelopes, queue::envelope_key(message.id))) continue;
      for (Addressee const& one : message.addressees) {
        if (!one.ended && !one.steered)
          fail(message.id.text() + " for " + one.address + " was answered 250 and is nowhere");
      }
    }
  }
};
}  // namespace
std::unique_ptr<Checker> make_kept() { return std::make_unique<Kept>(); }
}  // namespace pb::sim
