// duplicates.cpp: a next hop gets a message twice only when its reply was lost, or when we crashed
// before the settle was durable. Spec: RFC 5321 §6.1.     Not here: loss (kept.cpp).
#include "sim/checkers/checker.hpp"

namespace pb::sim {
namespace {
class Duplicates final : public Checker {
 public:
  std::string_view name() const override { return "duplicates"; }
  void on_delivery(Delivery const& delivery, Instant) override {
    for (Receipt const& receipt : delivery.addressee.receipts) {
      if (receipt.excused) continue;
      // Without a reply, the next attempt comes when the one before it is settled.
      bool const lost = !receipt.known_at && delivery.addressee.settled_at >= receipt.at;
      if (!lost)
        fail(delivery.message.id.text() + " reached " + delivery.addressee.address + " twice");
    }
  }
};
}  // namespace
std::unique_ptr<Checker> make_duplicates() { return std::make_unique<Duplicates>(); }
}  // namespace pb::sim
