// unchanged.cpp: what came in goes on octet by octet, but for trace fields in front.
// Spec: RFC 5321 §4.4, §4.5.2.                                    Not here: what we edit
// (edit.cpp).
#include "sim/checkers/checker.hpp"

namespace pb::sim {
namespace {
class Unchanged final : public Checker {
 public:
  std::string_view name() const override { return "unchanged"; }
  void on_accepted(Accepted& message, std::string_view content, bool) override {
    if (message.letter != nullptr && !message.letter->forbidden &&
        content != message.letter->content)
      fail(message.id.text() + " is not what was sent");
  }
  void on_delivery(Delivery const& delivery, Instant) override {
    if (!delivery.content.starts_with("Received: ")) fail("a message without our trace field");
    Letter const* const letter = delivery.message.letter;
    if (letter != nullptr && !delivery.content.ends_with(letter->content))
      fail(delivery.message.id.text() + " did not arrive as it was sent");
  }
};
}  // namespace
std::unique_ptr<Checker> make_unchanged() { return std::make_unique<Unchanged>(); }
}  // namespace pb::sim
