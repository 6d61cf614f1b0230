// mail_auth_intake.cpp: see mail_auth_intake.hpp.
// Spec: RFC 8601 §2.7, RFC 6376 §5. Not here: the mechanisms (mail_auth, dkim/sign).
#include "runtime/mail_auth_intake.hpp"

#include <mutex>
#include <utility>
#include <vector>

namespace pb::runtime {
namespace {
using policy::Disposal;
using smtp::server::CommitAnswer;
using smtp::server::CommitResult;
using smtp::server::SessionFacts;
using smtp::server::SinkAnswer;

/// Digests on the way to the inner sink: for the signatures that came, or for ours.
class AuthSink final : public BodySink {
 public:
  AuthSink(std::unique_ptr<BodySink> inner, MailAuth verifier, bool will_be_sealed)
      : inner_{std::move(inner)}, verifier_{std::move(verifier)} {
    if (will_be_sealed) digest_body();
  }
  AuthSink(std::unique_ptr<BodySink> inner, std::vector<dkim::SigningKey> keys)
      : inner_{std::move(inner)}, keys_{std::move(keys)} {
    digest_body();
  }
  std::optional<SinkAnswer> append(std::string_view bytes) override {
    if (verifier_) verifier_->body(bytes);
    if (body_) body_->update(bytes);
    return inner_->append(bytes);
  }
  asio::awaitable<SinkAnswer> settle() override { co_return co_await inner_->settle(); }

  std::unique_ptr<BodySink> take_inner() { return std::move(inner_); }
  /// Null: it is to be signed.
  MailAuth* verifier() { return verifier_ ? &*verifier_ : nullptr; }
  std::vector<dkim::SigningKey> take_keys() { return std::move(keys_); }
  [[nodiscard]] bool has_body_digest() const { return body_.has_value(); }
  dkim::BodyHash const& finish_body() {
    body_->finish();
    return *body_;
  }

 private:
  void digest_body() {
    body_.emplace(dkim::Canonicalization::relaxed, dkim::Hash::sha256, std::nullopt);
  }
  std::unique_ptr<BodySink> inner_;
  std::optional<MailAuth> verifier_;
  std::vector<dkim::SigningKey> keys_;
  std::optional<dkim::BodyHash> body_;
};

/// All questions of one message within one wait: an attacker's chain of slow names ends.
class HurriedResolver final : public Resolver {
 public:
  HurriedResolver(Resolver& inner, Clock const& clock, Instant until)
      : inner_{inner}, clock_{clock}, until_{until} {}
  asio::awaitable<dns::Answer> ask(dns::Question question) override {
    if (clock_.now() >= until_) co_return dns::Failed{dns::Failure::timeout};
    co_return co_await inner_.ask(std::move(question));
  }

 private:
  Resolver& inner_;
  Clock const& clock_;
  Instant const until_;
};

/// Parsed keys, lent to one message at a time.
class KeyCaches {
 public:
  std::unique_ptr<dkim::KeyCache> take() {
    std::lock_guard const lock{mutex_};
    if (idle_.empty()) return std::make_unique<dkim::KeyCache>(keys_max);
    auto out = std::move(idle_.back());
    idle_.pop_back();
    return out;
  }
  void give_back(std::unique_ptr<dkim::KeyCache> cache) {
    std::lock_guard const lock{mutex_};
    if (idle_.size() < idle_max) idle_.push_back(std::move(cache));
  }

 private:
  static constexpr std::size_t keys_max = 256;
  static constexpr std::size_t idle_max = 16;
  std::mutex mutex_;
  std::vector<std::unique_ptr<dkim::KeyCache>> idle_;
};

class MailAuthIntake final : public Intake {
 public:
  MailAuthIntake(std::shared_ptr<Intake> inner, Resolver& resolver, Clock const& clock, Log& log,
                 MailAuthSettings settings)
      : inner_{std::move(inner)},
        resolver_{resolver},
        clock_{clock},
        log_{log},
        settings_{std::move(settings)} {}
  QueueId make_id() override { return inner_->make_id(); }
  std::unique_ptr<BodySink> open_body(QueueId id) override { return inner_->open_body(id); }
  std::unique_ptr<BodySink> open_body_of(QueueId id, SessionFacts const& facts) override;
  asio::awaitable<CommitAnswer> commit(AcceptedMessage message) override;

 private:
  asio::awaitable<std::optional<CommitResult>> verify(AcceptedMessage& message, AuthSink& sink);
  void seal(AcceptedMessage& message, MailAuthFindings const& found,
            authres::Results const& results, AuthSink& sink);
  Disposal settle(AcceptedMessage& message, MailAuthFindings const& found);
  void log_findings(AcceptedMessage const& message, MailAuthFindings const& found,
                    std::string_view then);
  void sign(AcceptedMessage& message, AuthSink& sink);

