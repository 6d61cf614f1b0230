// probe_json.cpp: facts and verdict as JSON. Peer text stands only in strings, escaped and cut.
// Spec: docs/reference/probe-json.md.
// Tests: tests/fault_lab
#include "cli/probe_json.hpp"

#include <boost/json.hpp>

#include "advisor/server_software.hpp"
#include "base/encoding.hpp"

namespace pb::cli {
namespace json = boost::json;
namespace {
json::array names_of(std::vector<advisor::Fault> const& faults) {
  json::array out;
  for (auto fault : faults) out.push_back(json::value(advisor::name(fault)));
  return out;
}

json::array strings(std::vector<std::string> const& list) {
  json::array out;
  for (auto const& text : list) out.push_back(json::value(escape_for_display(text, 200)));
  return out;
}

json::value certificate(advisor::TlsFacts const& tls) {
  if (tls.chain.empty()) return nullptr;
  auto const& leaf = tls.chain.front();
  return json::object{{"subject", escape_for_display(leaf.subject, 512)},
                      {"issuer", escape_for_display(leaf.issuer, 512)},
                      {"names", strings(leaf.names)},
                      {"not_before", leaf.not_before},
                      {"not_after", leaf.not_after},
                      {"sha256", leaf.sha256},
                      {"chain_length", tls.chain.size()},
                      {"verified", tls.verified()}};
}

json::object row(std::uint16_t port, advisor::AttemptFacts const& attempt,
                 advisor::AttemptVerdict const& verdict) {
  json::object out{{"port", port},
                   {"family", attempt.endpoint.address.is_v4() ? "ipv4" : "ipv6"},
                   {"address", attempt.endpoint.address.text()},
                   {"tcp", advisor::name(attempt.connect.tcp)},
                   {"connect_ms", attempt.connect.took.count()},
                   {"security", advisor::name(verdict.security)},
                   {"fault", nullptr},
                   {"faults", names_of(verdict.faults)},
                   {"notes", names_of(verdict.notes)},
                   {"greeting", escape_for_display(attempt.greeting, 512)},
                   {"software", advisor::server_software(attempt.greeting).product},
                   {"greeting_ms", attempt.greeting_after.count()},
                   {"tls_version", attempt.tls.version},
                   {"cipher", attempt.tls.cipher},
                   {"auth", strings(attempt.after.auth)},
                   {"extensions", strings(attempt.after.keywords)},
                   {"certificate", certificate(attempt.tls)}};
  if (!verdict.faults.empty()) out["fault"] = advisor::name(verdict.faults.front());
  if (!attempt.transcript.empty()) out["transcript"] = attempt.transcript;
  return out;
}

std::string_view name_of(advisor::ControlFacts::Role role) {
  switch (role) {
    case advisor::ControlFacts::Role::other_server:
      return "other-server";
    case advisor::ControlFacts::Role::web_port:
      return "web-port";
    case advisor::ControlFacts::Role::closed_port:
      return "closed-port";
  }
  return "";
}

json::array rows(advisor::ProbeFacts const& facts, advisor::Verdict const& verdict) {
  json::array out;
  for (std::size_t i = 0; i < verdict.ports.size(); ++i) {
    auto const& port = facts.ports[i];
    for (std::size_t k = 0; k < port.attempts.size(); ++k) {
      out.push_back(row(port.port, port.attempts[k], verdict.ports[i].attempts[k]));
    }
  }
  return out;
}
std::string_view name_of(advisor::LoginForm form) {
  switch (form) {
    case advisor::LoginForm::unsaid:
      return "";
    case advisor::LoginForm::whole_address:
      return "address";
    case advisor::LoginForm::local_part:
      return "local-part";
    case advisor::LoginForm::other:
      return "other";
  }
  return "";
}

json::object one_server(advisor::PublishedServer const& server) {
  return {{"host", escape_for_display(server.host, 255)},
          {"port", server.port},
          {"security", advisor::name(server.security)},
          {"login", name_of(server.login)}};
}

json::array servers_of(std::vector<advisor::PublishedServer> const& servers) {
  json::array out;
  for (auto const& server : servers) out.push_back(one_server(server));
  return out;
}

json::object file_of(advisor::PublishedFile const& file) {
  return {{"state", advisor::name(file.state)},
          {"url", escape_for_display(file.url, 512)},
          {"servers", servers_of(file.settings.servers)}};
}

json::object domain_of(advisor::DomainFacts const& domain, advisor::ProbeFacts const& facts,
                       advisor::Verdict const& verdict) {
  json::array mx, tlsa, differences;
  for (auto const& host : domain.relay.hosts) {
    mx.push_back(json::value(escape_for_display(host.host, 255)));
    if (host.tlsa.empty()) continue;
    tlsa.push_back(json::object{{"host", escape_for_display(host.host, 255)},
                                {"records", host.tlsa.size()},
                                {"secure", host.tlsa_secure}});
  }
  for (auto const& one : compare(domain, facts, verdict).differences)
    differences.push_back(json::object{{"source", advisor::name(one.source)},
                                       {"kind", advisor::name(one.kind)},
                                       {"says", one_server(one.says)},
                                       {"measured", advisor::name(one.measured)}});
  json::object out{{"name", escape_for_display(domain.relay.domain, 255)},
                   {"mx", std::move(mx)},
                   {"mx_secure", domain.relay.mx_secure},
                   {"null_mx", domain.relay.null_mx},
                   {"srv", servers_of(domain.srv)},
                   {"autoconfig", file_of(domain.autoconfig)},
                   {"autodiscover", file_of(domain.autodiscover)},
                   {"mta_sts", nullptr},
                   {"mta_sts_problem", escape_for_display(domain.relay.sts_problem, 200)},
                   {"tlsrpt", domain.tlsrpt},
                   {"tlsa", std::move(tlsa)},
                   {"differences", std::move(differences)}};
  if (domain.relay.sts) out["mta_sts"] = mtasts::text(domain.relay.sts->mode);
  return out;
}
}  // namespace

std::string probe_json(advisor::ProbeFacts const& facts, advisor::Verdict const& verdict,
                       advisor::DomainFacts const* domain, OtherPlace const* other) {
  json::object out{{"schema", "packetboat.probe/1"},
                   {"target", escape_for_display(facts.target, 255)},
                   {"host", escape_for_display(facts.host, 255)},
                   {"time", facts.now},
                   {"took_ms", facts.took.count()},
                   {"faults", names_of(verdict.name_faults)},
                   {"notes", names_of(verdict.notes)},
                   {"ports", rows(facts, verdict)},
                   {"advice", nullptr}};
  json::array addresses;
  for (auto const& address : facts.name.addresses) addresses.push_back(json::value(address.text()));
  out["addresses"] = addresses;
  if (!facts.swept.empty()) {
    json::array versions;
    for (auto const& one : facts.swept) {
      versions.push_back(json::object{
          {"version", one.version}, {"spoken", one.spoken}, {"ciphers", strings(one.ciphers)}});
    }
    out["tls_sweep"] = json::object{{"port", facts.swept_port}, {"versions", std::move(versions)}};
  }
  json::array controls;
  for (auto const& control : facts.controls) {
    controls.push_back(json::object{{"host", control.host},
                                    {"port", control.port},
                                    {"role", name_of(control.role)},
                                    {"tcp", advisor::name(control.attempt.connect.tcp)}});
  }
  out["controls"] = controls;
  if (other != nullptr) out["compare"] = compare_json(*other);
  if (domain != nullptr) out["domain"] = domain_of(*domain, facts, verdict);
  if (verdict.advice) {
    out["advice"] =
        json::object{{"port", verdict.advice->port},
                     {"security", advisor::name(verdict.advice->security)},
                     {"reason", verdict.cause ? advisor::name(*verdict.cause) : "first-choice"}};
  }
  return json::serialize(out) + "\n";
}

Exit exit_of(advisor::Outcome outcome) {
  switch (outcome) {
    case advisor::Outcome::first_choice:
      return Exit::ok;
    case advisor::Outcome::other_choice:
      return Exit::second_choice;
    case advisor::Outcome::nothing:
      return Exit::not_usable;
    case advisor::Outcome::danger:
      return Exit::danger;
    case advisor::Outcome::this_computer:
      return Exit::this_computer;
  }
  return Exit::software;
}
}  // namespace pb::cli
