// engine.cpp: one function a stage; the roles' table (roles.hpp) says which rules apply.
// Spec: RFC 5321 §3.3, §6.3 (loops), §7.9; RFC 6409 §3.1, §6.1; RFC 8098 §3 (null reverse-path).
// Tests: engine_test.cpp, open_relay_test.cpp                   Not here: replies (smtp/reply.hpp).
#include "policy/engine.hpp"

#include <fmt/core.h>

#include "base/check.hpp"
#include "base/encoding.hpp"
#include "base/limits.hpp"
#include "mail/header_address.hpp"
#include "policy/roles.hpp"
#include "policy/rules.hpp"
#include "smtp/reply.hpp"

namespace pb::policy {
namespace {
using Judgement = std::variant<Verdict, Question>;
using accounts::RecipientState;
using smtp::server::Action;

Verdict accept() { return {Action::accept, {}, rule::accepted}; }

/// In the sandbox nothing is refused, but the log learns what would have been.
Verdict refuse(SessionFacts const& facts, smtp::Reply reply, Rule const& rule) {
  if (facts.sandbox) return {Action::accept, {}, rule.in_sandbox};
  Action const action = reply.is_transient() ? Action::defer : Action::reject;
  return {action, std::move(reply), rule.name};
}

std::string shown(mail::Mailbox const& mailbox) { return escape_for_display(mailbox.text()); }

/// RFC 6409 §4.3: nothing without authentication; §3.3 of RFC 8314: no authentication without TLS.
Verdict judge_mail(SessionFacts const& facts) {
  RoleRules const& rules = rules_of(facts.role);
  if (rules.tls != RoleTls::offered && !facts.tls.active) {
    return refuse(facts, smtp::reply::need_tls, rule::need_tls);
  }
  if (rules.auth == RoleAuth::required && facts.account.empty()) {
    return refuse(facts, smtp::reply::need_auth, rule::need_auth);
  }
  return accept();
}

/// "user%there@here", "there!user@here", "\"user@there\"@here": only an address that is listed so
/// is a mailbox. Behind a catch-all, what we deliver to might take it for a route (RFC 5321 §3.6.1,
/// Appendix F.2), and then two servers together would be an open relay.
bool looks_routed(mail::Mailbox const& mailbox) {
  return mailbox.local_part.find_first_of("%!@") != std::string::npos;
}

/// The quota of the account that gets it; 0: none, or nobody in particular.
std::uint64_t quota_of(PolicyWorld const& world, std::string const& account) {
  if (account.empty()) return 0;
  accounts::Account const* const found = world.directory.by_login(account);
  return found == nullptr ? 0 : found->quota_octets;
}

Judgement judge_our_recipient(SessionFacts const& facts, PolicyWorld const& world,
                              Answers const& answers, accounts::RecipientAnswer const& recipient) {
  std::uint64_t const quota = quota_of(world, recipient.account);
  if (quota == 0 || facts.sandbox) return accept();
  auto const answer = answers.mailbox_full.find(recipient.account);
  if (answer == answers.mailbox_full.end()) return CapacityQuestion{recipient.account, quota};
  if (answer->second) return refuse(facts, smtp::reply::mailbox_full, rule::mailbox_full);
  return accept();
}

/// Strangers learn nothing but "no"; a person who has logged in is helped with a slip.
Verdict refuse_unknown(SessionFacts const& facts, PolicyWorld const& world,
                       mail::Mailbox const& mailbox) {
  smtp::Reply reply = smtp::reply::unknown_user;
  if (!facts.account.empty()) {
    std::string const near = world.directory.suggestion(mailbox);
    if (!near.empty()) {
      reply.text =
          fmt::format("No mailbox {}; did you mean {}?", shown(mailbox), escape_for_display(near));
    }
  }
  return refuse(facts, std::move(reply), rule::unknown_recipient);
}

/// May this session send to hosts elsewhere?
bool may_relay(SessionFacts const& facts) {
  switch (rules_of(facts.role).recipients) {
    case RoleRecipients::known_here:
      return facts.peer.trusted;
    case RoleRecipients::anyone:
      return !facts.account.empty();
  }
  check_failed("a recipients rule that is not in the enumeration", __FILE__, __LINE__);
}

/// Nobody but <> sends bounces (RFC 5321 §4.5.5): what we forwarded finds its way back.
bool is_returning_bounce(SessionFacts const& facts, PolicyWorld const& world,
                         mail::Mailbox const& mailbox) {
  return facts.envelope.reverse_path.is_null() && world.takes_bounces != nullptr &&
         *world.takes_bounces && (*world.takes_bounces)(mailbox);
}

bool is_probed(PolicyWorld const& world, mail::Mailbox const& mailbox) {
  return world.is_probed != nullptr && *world.is_probed && (*world.is_probed)(mailbox.domain);
}

/// postmaster and abuse that nobody here is named for, where a store knows its own mailboxes: what
/// it does not take must not bounce later (RFC 5321 §4.5.1 binds it as it binds us).
bool is_left_to_store(PolicyWorld const& world, mail::Mailbox const& mailbox,
                      accounts::RecipientAnswer const& recipient) {
  return recipient.account == accounts::postmaster_mailbox && is_probed(world, mailbox) &&
         world.directory.by_login(recipient.account) == nullptr;
}

Judgement judge_rcpt(SessionFacts const& facts, PolicyWorld const& world, Answers const& answers) {
  PB_CHECK(facts.recipient.has_value());
  mail::Mailbox const& mailbox = facts.recipient->mailbox;
  accounts::RecipientAnswer const recipient = world.directory.recipient(mailbox);
  switch (recipient.state) {
    case RecipientState::not_ours:
      if (may_relay(facts)) return accept();
      return refuse(facts, smtp::reply::relay_denied, rule::relay_denied);
    case RecipientState::unknown:
      if (is_returning_bounce(facts, world, mailbox)) return accept();
      if (is_probed(world, mailbox) && !facts.sandbox) {
        if (!answers.recipient_exists) return ProbeQuestion{mailbox};
        if (*answers.recipient_exists) return accept();
      }
      return refuse_unknown(facts, world, mailbox);
    case RecipientState::full:
      return refuse(facts, smtp::reply::mailbox_full, rule::mailbox_full);
    case RecipientState::known:
      if (is_left_to_store(world, mailbox, recipient) && !facts.sandbox) {
        if (!answers.recipient_exists) return ProbeQuestion{mailbox};
        if (!*answers.recipient_exists) return refuse_unknown(facts, world, mailbox);
      }
      if (!recipient.listed && looks_routed(mailbox) && !may_relay(facts)) {
        return refuse(facts, smtp::reply::relay_denied, rule::routed_recipient);
      }
      return judge_our_recipient(facts, world, answers, recipient);
  }
  check_failed("a recipient's state that is not in the enumeration", __FILE__, __LINE__);
}

/// "ada@example.org may not send as bob@example.org": to one who has logged in.
smtp::Reply not_owned(smtp::NamedReply const& reply, SessionFacts const& facts,
                      mail::Mailbox const& mailbox) {
  return reply.with(
      fmt::format("{} may not send as {}", escape_for_display(facts.account), shown(mailbox)));
}

/// RFC 6409 §6.1: every address that readers will see as the author belongs to the account.
Verdict judge_from(SessionFacts const& facts, PolicyWorld const& world) {
  auto const unreadable = [&](std::string_view why) {
    return refuse(facts, smtp::reply::from_not_owned.with(why), rule::from_unreadable);
  };
  std::vector<mail::Field> const fields = facts.message.header->all("From");
  if (fields.empty()) return unreadable("There is no From field");
  if (fields.size() > 1) return unreadable("There is more than one From field");
  auto const authors = mail::parse_header_addresses(fields.front().value);
  if (!authors) return unreadable("From cannot be read as a list of addresses");
  if (authors->empty()) return unreadable("From holds no address");
  for (mail::NamedAddress const& author : *authors) {
    if (world.directory.owns(facts.account, author.mailbox)) continue;
    return refuse(facts, not_owned(smtp::reply::from_not_owned, facts, author.mailbox),
                  rule::from_not_owned);
  }
  return accept();
}

Verdict judge_senders(SessionFacts const& facts, PolicyWorld const& world) {
  // A null reverse-path is for notifications of the account's own programs (RFC 8098 §3).
  auto const& reverse_path = facts.envelope.reverse_path;
  if (reverse_path.mailbox && !world.directory.owns(facts.account, *reverse_path.mailbox)) {
    return refuse(facts, not_owned(smtp::reply::not_owner, facts, *reverse_path.mailbox),
                  rule::reverse_path_not_owned);
  }
  return judge_from(facts, world);
}

/// Decided when the header section is complete; the session answers at the end of data.
Verdict judge_message(SessionFacts const& facts, PolicyWorld const& world) {
  if (facts.message.header == nullptr) return accept();
  if (facts.message.header->count("Received") > limits::received_fields_max) {
    return refuse(facts, smtp::reply::mail_loop, rule::mail_loop);
  }
  if (!rules_of(facts.role).senders_owned) return accept();
  return judge_senders(facts, world);
}
}  // namespace

std::variant<Verdict, Question> judge(Stage stage, SessionFacts const& facts,
                                      PolicyWorld const& world, Answers const& answers) {
  switch (stage) {
    case Stage::connect:
    case Stage::ehlo:
    case Stage::auth:
      return accept();
    case Stage::mail:
      return judge_mail(facts);
    case Stage::rcpt:
      return judge_rcpt(facts, world, answers);
    case Stage::header:
    case Stage::end_of_data:
      return judge_message(facts, world);
  }
  check_failed("a stage that is not in the enumeration", __FILE__, __LINE__);
}
}  // namespace pb::policy
