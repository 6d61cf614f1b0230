// just_bounces.cpp: a recipient bounces only when a next hop refused it for good, or when the DNS
// is sure that there is nobody; it expires only when its time is over.
// Spec: RFC 5321 §4.2.1, §4.5.4.1; dns/answer.hpp.              Not here: who is told (null_path).
#include <algorithm>

#include "sim/checkers/checker.hpp"

namespace pb::sim {
namespace {
using journal::Kind;

class JustBounces final : public Checker {
 public:
  std::string_view name() const override { return "just_bounces"; }
  void on_entry(Accepted& message, journal::Entry const& entry) override {
    if (entry.kind == Kind::expired && entry.at < message.message->expires_at)
      fail(message.id.text() + " expired before its time");
    if (entry.kind == Kind::delivered) return on_delivered(message, entry);
    if (entry.kind != Kind::bounced) return;
    for (journal::Field const& field : entry.fields) {
      if (field.key != journal::Key::recipient) continue;
      Addressee const* const one = message.find(field.value);
      if (one == nullptr) continue;
      bool const nowhere = one->domain == "nowhere.test" || one->domain == "null.test";
      if (!nowhere && !one->refused && !one->steered)
        fail(message.id.text() + ": " + one->address + " bounced, and nobody refused it");
    }
  }

 private:
  /// And delivered is what somebody has.
  void on_delivered(Accepted& message, journal::Entry const& entry) {
    for (journal::Field const& field : entry.fields) {
      if (field.key != journal::Key::recipient) continue;
      Addressee const* const one = message.find(field.value);
      if (one != nullptr && one->receipts.empty())
        fail(message.id.text() + ": " + one->address + " is called delivered, and nobody has it");
    }
  }
};
}  // namespace
std::unique_ptr<Checker> make_just_bounces() { return std::make_unique<JustBounces>(); }
}  // namespace pb::sim
