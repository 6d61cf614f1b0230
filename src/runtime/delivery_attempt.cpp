// delivery_attempt.cpp: the walk over hosts; each decision of classify() moves it on.
// Spec: delivery/classify.hpp.                                    Tests: delivery_agent_test.cpp
#include "runtime/delivery_attempt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "mail/header_section.hpp"
#include "mail/transfer_encoding.hpp"

namespace pb::runtime {
namespace client = smtp::client;
using delivery::Decision;
using delivery::Next;

namespace {
std::optional<mail::HeaderSection> header_of(MessageBytes& bytes) {
  std::string front;
  while (front.size() < limits::header_section_octets_max) {
    auto const part = bytes.read(front.size(), 16 * 1024);
    if (!part) return std::nullopt;
    if (part->empty()) break;
    std::size_t const from = front.size() < 3 ? 0 : front.size() - 3;
    front += *part;
    auto const end = front.find("\r\n\r\n", from);
    if (end == std::string::npos) continue;
    front.resize(end + 2);
    break;
  }
  auto parsed = mail::HeaderSection::parse(std::move(front));
  if (!parsed) return std::nullopt;
  return std::move(*parsed);
}

/// Signatures break when content changes (RFC 6376 §3.4, RFC 1847 §2.1, §2.2).
bool is_signed(mail::HeaderSection const& header) {
  if (header.count("DKIM-Signature") != 0) return true;
  auto const type = header.find("Content-Type");
  if (!type) return false;
  std::string const value = ascii::to_lower(mail::unfold(type->value));
  return value.starts_with("multipart/signed") || value.starts_with("multipart/encrypted");
}

class Attempt {
 public:
  Attempt(std::shared_ptr<DeliverySettings const> settings, DeliveryTools const& tools,
          DeliveryJob const& job, std::unique_ptr<SmtpClientConnection>& connection,
          bool const& cancelled)
      : settings_{std::move(settings)},
        tools_{tools},
        job_{job},
        connection_{connection},
        cancelled_{cancelled},
        hops_{delivery::choose_hops(job.route.hops)},
        pending_{job.recipients} {}

  asio::awaitable<AttemptResult> run() {
    look_at_content();
    co_await walk();
    if (!lack_eight_bit_.empty() && prepare_without_eight_bit()) {
      pending_ = std::exchange(lack_eight_bit_, {});
      hop_ = 0;
      in_the_clear_ = false;
      co_await walk();
    }
    queue::Deferred untried;
    untried.reason = queue::Reason::shutting_down;
    untried.attempted = false;
    for (std::uint32_t const recipient : job_.recipients) last_.try_emplace(recipient, untried);
    for (auto& [recipient, outcome] : last_)
      result_.outcomes.push_back({recipient, std::move(outcome)});
    result_.showed = showed();
    co_return std::move(result_);
  }

 private:
  asio::awaitable<void> walk();
  asio::awaitable<void> step();
  asio::awaitable<void> drop_connection();
  bool ensure_connection();
  [[nodiscard]] ClientConnectionOptions options_for(delivery::Hop const& hop);
  [[nodiscard]] client::Transaction transaction() const;
  std::optional<std::string_view> read(std::uint64_t offset, std::size_t octets_max);
  void look_at_content();
  bool prepare_without_eight_bit();
  Next apply(std::vector<Decision> const& decisions);
  void note_progress(client::Transcript const& transcript);
  [[nodiscard]] delivery::Showed showed() const;
  void log_outcome_unknown(client::Transcript const& transcript) const;
  [[nodiscard]] std::string ids() const { return job_.leased.lease.id.text(); }

