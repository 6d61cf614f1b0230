// null_path.cpp: a null reverse-path never causes a report; who is to be told is told.
// Spec: RFC 5321 §4.5.5, §6.1; RFC 3461 §4.1.             Not here: a report's words.
#include <algorithm>

#include "sim/checkers/checker.hpp"

namespace pb::sim {
namespace {
using journal::Kind;

class NullPath final : public Checker {
 public:
  std::string_view name() const override { return "null_path"; }
  void on_report(Accepted& original, queue::ReportItem const& item) override {
    if (original.message->envelope.reverse_path.is_null())
      fail(original.id.text() + " has no reverse-path, and there is a report about it");
    auto const& notify = original.message->envelope.forward_paths[item.recipient].notify;
    if (notify.specified && notify.never) fail("a report that NOTIFY=NEVER forbids");
  }
  void on_end(End const& end) override {
    for (auto const& [id, message] : end.ledger.accepted()) {
      if (message.message->envelope.reverse_path.is_null()) continue;
      for (Addressee const& one : message.addressees) {
        bool const failed = one.ended == Kind::bounced || one.ended == Kind::expired;
        if (!failed || one.steered) continue;
        auto const& notify = message.message->envelope.forward_paths[one.index].notify;
        bool const wanted = !notify.specified || (!notify.never && notify.failure);
        if (wanted && !was_told(end, message.id, one.index))
          fail(message.id.text() + ": nobody was told that " + one.address + " got nothing");
      }
    }
  }

 private:
  static bool was_told(End const& end, QueueId about, std::uint32_t index) {
    return std::ranges::any_of(end.ledger.accepted(), [&](auto const& entry) {
      Accepted const& report = entry.second;
      return report.about == about && end.store.was_durable(report.id) &&
             std::ranges::find(report.covers, index) != report.covers.end();
    });
  }
};
}  // namespace
std::unique_ptr<Checker> make_null_path() { return std::make_unique<NullPath>(); }
}  // namespace pb::sim
