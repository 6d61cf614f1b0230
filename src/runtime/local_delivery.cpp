// local_delivery.cpp: an outcome for each recipient of a domain of ours.
// Spec: RFC 3463 §3.2 (5.1.1, 5.7.1), §3.5 (5.4.6).                Tests: delivery_agent_test.cpp
#include "runtime/local_delivery.hpp"

#include <utility>

#include "base/ascii.hpp"
#include "base/limits.hpp"
#include "mail/header_section.hpp"
#include "runtime/maildir.hpp"

namespace pb::runtime {
namespace {
using queue::Bounced;
using queue::Deferred;
using queue::Delivered;
using queue::Destination;
using queue::Outcome;
using queue::Reason;

Outcome bounced(smtp::EnhancedStatus status, Reason reason, std::string text) {
  Bounced out{status, reason, {}};
  out.reply.text = std::move(text);
  return out;
}

Outcome deferred(Reason reason, std::string_view text) {
  Deferred out;
  out.reason = reason;
  out.reply.text = text;
  return out;
}

Outcome delivered(Destination destination) {
  Delivered out;
  out.destination = destination;
  return out;
}

/// RFC 5321 §6.3 counts Received fields; a loop among our own aliases adds none, but a Delivered-To
/// of the same recipient is already there.
bool was_delivered_to(MessageBytes& bytes, std::string const& address) {
  std::string text;
  std::size_t end = std::string::npos;
  while (text.size() < limits::header_section_octets_max && end == std::string::npos) {
    auto const part = bytes.read(text.size(), 16 * 1024);
    if (!part || part->empty()) break;
    std::size_t const from = text.size() < 3 ? 0 : text.size() - 3;
    text += *part;
    end = text.find("\r\n\r\n", from);
  }
  if (end != std::string::npos) text.resize(end + 2);
  auto const header = mail::HeaderSection::parse(std::move(text));
  if (!header) return false;
  for (mail::Field const& field : header->all("Delivered-To"))
    if (ascii::iequals(mail::unfold(field.value), address)) return true;
  return false;
}

Outcome into_maildir(LeasedMessage const& leased, MaildirMessage message) {
  MessageBytes& bytes = *leased.bytes;
  if (was_delivered_to(bytes, message.delivered_to))
    return bounced({5, 4, 6}, Reason::mail_loop, "the message was here before");
  message.reverse_path = leased.lease.message->envelope.reverse_path;
  message.octets = bytes.octets();
  auto const done = deliver_to_maildir(
      message,
      [&bytes](std::uint64_t offset, std::size_t octets_max) -> std::optional<std::string_view> {
        auto const part = bytes.read(offset, octets_max);
        if (!part) return std::nullopt;
        return *part;
      });
  if (done) return delivered(Destination::mailbox);
  switch (done.error()) {
    case MaildirError::unreadable:
      return deferred(Reason::store_fault, name_of(done.error()));
    case MaildirError::bad_name:
    case MaildirError::no_space:
    case MaildirError::permission:
    case MaildirError::io:
      return deferred(Reason::local_fault, name_of(done.error()));
  }
  return deferred(Reason::local_fault, "");
}

struct MaildirPlan {
  std::uint32_t recipient;
  std::optional<Outcome> outcome;  // decided without writing
  MaildirMessage message;
};

MaildirPlan plan(LeasedMessage const& leased, std::uint32_t recipient, LocalDelivery const& local,
                 delivery::RoutingTable const& table, accounts::Directory const& directory,
                 DeliveryTools const& tools) {
  MaildirPlan out{recipient, {}, {}};
  mail::Mailbox const& mailbox = leased.lease.message->envelope.forward_paths[recipient].mailbox;
  accounts::RecipientAnswer const answer = directory.recipient(mailbox);
  // "{account}" is a known account's name or a listed mailbox, never what a peer wrote.
  auto const listed = mail::parse_mailbox(answer.account, mail::Utf8::allow);
  bool const nobody = directory.by_login(answer.account) == nullptr &&
                      !(listed && directory.has_mailbox(*listed)) &&
                      answer.account != accounts::postmaster_mailbox;
  if (answer.state == accounts::RecipientState::full) {
    out.outcome = deferred(Reason::mailbox_full, "the mailbox is full");
  } else if (answer.state != accounts::RecipientState::known || nobody) {
    out.outcome = bounced({5, 1, 1}, Reason::mailbox_unknown, "there is no such mailbox");
  } else {
    auto path =
        maildir_path(std::get<delivery::Maildir>(local.via).pattern, local.domain, answer.account);
    if (!path) {
      out.outcome = deferred(Reason::local_fault, name_of(path.error()));
      return out;
    }
    out.message.directory = std::move(*path);
    // Maildir++: a folder is a Maildir within, its name behind a dot.
    if (leased.lease.message->junk) out.message.directory += "/.Junk";
    out.message.delivered_to = mailbox.text();
    out.message.file_name = maildir_file_name(tools.clock.now(), leased.lease.id.text(), recipient,
                                              tools.random.next(), table.hostname);
  }
  return out;
}

asio::awaitable<std::vector<queue::RecipientOutcome>> deliver_to_maildirs(
    LeasedMessage const& leased, std::vector<MaildirPlan> plans, StoragePool& pool) {
  std::vector<queue::RecipientOutcome> outcomes;
  // One job for all: a message's bytes have one reader at a time.
  bool const taken = co_await pool.run([&leased, &plans, &outcomes] {
    for (MaildirPlan& plan : plans) {
      Outcome outcome =
          plan.outcome ? std::move(*plan.outcome) : into_maildir(leased, std::move(plan.message));
      outcomes.push_back({plan.recipient, std::move(outcome)});
    }
  });
  if (taken) co_return outcomes;
  Deferred busy;
  busy.reason = Reason::site_busy;
  busy.attempted = false;
  for (MaildirPlan const& plan : plans) outcomes.push_back({plan.recipient, busy});
  co_return outcomes;
}
}  // namespace

bool is_local(std::vector<delivery::Via> const& via) {
  if (via.empty()) return false;
  delivery::Via const& first = via.front();
  return std::holds_alternative<delivery::Maildir>(first) ||
         std::holds_alternative<delivery::Sandbox>(first) ||
         std::holds_alternative<delivery::Discard>(first) ||
         std::holds_alternative<delivery::Reject>(first);
}

asio::awaitable<std::vector<queue::RecipientOutcome>> deliver_locally(
    LeasedMessage const& leased, LocalDelivery local, delivery::RoutingTable const& table,
    StoragePool& pool, accounts::Directory const& directory, DeliveryTools const& tools) {
  if (std::holds_alternative<delivery::Maildir>(local.via)) {
    std::vector<MaildirPlan> plans;
    for (std::uint32_t const recipient : local.recipients)
      plans.push_back(plan(leased, recipient, local, table, directory, tools));
    co_return co_await deliver_to_maildirs(leased, std::move(plans), pool);
  }
  Outcome outcome = delivered(Destination::discarded);
  if (std::holds_alternative<delivery::Sandbox>(local.via))
    outcome = delivered(Destination::sandbox);
  if (std::holds_alternative<delivery::Reject>(local.via))
    outcome = bounced({5, 7, 1}, Reason::rejected_by_rule, "mail for this domain is refused here");
  std::vector<queue::RecipientOutcome> outcomes;
  for (std::uint32_t const recipient : local.recipients) outcomes.push_back({recipient, outcome});
  co_return outcomes;
}
}  // namespace pb::runtime
