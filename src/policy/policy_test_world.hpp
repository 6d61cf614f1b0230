// policy_test_world.hpp: a small server's world and sessions for the tests of policy.
// Spec: none of its own.                                        Not here: tests.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "policy/engine.hpp"
#include "policy/networks.hpp"

namespace pb::policy::testing {
inline mail::Mailbox box(std::string_view text) {
  return mail::parse_mailbox(text, mail::Utf8::allow).value();
}

/// example.org (alice, bob with a quota, news with '*@news.example', relay with '*'), and
/// caught.example with a catch-all.
inline accounts::Directory small_directory() {
  accounts::Account alice;
  alice.name = "alice@example.org";
  alice.aliases = {"al@example.org", "100%@example.org"};
  accounts::Account bob;
  bob.name = "bob@example.org";
  bob.quota_octets = 1000;
  accounts::Account news;
  news.name = "news";
  news.allowed = {"*@news.example"};
  accounts::Account relay;
  relay.name = "relay";
  relay.allowed = {"*"};
  accounts::DomainRules main;
  main.name = "example.org";
  accounts::DomainRules caught;
  caught.name = "caught.example";
  caught.catch_all = "alice@example.org";
  return {{alice, bob, news, relay}, {main, caught}, "mx.example.org"};
}

inline NetworkTable small_networks() {
  NetworkTable networks;
  networks.trusted = {Network::parse("192.0.2.0/24").value()};
  networks.xclient = {Network::parse("198.51.100.1").value()};
  networks.normalise_lines = {Network::parse("2001:db8:5::/48").value()};
  return networks;
}

/// A session of `role` from `address`, classified, in the clear, not logged in.
inline SessionFacts session(smtp::server::Role role, std::string_view address = "203.0.113.5") {
  SessionFacts facts;
  facts.role = role;
  facts.helo = "client.example";
  facts.esmtp = true;
  facts.peer.peer = {IpAddress::parse(address).value(), 40000};
  facts.peer.socket_peer = facts.peer.peer;
  facts.peer = classify_peer(small_networks(), facts.peer);
  facts.envelope.reverse_path.mailbox = box("stranger@client.example");
  return facts;
}

/// A session of `account` on port 587 under TLS.
inline SessionFacts login(std::string account) {
  SessionFacts facts = session(smtp::server::Role::submission);
  facts.tls.active = true;
  facts.account = std::move(account);
  return facts;
}

inline std::variant<Verdict, Question> judged(Stage stage, SessionFacts const& facts,
                                              Answers const& answers = {}) {
  static accounts::Directory const directory = small_directory();
  return judge(stage, facts, {directory}, answers);
}
inline Verdict verdict(Stage stage, SessionFacts const& facts, Answers const& answers = {}) {
  return std::get<Verdict>(judged(stage, facts, answers));
}
inline Verdict rcpt(SessionFacts facts, mail::Mailbox mailbox) {
  facts.recipient = mail::ForwardPath{std::move(mailbox), {}, {}};
  return verdict(Stage::rcpt, facts);
}
inline Verdict rcpt(SessionFacts facts, std::string_view mailbox) {
  return rcpt(std::move(facts), box(mailbox));
}
/// The verdict on a message with this header section.
inline Verdict message(SessionFacts facts, std::string_view reverse_path,
                       std::string header_bytes) {
  auto const header = mail::HeaderSection::parse(std::move(header_bytes)).value();
  facts.envelope.reverse_path.mailbox.reset();
  if (!reverse_path.empty()) facts.envelope.reverse_path.mailbox = box(reverse_path);
  facts.message.header = &header;
  return verdict(Stage::header, facts);
}
}  // namespace pb::policy::testing
