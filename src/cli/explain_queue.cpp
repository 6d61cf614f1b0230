// explain_queue.cpp: one answer from a message's states and its journal, or from a domain's queue.
// Spec: docs/reference/command-line.md.                  Tests: tests/end_to_end/queue_test.py
#include "cli/explain_queue.hpp"
#include "cli/entry_lines.hpp"

#include <array>
#include <boost/json.hpp>
#include <map>
#include <ostream>
#include <string_view>

#include "api/router.hpp"
#include "base/encoding.hpp"

namespace pb::cli {
namespace {
constexpr std::uint64_t looked_at_max = 1000;  // messages of a domain

/// What makes a recipient wait, and what would change that.
struct Binding {
  std::string_view limit;  // in JSON
  std::string_view what;
  std::string_view change;
};

struct ReasonRow {
  std::string_view reason;
  std::string_view change;
};
constexpr std::string_view their_host = "their server must answer again: packetboat probe HOST";
constexpr std::string_view their_word =
    "the next hop decides: what it said stands above; packetboat queue retry asks it at once";
constexpr std::string_view their_dns = "the DNS of the domain must answer again";
constexpr std::array reason_rows{
    ReasonRow{"connect_failed", their_host},
    ReasonRow{"connect_timeout", their_host},
    ReasonRow{"connection_lost", their_host},
    ReasonRow{"remote_timeout", their_host},
    ReasonRow{"remote_garbage", their_host},
    ReasonRow{"greeting_refused", their_word},
    ReasonRow{"service_closing", their_word},
    ReasonRow{"remote_deferred", their_word},
    ReasonRow{"mailbox_full", "the recipient must make room"},
    ReasonRow{"tls_failed", "TLS with the next hop must work: packetboat probe HOST"},
    ReasonRow{"dns_failed", their_dns},
    ReasonRow{"dns_timeout", their_dns},
    ReasonRow{"dns_bogus", "the domain's DNSSEC signatures must be put right"},
    ReasonRow{"no_route", "write a [[route]] for the domain, then packetboat reload"},
    ReasonRow{"credentials_refused",
              "correct the [[credential]] of the next hop, packetboat reload, queue retry"},
    ReasonRow{"untrusted_certificate",
              "the next hop needs a certificate for its name, or route.tls_verify says otherwise"},
    ReasonRow{"local_fault", "the server's log says what is wrong here"},
    ReasonRow{"store_fault", "packetboat store check"},
    ReasonRow{"site_down", "the site is probed with one connection; when it answers all go on"},
};

std::string_view change_for(std::string_view reason) {
  for (ReasonRow const& row : reason_rows)
    if (row.reason == reason) return row.change;
  return "packetboat queue retry ID tries it at once; packetboat queue reroute ID --via URL "
         "elsewhere";
}

Binding held_binding(std::string_view reason) {
  if (reason == "held_by_rule") return {"held", "a rule holds it", "packetboat queue release ID"};
  if (reason == "crashed_in_flight")
    return {"held", "it is held: three times the server died while it was being sent",
            "look at it (queue show ID --raw), then packetboat queue release ID"};
  if (reason == "store_fault")
    return {"held", "it is held: its content cannot be read", "packetboat store check"};
  return {"held", "an operator holds it", "packetboat queue release ID"};
}

Binding binding_of(json::object const& recipient) {
  std::string const state = text_of(recipient, "state");
  std::string const reason = text_of(recipient, "reason");
  bool const tried = text_of(recipient, "attempts") != "0";
  if (state == "leased")
    return {"attempt", "it is being delivered now", "nothing: it ends by itself"};
  if (state == "held") return held_binding(reason);
  if (state == "due")
    return {"turn", "it waits for its turn: so many go to one domain and out at a time",
            "nothing: others before it are being delivered"};
  if (state == "deferred" && !tried && reason.empty())
    return {"future_release", "its sender asked for it to be kept until then (FUTURERELEASE)",
            "packetboat queue retry ID"};
  if (state == "deferred")
    return {"retry_ladder", "the retry ladder: delivery.retry", change_for(reason)};
  return {"none", "nothing: this is final", ""};
}

json::object binding_json(json::object const& recipient) {
  Binding const binding = binding_of(recipient);
  json::object out{{"address", recipient.at("address")},
                   {"state", recipient.at("state")},
                   {"limit", binding.limit},
                   {"binds", binding.what},
                   {"change", binding.change}};
  if (json::value const* next = recipient.if_contains("retry_at")) out["next_attempt"] = *next;
  return out;
}

void print_recipient(json::object const& recipient, Terminal& terminal) {
  Binding const binding = binding_of(recipient);
  terminal.out() << "  " << terminal.styled(Style::strong, text_of(recipient, "address")) << ": "
                 << text_of(recipient, "state");
  std::string const reason = text_of(recipient, "reason");
  if (!reason.empty()) terminal.out() << " (" << reason << ')';
  terminal.out() << ", attempts " << text_of(recipient, "attempts") << '\n';
  if (json::value const* const reply = recipient.if_contains("reply")) {
    json::object const& said = reply->as_object();
    terminal.out() << "    " << text_of(said, "host") << " said: " << text_of(said, "code") << ' '
                   << text_of(said, "text") << '\n';
  }
  terminal.out() << "    what binds now: " << binding.what << '\n';
  std::string const next = text_of(recipient, "retry_at");
  if (!next.empty()) terminal.out() << "    next attempt: " << next << '\n';
  if (!binding.change.empty())
    terminal.out() << "    what would change it: " << binding.change << '\n';
}

json::array bindings_of(json::object const& message) {
  json::array all;
  for (json::value const& one : message.at("recipients").as_array())
    all.push_back(binding_json(one.as_object()));
  return all;
}

void print_domain(json::object const& out, Terminal& terminal) {
  auto const& queued = out.at("queued").as_object();
  terminal.out() << terminal.styled(Style::strong, text_of(out, "domain")) << ": "
                 << text_of(queued, "recipients") << " recipients are queued";
  for (char const* const state : {"due", "leased", "deferred", "held"})
    if (std::string const count = text_of(queued, state); !count.empty())
      terminal.out() << ", " << count << ' ' << state;
  terminal.out() << '\n';
  if (queued.contains("more")) terminal.out() << "  (of the first 1,000 messages)\n";
  for (json::value const& one : out.at("reasons").as_array()) {
    json::object const& row = one.as_object();
    terminal.out() << "  " << text_of(row, "recipients") << " × " << text_of(row, "reason")
                   << "; what would change it: " << text_of(row, "change") << '\n';
  }
  std::string const next = text_of(out, "next_attempt");
  if (!next.empty()) terminal.out() << "  next attempt: " << next << '\n';
  json::value const* const site = out.if_contains("site");
  if (site != nullptr && site->is_object()) {
    json::object const& view = site->as_object();
    terminal.out() << "  next hops: " << text_of(view, "site") << '\n'
                   << "  what binds now: " << text_of(view, "binds") << '\n';
  }
}

/// Counts states and reasons over the domain's messages.
json::object summary_of(std::string const& domain, json::object const& listed) {
  std::map<std::string, std::uint64_t> states, reasons;
  std::uint64_t recipients = 0;
  std::string next;
  for (json::value const& message : listed.at("messages").as_array()) {
    for (json::value const& one : message.at("recipients").as_array()) {
      json::object const& recipient = one.as_object();
      std::string const address = text_of(recipient, "address");
      if (!address.ends_with("@" + domain)) continue;
      ++recipients;
      ++states[text_of(recipient, "state")];
      if (std::string const reason = text_of(recipient, "reason"); !reason.empty())
        ++reasons[reason];
      std::string const at = text_of(recipient, "retry_at");
      if (!at.empty() && (next.empty() || at < next)) next = at;
    }
  }
  json::object queued{{"recipients", recipients}};
  for (auto const& [state, count] : states) queued[state] = count;
  if (listed.contains("next")) queued["more"] = true;
  json::array rows;
  for (auto const& [reason, count] : reasons)
    rows.push_back({{"reason", reason}, {"recipients", count}, {"change", change_for(reason)}});
  json::object out{{"schema", "packetboat.explain-domain/1"},
                   {"domain", domain},
                   {"queued", std::move(queued)},
                   {"reasons", std::move(rows)}};
  if (!next.empty()) out["next_attempt"] = next;
  return out;
}
}  // namespace

Exit explain_message(Target const& target, std::string const& id, Form form, Terminal& terminal) {
  auto const answer = ask(target, {.path = "/queue/" + api::escape_url(id)});
  if (!answer) return report(terminal, answer.error());
  json::value body = answer->as_json();
  json::object& shown = body.as_object();
  json::value const* const message = shown.if_contains("message");
  if (form == Form::json) {
    json::array now = message == nullptr ? json::array{} : bindings_of(message->as_object());
    shown["schema"] = "packetboat.explain-message/1";
    shown["now"] = std::move(now);
    terminal.out() << json::serialize(shown) << '\n';
    return Exit::ok;
  }
  if (message == nullptr) {
    terminal.out() << text_of(shown, "id") << " is not queued any more. What happened:\n";
  } else {
    json::object const& m = message->as_object();
    std::string const from = text_of(m, "reverse_path");
    terminal.out() << text_of(shown, "id") << " from <" << from << ">, accepted "
                   << text_of(m, "accepted_at") << ", given up " << text_of(m, "expires_at")
                   << '\n';
    std::string const via = text_of(m, "via");
    if (!via.empty()) terminal.out() << "  an operator ordered the route " << via << '\n';
    for (json::value const& one : m.at("recipients").as_array())
      print_recipient(one.as_object(), terminal);
    terminal.out() << "What happened:\n";
  }
  for (json::value const& entry : shown.at("timeline").as_array())
    print_entry(terminal, entry.as_object(), "  ");
  return Exit::ok;
}

Exit explain_domain(Target const& target, std::string const& domain, Form form,
                    Terminal& terminal) {
  std::string path = "/queue?limit=" + std::to_string(looked_at_max);
  add_query(path, "domain", domain);
  auto const answer = ask(target, {.path = path});
  if (!answer) {
    // Whoever runs no server asks about somebody else's.
    if (form == Form::json) terminal.out() << "{\"schema\":\"packetboat.explain-domain/1\"}\n";
    return Exit::ok;
  }
  json::value const listed = answer->as_json();
  json::object out = summary_of(domain, listed.as_object());
  if (answer->live) {
    auto const site = ask(target, {.path = "/queue/site/" + api::escape_url(domain)});
    if (site) out["site"] = site->as_json();
  }
  if (form == Form::json)
    terminal.out() << json::serialize(out) << '\n';
  else
    print_domain(out, terminal);
  return Exit::ok;
}
}  // namespace pb::cli