  std::shared_ptr<DeliverySettings const> settings_;  // shared: a reload may swap it meanwhile
  DeliveryTools const& tools_;
  DeliveryJob const& job_;
  std::unique_ptr<SmtpClientConnection>& connection_;
  bool const& cancelled_;
  std::vector<delivery::Hop> hops_;
  std::size_t hop_ = 0;
  std::vector<std::uint32_t> pending_;  // to be tried at the current hop
  std::vector<std::uint32_t> next_;     // to be tried at the one behind it
  std::vector<std::uint32_t> lack_eight_bit_;
  std::map<std::uint32_t, queue::Outcome> last_;  // the outcome if nothing better comes
  AttemptResult result_;
  bool reconnected_ = false;
  bool in_the_clear_ = false;  // at the current hop
  bool eight_bit_ = false;
  bool eight_bit_anyway_ = false;
  bool header_utf8_ = false;
  std::optional<std::string> converted_;
  std::string gathered_;
  bool reached_ = false;
  bool throttled_ = false;
  bool own_fault_ = false;
};

void Attempt::look_at_content() {
  eight_bit_ = job_.leased.lease.message->eight_bit;
  if (!eight_bit_) return;
  auto const header = header_of(*job_.leased.bytes);
  // Octets that are no UTF-8 are not what SMTPUTF8 allows either (RFC 6532 §3): they go as they
  // came.
  header_utf8_ = header && !utf8::is_ascii(header->bytes()) && utf8::valid(header->bytes());
}

/// False: what cannot be sent stays undelivered, with the outcome it has (5.6.3).
bool Attempt::prepare_without_eight_bit() {
  delivery::EightBit const wish = settings_->eight_bit;
  if (wish == delivery::EightBit::bounce) return false;
  auto const header = header_of(*job_.leased.bytes);
  bool as_it_is = wish == delivery::EightBit::send || !header;
  if (wish == delivery::EightBit::automatic && header) as_it_is = is_signed(*header);
  if (!as_it_is) {
    auto content = job_.leased.bytes->read_all(settings_->convert_octets_max);
    if (content) converted_ = mail::to_seven_bit(*content);
  }
  if (converted_) {
    eight_bit_ = false;
  } else {
    eight_bit_anyway_ = true;
    tools_.log.info("eight_bit_sent_anyway", {{"message", ids()}, {"site", job_.route.site}});
  }
  return true;
}

asio::awaitable<void> Attempt::walk() {
  while (!cancelled_) {
    if (pending_.empty()) {
      if (next_.empty()) co_return;
      pending_ = std::exchange(next_, {});
    }
    if (!ensure_connection()) co_return;
    co_await step();
  }
}

bool Attempt::ensure_connection() {
  if (connection_ && connection_->usable()) return true;
  connection_.reset();
  if (hop_ >= hops_.size()) return false;
  connection_ = std::make_unique<SmtpClientConnection>(options_for(hops_[hop_]), tools_.tls,
                                                       tools_.clock, tools_.shared_buffer);
  return true;
}

ClientConnectionOptions Attempt::options_for(delivery::Hop const& hop) {
  ClientConnectionOptions options;
  options.hop = hop;
  options.connect_wait = settings_->connect_wait;
  options.wait_max = settings_->wait_max;
  options.sessions = tools_.sessions;
  client::Settings& session = options.session;
  session.ehlo_name = settings_->routes->hostname;
  session.protocol =
      job_.route.kind == delivery::HopKind::lmtp ? client::Protocol::lmtp : client::Protocol::smtp;
  session.tls = in_the_clear_ ? client::TlsUse::never : hop.tls;
  session.server_host = hop.host;
  session.server_port = hop.endpoint.port;
  auto const credentials = settings_->routes->credentials.find(hop.host);
  if (hop.has_credentials && credentials != settings_->routes->credentials.end()) {
    session.credentials = credentials->second;
    session.client_nonce = hex_encode(tools_.random.bytes(16));
  }
  auto const egress = settings_->egress.find(job_.route.egress);
  if (egress != settings_->egress.end()) {
    bool const v4 = hop.endpoint.address.is_v4();
    options.source = v4 ? egress->second.source_v4 : egress->second.source_v6;
    if (!egress->second.ehlo.empty()) session.ehlo_name = egress->second.ehlo;
  }
  return options;
}

client::Transaction Attempt::transaction() const {
  queue::QueuedMessage const& message = *job_.leased.lease.message;
  client::Transaction out;
  out.envelope = message.envelope;
  out.envelope.reverse_path = job_.reverse_path;
  out.envelope.forward_paths.clear();
  for (std::uint32_t const recipient : pending_)
    out.envelope.forward_paths.push_back(message.envelope.forward_paths[recipient]);
  out.octets = converted_ ? converted_->size() : job_.leased.bytes->octets();
  out.eight_bit = eight_bit_;
  out.eight_bit_anyway = eight_bit_anyway_;
  out.header_utf8 = header_utf8_;
  if (message.envelope.deliver_by) {
    auto const left = *message.envelope.deliver_by - tools_.clock.now();
    out.deliver_by_seconds = std::chrono::duration_cast<std::chrono::seconds>(left).count();
  }
  return out;
}

std::optional<std::string_view> Attempt::read(std::uint64_t offset, std::size_t octets_max) {
  if (converted_) return std::string_view{*converted_}.substr(offset, octets_max);
  gathered_.clear();  // parts of a message in one write: trace and body rest apart
  while (gathered_.size() < octets_max) {
    auto const part =
        job_.leased.bytes->read(offset + gathered_.size(), octets_max - gathered_.size());
    if (!part) return std::nullopt;
    if (part->empty()) break;
    if (gathered_.empty() && part->size() == octets_max) return *part;
    gathered_.append(*part);
  }
  return std::string_view{gathered_};
}

asio::awaitable<void> Attempt::step() {
  delivery::Hop const hop = connection_->hop();
  delivery::HopFacts facts{hop.text(), job_.route.kind, hop.tls, connection_->reused()};
  if (in_the_clear_) facts.tls = client::TlsUse::never;
  ReadContent const content = [this](std::uint64_t offset, std::size_t octets_max) {
    return read(offset, octets_max);
  };
  client::Transcript const transcript = co_await connection_->deliver(transaction(), content);
  result_.transcripts.push_back(connection_->take_transcript());
  note_progress(transcript);
  log_outcome_unknown(transcript);
  Next const next = apply(classify(transcript, facts));
  if (next == Next::settle || next == Next::new_transaction) co_return;
  co_await drop_connection();
  if (next == Next::reconnect || next == Next::in_the_clear) {
    auto const same = std::ranges::find(hops_, hop);
    if (same != hops_.end()) hop_ = static_cast<std::size_t>(same - hops_.begin());
    co_return;
  }
  auto const tried = std::ranges::find(hops_, hop);
  if (tried != hops_.end()) hop_ = static_cast<std::size_t>(tried - hops_.begin()) + 1;
  in_the_clear_ = false;
}

/// What is to be done now; pending_ and next_ are set for it.
Next Attempt::apply(std::vector<Decision> const& decisions) {
  std::vector<std::uint32_t> again, elsewhere;
  bool progress = false, reconnect = false, clear = false;
  for (std::size_t i = 0; i < decisions.size(); ++i) {
    std::uint32_t const recipient = pending_[i];
    Decision const& decision = decisions[i];
    auto const before = last_.find(recipient);
    bool const final = decision.next == Next::settle;
    queue::Outcome outcome = decision.outcome;
    if (!final && before != last_.end()) outcome = delivery::milder(before->second, outcome);
    last_.insert_or_assign(recipient, std::move(outcome));
    progress = progress || final;
    if (final) std::erase(lack_eight_bit_, recipient);
    reconnect = reconnect || decision.next == Next::reconnect;
    clear = clear || decision.next == Next::in_the_clear;
    if (decision.next == Next::new_transaction)
      again.push_back(recipient);
    else if (!final)
      elsewhere.push_back(recipient);
    if (decision.next == Next::eight_bit &&
        std::ranges::find(lack_eight_bit_, recipient) == lack_eight_bit_.end())
      lack_eight_bit_.push_back(recipient);
  }
  next_.insert(next_.end(), elsewhere.begin(), elsewhere.end());
  pending_ = std::move(again);
  if (!pending_.empty() && progress) return Next::new_transaction;
  next_.insert(next_.end(), pending_.begin(), pending_.end());
  pending_ = std::exchange(next_, {});
  if (pending_.empty()) return Next::settle;
  if (reconnect && !reconnected_) {
    reconnected_ = true;
    return Next::reconnect;
  }
  if (clear && !in_the_clear_) {
    in_the_clear_ = true;
    return Next::in_the_clear;
  }
  return Next::next_hop;
}

void Attempt::note_progress(client::Transcript const& transcript) {
  if (transcript.fault == client::Fault::service_closing) throttled_ = true;
  if (transcript.fault == client::Fault::cancelled ||
      transcript.fault == client::Fault::body_failed)
    own_fault_ = true;
  bool const setup = transcript.phase < client::Phase::rset;
  if (transcript.fault == client::Fault::none || !setup) reached_ = true;
}

delivery::Showed Attempt::showed() const {
  if (throttled_) return delivery::Showed::throttles;
  return reached_ || own_fault_ || cancelled_ ? delivery::Showed::works : delivery::Showed::is_down;
}

void Attempt::log_outcome_unknown(client::Transcript const& transcript) const {
  if (!transcript.end_of_data_sent || transcript.fault == client::Fault::none) return;
  tools_.log.warning(
      "outcome_unknown",
      {{"message", ids()},
       {"host", connection_->hop().text()},
       {"fault", std::string{client::name_of(transcript.fault)}},
       {"text", "no reply behind the end of data: the message may arrive a second time"}});
}

asio::awaitable<void> Attempt::drop_connection() {
  if (!connection_) co_return;
  co_await connection_->quit();
  connection_.reset();
}
}  // namespace

asio::awaitable<AttemptResult> attempt_delivery(std::shared_ptr<DeliverySettings const> settings,
                                                DeliveryTools const& tools, DeliveryJob const& job,
                                                std::unique_ptr<SmtpClientConnection>& connection,
                                                bool const& cancelled) {
  Attempt attempt{std::move(settings), tools, job, connection, cancelled};
  co_return co_await attempt.run();
}
}  // namespace pb::runtime
