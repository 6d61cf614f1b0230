// probe_relay.cpp: the MX hosts of a domain, each probed on port 25, all at once.
// Spec: probe_relay.hpp.                            Tests: tests/end_to_end/probe_domain_test.py
#include "cli/probe_relay.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <future>
#include <ostream>

#include "advisor/relay.hpp"
#include "base/encoding.hpp"
#include "cli/probe_domain.hpp"
#include "cli/probe_json.hpp"
#include "dns/name.hpp"
#include "runtime/system.hpp"

namespace pb::cli {
namespace {
namespace json = boost::json;

Exit exit_of(advisor::Delivery delivery) {
  switch (delivery) {
    case advisor::Delivery::dane:
    case advisor::Delivery::mta_sts:
      return Exit::ok;
    case advisor::Delivery::opportunistic:
      return Exit::second_choice;
    case advisor::Delivery::cleartext:
    case advisor::Delivery::danger:
      return Exit::danger;
    case advisor::Delivery::none:
      return Exit::not_usable;
  }
  return Exit::software;
}

std::string as_json(advisor::RelayFacts const& facts, advisor::RelayVerdict const& verdict) {
  json::array hosts;
  for (std::size_t i = 0; i < facts.hosts.size(); ++i) {
    auto const& host = facts.hosts[i];
    json::array faults;
    for (auto fault : verdict.hosts[i].port.faults)
      faults.push_back(json::value(advisor::name(fault)));
    hosts.push_back(json::object{{"host", escape_for_display(host.host)},
                                 {"preference", host.preference},
                                 {"security", advisor::name(verdict.hosts[i].port.security)},
                                 {"faults", std::move(faults)},
                                 {"tlsa", host.tlsa.size()},
                                 {"tlsa_secure", host.tlsa_secure},
                                 {"dane", advisor::name(verdict.hosts[i].dane)},
                                 {"in_policy", verdict.hosts[i].listed}});
  }
  json::object out{{"schema", "packetboat.relay/1"},
                   {"domain", escape_for_display(facts.domain)},
                   {"time", facts.now},
                   {"null_mx", facts.null_mx},
                   {"mx_secure", facts.mx_secure},
                   {"hosts", std::move(hosts)},
                   {"mta_sts", nullptr},
                   {"mta_sts_problem", facts.sts_problem},
                   {"delivery", facts.null_mx ? "null-mx" : advisor::name(verdict.delivery)}};
  if (facts.sts) out["mta_sts"] = mtasts::text(facts.sts->mode);
  return json::serialize(out) + "\n";
}

void probe_hosts(advisor::RelayFacts& facts, runtime::ProbeSettings const& like) {
  std::vector<std::future<advisor::ProbeFacts>> running;
  for (auto const& host : facts.hosts) {
    runtime::ProbeSettings settings = like;
    settings.target = settings.host = host.host;
    settings.ports = {25};
    settings.control_hosts.clear();
    settings.controls = false;
    running.push_back(std::async(std::launch::async, [settings] { return probe(settings); }));
  }
  for (std::size_t i = 0; i < running.size(); ++i) facts.hosts[i].facts = running[i].get();
}
}  // namespace

Exit probe_relay(std::string const& domain, VerifyCommon const& common,
                 runtime::ProbeSettings const& like, Terminal& terminal) {
  if (!dns::valid_name(dns::normal_name(domain)))
    return refuse(terminal, {escape_for_display(domain) + " is no domain", Exit::usage});
  auto const resolver = make_resolver(common);
  if (!resolver) return refuse(terminal, resolver.error());
  auto facts = look_up_relay(**resolver, domain, like.ca_file);
  auto const now = std::chrono::floor<std::chrono::seconds>(runtime::SystemClock{}.now());
  facts.now = now.time_since_epoch().count();
  probe_hosts(facts, like);
  auto const verdict = advisor::judge_relay(facts);
  if (common.json) {
    terminal.out() << as_json(facts, verdict);
  } else {
    terminal.out() << advisor::relay_screen(terminal.language(), facts, verdict);
  }
  bool const here = facts.mx != advisor::NameState::ok;
  if (here) return Exit::this_computer;
  return facts.null_mx ? Exit::not_usable : exit_of(verdict.delivery);
}
}  // namespace pb::cli
