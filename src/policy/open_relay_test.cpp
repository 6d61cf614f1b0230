// open_relay_test.cpp: a stranger finds no way to send through us: every known trick, one row each.
// Spec: RFC 5321 §7.9, §3.6.1 (source routes); RFC 2505 §2.1; the forms that relay testers try.
//
// The forms stand in tests/vectors/open_relay.tsv; they are parsed by the same functions as a
// session's, and the peers classified by the same function as a connection's.
#include <gtest/gtest.h>

#include <fstream>
#include <string>
#include <vector>

#include "policy/engine.hpp"
#include "policy/policy_test_world.hpp"

namespace pb::policy {
namespace {
using namespace testing;
using smtp::server::Action;
using smtp::server::Role;

/// The forms of one kind in tests/vectors/open_relay.tsv: "to", "from" or "ehlo".
std::vector<std::string> forms(std::string_view kind) {
  std::ifstream file{PB_SOURCE_DIR "/tests/vectors/open_relay.tsv"};
  std::vector<std::string> out;
  for (std::string line; std::getline(file, line);) {
    auto const tab = line.find('\t');
    if (tab != std::string::npos && line.substr(0, tab) == kind)
      out.push_back(line.substr(tab + 1));
  }
  return out;
}

struct Visitor {
  std::string_view what;
  SessionFacts facts;
};

/// A stranger, told by the address that counts; the socket's is whatever it is.
SessionFacts behind(std::string_view address, std::string_view socket) {
  SessionFacts facts = session(Role::relay, address);
  facts.peer.socket_peer.address = IpAddress::parse(socket).value();
  facts.peer = classify_peer(small_networks(), facts.peer);
  return facts;
}

std::vector<Visitor> visitors() {
  std::vector<Visitor> all;
  all.push_back({"a stranger", session(Role::relay)});
  all.push_back({"a stranger on IPv6", session(Role::relay, "2001:db8:99::5")});
  all.push_back(
      {"one behind a PROXY header from a trusted network", behind("203.0.113.5", "192.0.2.10")});
  all.push_back(
      {"one behind a PROXY header from an XCLIENT host", behind("203.0.113.5", "198.51.100.1")});
  all.push_back({"one whose address XCLIENT gave", behind("203.0.113.6", "198.51.100.1")});
  all.push_back({"one that may use XCLIENT, but did not", session(Role::relay, "198.51.100.1")});
  all.push_back({"nobody known", session(Role::relay, "0.0.0.0")});
  for (std::string const& name : forms("ehlo")) {
    all.push_back({"one that says our name in EHLO", session(Role::relay)});
    all.back().facts.helo = name;
  }
  SessionFacts pretender = session(Role::relay);
  pretender.peer.host_name = "mx.example.org";
  all.push_back({"one whose reverse name is ours", pretender});
  SessionFacts logged_in = session(Role::relay);
  logged_in.account = "alice@example.org";  // by XCLIENT LOGIN: port 25 takes no logins
  all.push_back({"one with a login on the relay role", logged_in});
  SessionFacts with_tls = session(Role::relay);
  with_tls.tls.active = true;
  with_tls.tls.client_identity = "alice@example.org";
  all.push_back({"one with a client certificate", with_tls});
  for (Role const role : {Role::submission, Role::submissions, Role::submission_alt}) {
    SessionFacts guest = session(role);
    guest.tls.active = true;
    all.push_back({"one on a submission role without a login", guest});
    guest = session(role, "192.0.2.77");
    guest.tls.active = true;
    all.push_back({"a trusted one on a submission role without a login", guest});
  }
  return all;
}

/// True when a transaction with these paths would be taken: then it is an open relay.
bool relays(SessionFacts facts, std::string_view from, std::string_view to) {
  auto const reverse = mail::take_reverse_path(from, mail::Utf8::allow);
  auto forward = mail::take_forward_path(to, mail::Utf8::allow);
  if (!reverse || !from.empty() || !forward || !to.empty()) return false;  // 501 or 555
  facts.envelope.reverse_path = *reverse;
  if (verdict(Stage::mail, facts).action != Action::accept) return false;
  return rcpt(facts, *forward).action == Action::accept;
}

TEST(OpenRelay, has_no_form_that_works_for_any_stranger) {
  auto const forward_paths = forms("to");
  auto const reverse_paths = forms("from");
  std::size_t tried = 0;
  for (Visitor const& visitor : visitors()) {
    for (std::string const& from : reverse_paths) {
      for (std::string const& to : forward_paths) {
        ++tried;
        EXPECT_FALSE(relays(visitor.facts, from, to)) << visitor.what << ": " << from << " " << to;
      }
    }
  }
  EXPECT_GE(forward_paths.size(), 25U);
  EXPECT_EQ(tried, visitors().size() * reverse_paths.size() * forward_paths.size());
  RecordProperty("forms", static_cast<int>(forward_paths.size()));
  RecordProperty("tried", static_cast<int>(tried));
}

TEST(OpenRelay, test_can_see_mail_pass) {
  EXPECT_TRUE(relays(session(Role::relay), "<>", "<alice@example.org>"));
  EXPECT_TRUE(relays(session(Role::relay), "<>", "<@elsewhere.example:alice@example.org>"));
  EXPECT_TRUE(relays(session(Role::relay), "<>", "<whoever@caught.example>"));
  EXPECT_TRUE(relays(session(Role::relay), "<>", "<100%@example.org>"));  // listed as it is
  EXPECT_TRUE(relays(session(Role::relay, "192.0.2.77"), "<>", "<victim@elsewhere.example>"));
  SessionFacts const xclient = behind("192.0.2.77", "198.51.100.1");
  EXPECT_TRUE(relays(xclient, "<>", "<victim@elsewhere.example>"));
  EXPECT_TRUE(relays(login("alice@example.org"), "<>", "<victim@elsewhere.example>"));
}
}  // namespace
}  // namespace pb::policy
