// delivery_attempt.cpp: does what the plan says over real connections, and changes the content
// where a next hop needs that. Spec: delivery/attempt_plan.hpp.   Tests: delivery_agent_test.cpp
#include "runtime/delivery_attempt.hpp"

#include <fmt/format.h>

#include <utility>

#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "base/utf8.hpp"
#include "mail/header_section.hpp"
#include "mail/transfer_encoding.hpp"

namespace pb::runtime {
namespace client = smtp::client;
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
          bool const& cancelled, SettleSome const& settle_some)
      : settings_{std::move(settings)},
        tools_{tools},
        job_{job},
        connection_{connection},
        cancelled_{cancelled},
        settle_some_{settle_some},
        plan_{job.route, job.recipients} {}

  asio::awaitable<AttemptResult> run() {
    look_at_content();
    co_await walk();
    if (plan_.lacks_eight_bit() && prepare_without_eight_bit()) {
      plan_.retry_without_eight_bit();
      co_await walk();
    }
    co_return AttemptResult{plan_.finish(), std::move(transcripts_), plan_.showed(cancelled_)};
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
  void log_outcome_unknown(client::Transcript const& transcript) const;
  [[nodiscard]] std::string ids() const { return job_.leased.lease.id.text(); }

  std::shared_ptr<DeliverySettings const> settings_;  // shared: a reload may swap it meanwhile
  DeliveryTools const& tools_;
  DeliveryJob const& job_;
  std::unique_ptr<SmtpClientConnection>& connection_;
  bool const& cancelled_;
  SettleSome const& settle_some_;
  delivery::AttemptPlan plan_;
  std::vector<queue::Transcript> transcripts_;  // not handed over yet
  bool eight_bit_ = false;
  bool eight_bit_anyway_ = false;
  bool header_utf8_ = false;
  std::optional<std::string> converted_;
  std::string gathered_;
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
  while (!cancelled_ && !plan_.recipients().empty() && ensure_connection()) co_await step();
}

bool Attempt::ensure_connection() {
  if (connection_ && connection_->usable()) return true;
  connection_.reset();
  delivery::Hop const* const hop = plan_.hop();
  if (hop == nullptr) return false;
  connection_ = std::make_unique<SmtpClientConnection>(options_for(*hop), tools_.tls, tools_.clock,
                                                       tools_.shared_buffer);
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
  session.tls = plan_.tls(hop);
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
  for (std::uint32_t const recipient : plan_.recipients())
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
  bool const reused = connection_->reused();
  ReadContent const content = [this](std::uint64_t offset, std::size_t octets_max) {
    return read(offset, octets_max);
  };
  client::Transcript const transcript = co_await connection_->deliver(transaction(), content);
  transcripts_.push_back(connection_->take_transcript());
  log_outcome_unknown(transcript);
  Next const next = plan_.take(transcript, hop, reused);
  if (plan_.more())
    if (auto delivered = plan_.take_delivered(); !delivered.empty())
      settle_some_(std::move(delivered), std::exchange(transcripts_, {}));
  if (next != Next::settle && next != Next::new_transaction) co_await drop_connection();
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
                                                bool const& cancelled,
                                                SettleSome const& settle_some) {
  Attempt attempt{std::move(settings), tools, job, connection, cancelled, settle_some};
  co_return co_await attempt.run();
}
}  // namespace pb::runtime