  std::shared_ptr<Intake> inner_;  // shared with nobody else: owned here
  Resolver& resolver_;
  Clock const& clock_;
  Log& log_;
  MailAuthSettings const settings_;
  KeyCaches keys_;
};

std::unique_ptr<BodySink> MailAuthIntake::open_body_of(QueueId id, SessionFacts const& facts) {
  auto inner = inner_->open_body_of(id, facts);
  mail::HeaderSection const* const header = facts.message.header;
  if (header == nullptr) return inner;
  bool const ours = !facts.account.empty() || facts.peer.trusted;
  if (ours) {
    auto keys = settings_.signer->keys_for(*header);
    if (keys.empty()) return inner;
    return std::make_unique<AuthSink>(std::move(inner), std::move(keys));
  }
  if (!settings_.verifies(facts)) return inner;
  bool const sealed = settings_.sealing && settings_.sealing->leads_elsewhere(facts.envelope);
  return std::make_unique<AuthSink>(std::move(inner), MailAuth{*header, {}}, sealed);
}

/// The result with which it ends here; none: it goes on.
asio::awaitable<std::optional<CommitResult>> MailAuthIntake::verify(AcceptedMessage& message,
                                                                    AuthSink& sink) {
  MailAuthSender sender;
  sender.ip = message.facts.peer.peer.address;
  sender.helo = message.facts.helo;
  mail::ReversePath const& path = message.message.envelope.reverse_path;
  if (path.mailbox) sender.mail_from = path.mailbox->local_part + '@' + path.mailbox->domain.key();
  sender.receiver = settings_.hostname;
  Instant const now = clock_.now();
  HurriedResolver hurried{resolver_, clock_, now + settings_.dns_wait};
  auto keys = keys_.take();
  MailAuthFindings const found = co_await sink.verifier()->finish(hurried, sender, now, *keys);
  keys_.give_back(std::move(keys));
  if (found.is_temporary()) {
    log_findings(message, found, "defer");
    co_return CommitResult::deferred_dns;
  }
  authres::Results const results = results_of(found, sender, settings_.hostname);
  message.message.trace = authres::field(results) + message.message.trace;
  message.spf_failed = found.mail_from && found.mail_from->word == spf::Word::fail;
  bool const spared = policy::is_spared(found.dmarc, found.arc, settings_.trust);
  Disposal const disposal = spared ? Disposal::deliver : settle(message, found);
  if (settings_.on_dmarc) settings_.on_dmarc({found, sender, disposal, spared, now});
  log_findings(message, found, policy::text(disposal));
  if (disposal == Disposal::refuse) co_return CommitResult::refused_dmarc;
  if (sink.has_body_digest()) seal(message, found, results, sink);
  co_return std::nullopt;
}

Disposal MailAuthIntake::settle(AcceptedMessage& message, MailAuthFindings const& found) {
  auto const action = settings_.action_of(message.facts, message.message.envelope);
  Disposal const disposal = policy::dispose(action, found.dmarc);
  smtp::server::Verdict& verdict = message.message.verdict;
  switch (disposal) {
    case Disposal::deliver:
    case Disposal::refuse:
      break;
    case Disposal::junk:
      message.junk = true;
      break;
    case Disposal::mark:
      message.junk = true;
      message.message.trace = "X-Spam-Flag: YES\r\n" + message.message.trace;
      break;
    case Disposal::hold:
      message.junk = true;  // should an operator let it go
      if (verdict.action == smtp::server::Action::accept) {
        verdict.action = smtp::server::Action::hold;
        verdict.rule = "dmarc";
      }
      break;
  }
  return disposal;
}

/// A chain that only DNS kept from holding is not ended by us: no seal is put on it.
void MailAuthIntake::seal(AcceptedMessage& message, MailAuthFindings const& found,
                          authres::Results const& results, AuthSink& sink) {
  if (found.arc.temporary) return;
  auto const fields = runtime::seal(*settings_.sealing, message.message.header, found.arc.word,
                                    results, clock_.now(), sink.finish_body());
  if (fields) {
    message.message.trace = *fields + message.message.trace;
  } else {
    log_.warning("not-sealed",
                 {{"message", message.id.text()}, {"why", std::string{arc::text(fields.error())}}});
  }
}

void MailAuthIntake::log_findings(AcceptedMessage const& message, MailAuthFindings const& found,
                                  std::string_view then) {
  std::string dkim;
  for (dkim::SignatureResult const& one : found.dkim) {
    if (!dkim.empty()) dkim += ' ';
    dkim.append(dkim::text(one.word)).append(":").append(one.domain);
  }
  log_.info("authenticated",
            {{"session", message.facts.session.text()},
             {"message", message.id.text()},
             {"from", found.dmarc.author_domain},
             {"spf", found.mail_from ? std::string{spf::text(found.mail_from->word)} : "-"},
             {"dkim", dkim.empty() ? "none" : std::move(dkim)},
             {"dmarc", std::string{dmarc::text(found.dmarc.word)}},
             {"then", std::string{then}}});
}

void MailAuthIntake::sign(AcceptedMessage& message, AuthSink& sink) {
  dkim::SignOptions options;
  options.now = clock_.now();
  auto const fields = dkim::Signer::sign(message.message.header, sink.take_keys(),
                                         std::move(options), sink.finish_body());
  if (fields) {
    message.message.trace = *fields + message.message.trace;
  } else {
    log_.warning("not-signed", {{"message", message.id.text()},
                                {"why", std::string{dkim::text(fields.error())}}});
  }
}

asio::awaitable<CommitAnswer> MailAuthIntake::commit(AcceptedMessage message) {
  auto* const sink = dynamic_cast<AuthSink*>(message.body.get());
  if (sink == nullptr) co_return co_await inner_->commit(std::move(message));
  if (sink->verifier() != nullptr) {
    auto const ended = co_await verify(message, *sink);
    if (ended) co_return CommitAnswer{.result = *ended, .queue_id = message.id};
  } else {
    sign(message, *sink);
  }
  message.body = sink->take_inner();
  co_return co_await inner_->commit(std::move(message));
}
}  // namespace

std::shared_ptr<Intake> make_mail_auth_intake(std::shared_ptr<Intake> inner, Resolver& resolver,
                                              Clock const& clock, Log& log,
                                              MailAuthSettings settings) {
  return std::make_shared<MailAuthIntake>(std::move(inner), resolver, clock, log,
                                          std::move(settings));
}
}  // namespace pb::runtime
