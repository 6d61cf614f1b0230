// logged_intake.cpp: an intake that writes a line for each message taken or put off.
// Spec: STYLE.md "Logging" (one line an event, ids first).      Tests: tests/end_to_end
// Not here: taking messages (runtime/queue_intake).
#include "app/logged_intake.hpp"

#include <vector>

#include "app/config.hpp"

namespace pb::app {
namespace {
using smtp::server::CommitAnswer;
using smtp::server::CommitResult;

std::string_view name_of(CommitResult result) {
  switch (result) {
    case CommitResult::durable:
      return "accepted";
    case CommitResult::deferred_no_space:
      return "deferred: no space";
    case CommitResult::deferred_overload:
      return "deferred: too much work";
    case CommitResult::deferred_fault:
      return "deferred: the store failed";
    case CommitResult::deferred_dns:
      return "deferred: DNS did not answer";
    case CommitResult::refused_dmarc:
      return "refused: DMARC";
  }
  return "";
}

/// What the line says, taken before the message is moved away.
std::vector<LogField> fields_of(runtime::AcceptedMessage const& message) {
  mail::Envelope const& envelope = message.message.envelope;
  std::string to;
  if (!envelope.forward_paths.empty()) to = envelope.forward_paths.front().mailbox.text();
  return {{"session", message.facts.session.text()},
          {"message", message.id.text()},
          {"account", message.facts.account},
          {"role", std::string{app::name_of(message.facts.role)}},
          {"tls", message.facts.tls.active ? message.facts.tls.version : "no"},
          {"from", envelope.reverse_path.is_null() ? "<>" : envelope.reverse_path.text()},
          {"to", std::move(to)},
          {"recipients", std::to_string(envelope.forward_paths.size())},
          {"octets", std::to_string(message.message.body_octets)}};
}

class LoggedIntake final : public runtime::Intake {
 public:
  LoggedIntake(std::shared_ptr<runtime::Intake> intake, Log& log)
      : intake_{std::move(intake)}, log_{log} {}
  QueueId make_id() override { return intake_->make_id(); }
  std::unique_ptr<runtime::BodySink> open_body(QueueId id) override {
    return intake_->open_body(id);
  }
  std::unique_ptr<runtime::BodySink> open_body_of(
      QueueId id, smtp::server::SessionFacts const& facts) override {
    return intake_->open_body_of(id, facts);
  }
  boost::asio::awaitable<CommitAnswer> commit(runtime::AcceptedMessage message) override {
    std::vector<LogField> fields = fields_of(message);
    CommitAnswer const answer = co_await intake_->commit(std::move(message));
    bool const good = answer.result == CommitResult::durable;
    std::string_view const event = good ? "accepted" : "not-accepted";
    if (!good) fields.push_back({"why", std::string{name_of(answer.result)}});
    log_.write(good ? LogLevel::info : LogLevel::warning, event, fields);
    co_return answer;
  }

 private:
  std::shared_ptr<runtime::Intake> intake_;  // shared with nobody else: owned here
  Log& log_;
};
}  // namespace

std::shared_ptr<runtime::Intake> logged(std::shared_ptr<runtime::Intake> intake, Log& log) {
  return std::make_shared<LoggedIntake>(std::move(intake), log);
}
}  // namespace pb::app
