// durable_first.cpp: no 250 before the store said that the message is durable.
// Spec: RFC 5321 §6.1.                                Not here: whether it stays
// there.
#include "sim/checkers/checker.hpp"

namespace pb::sim {
namespace {
class DurableFirst final : public Checker {
 public:
  std::string_view name() const override { return "durable_first"; }
  void on_acknowledged(Accepted& message, SimStore const& store) override {
    if (!store.was_durable(message.id)) fail(message.id.text() + " was answered 250 unsynced");
  }
};
}  // namespace
std::unique_ptr<Checker> make_durable_first() { return std::make_unique<DurableFirst>(); }
}  // namespace pb::sim
