// strangers.cpp: no unknown recipient is accepted, and nobody sends who may not; what was smuggled
// is no message. Spec: RFC 5321 §7.9, §4.1.1.4.          Not here: limits
// (limits.cpp).
#include <algorithm>
#include <string>

#include "sim/checkers/checker.hpp"
#include "sim/people.hpp"

namespace pb::sim {
namespace {
class Strangers final : public Checker {
 public:
  std::string_view name() const override { return "strangers"; }
  void on_accepted(Accepted& message, std::string_view content, bool stranger) override {
    if (message.letter == nullptr) fail("a message that nobody wrote was taken");
    if (message.letter->forbidden) fail("taken, and must not be: " + subject(content));
    for (Addressee const& one : message.addressees) {
      auto const& wanted = message.letter->recipients;
      if (std::find(wanted.begin(), wanted.end(), one.address) == wanted.end())
        fail(one.address + " is no recipient of letter " + std::to_string(message.letter->number) +
             " to " + (wanted.empty() ? "nobody" : wanted.front()));
      mail::Mailbox const& mailbox = message.message->envelope.forward_paths[one.index].mailbox;
      bool const known = directory().recipient(mailbox).state == accounts::RecipientState::known;
      if (stranger && (one.domain != "our.test" || !known))
        fail("a stranger may send to " + one.address);
    }
  }

 private:
  static std::string subject(std::string_view content) {
    auto const at = content.find("Subject: ");
    return at == std::string_view::npos ? "" : std::string{content.substr(at + 9, 16)};
  }
};
}  // namespace
std::unique_ptr<Checker> make_strangers() { return std::make_unique<Strangers>(); }
}  // namespace pb::sim
