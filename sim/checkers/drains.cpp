// drains.cpp: once faults stop, the queue drains, and nothing stays behind in the store.
// Spec: ARCHITECTURE.md "Queue states".                     Not here: where it went.
#include "queue/message_record.hpp"
#include "sim/checkers/checker.hpp"

namespace pb::sim {
namespace {
class Drains final : public Checker {
 public:
  std::string_view name() const override { return "drains"; }
  void on_end(End const& end) override {
    auto const& envelopes = end.store.records(queue::Family::envelopes);
    auto const& bodies = end.store.records(queue::Family::bodies);
    if (end.stats.messages != 0) fail(first(envelopes) + " is still queued");
    if (end.stats.leases_out != 0 || end.stats.reports_due != 0)
      fail("the queue is empty and counts leases or reports");
    if (!envelopes.empty()) fail("a record stayed behind: " + first(envelopes));
    if (!bodies.empty()) fail("a body stayed behind");
    if (!end.store.files().empty()) fail("a body file stayed behind");
    if (end.ran_out_of_time) fail("things go on long after the faults stopped");
  }

 private:
  static std::string first(std::map<std::string, std::string> const& records) {
    auto const key = records.empty() ? std::nullopt : queue::parse_key(records.begin()->first);
    return key ? key->id.text() : "nobody knows what";
  }
};
}  // namespace
std::unique_ptr<Checker> make_drains() { return std::make_unique<Drains>(); }
}  // namespace pb::sim
