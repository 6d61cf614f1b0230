// welcome.cpp: who keeps to the rules gets mail in: never refused for good, and mostly taken.
// Spec: RFC 5321 §4.2.1 (5yz: do not come again).            Not here: who may not (strangers.cpp).
#include <algorithm>
#include <set>

#include "sim/checkers/checker.hpp"

namespace pb::sim {
namespace {
/// Fewer prove nothing: a seed may be unlucky.
constexpr std::size_t letters_min = 20;

class Welcome final : public Checker {
 public:
  std::string_view name() const override { return "welcome"; }
  void on_refusal(Letter const& letter, std::string_view reply) override {
    fail("letter " + std::to_string(letter.number) +
         " was refused for good: " + std::string{reply});
  }
  void on_end(End const& end) override {
    auto const& letters = end.ledger.letters();
    auto const honest = static_cast<std::size_t>(
        std::ranges::count_if(letters, [](Letter const& one) { return !one.forbidden; }));
    std::set<Letter const*> taken;
    for (auto const& [id, message] : end.ledger.accepted())
      if (message.acknowledged) taken.insert(message.letter);
    if (honest >= letters_min && taken.size() < honest / 2)
      fail("of " + std::to_string(honest) + " letters " + std::to_string(taken.size()) +
           " were taken");
  }
};
}  // namespace
std::unique_ptr<Checker> make_welcome() { return std::make_unique<Welcome>(); }
}  // namespace pb::sim
