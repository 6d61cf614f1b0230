// probe_compare.cpp: see probe_compare.hpp.                       Spec: docs/reference/xprobe.md.
// Tests: tests/end_to_end/probe_compare_test.py
#include "cli/probe_compare.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "advisor/other_place_messages.hpp"
#include "advisor/other_place_screen.hpp"
#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "cli/send_screen.hpp"
#include "mail/address.hpp"
#include "smtp/reply.hpp"

namespace pb::cli {
namespace json = boost::json;
namespace {
using advisor::other_place_msg;
using advisor::ToldPort;
using smtp::client::RemoteReply;
constexpr Duration answer_wait = std::chrono::seconds{30};  // it takes 15 at most

std::string command_for(std::string const& host, std::uint16_t port) {
  auto const address = IpAddress::parse(host);
  if (!address) return fmt::format("XPROBE {}:{}", mail::Domain{host}.key(), port);
  return fmt::format("XPROBE [{}{}]:{}", address->is_v6() ? "IPv6:" : "", address->text(), port);
}

bool knows_no_xprobe(RemoteReply const& reply) {
  return reply.code == smtp::reply::unknown_command.code ||
         reply.code == smtp::reply::not_implemented.code;
}

ToldPort told(std::uint16_t port, RemoteReply const& reply) {
  ToldPort out;
  out.port = port;
  if (reply.is_transient()) out.told = ToldPort::Told::too_many;
  if (reply.is_permanent()) out.told = ToldPort::Told::denied;
  if (!reply.is_positive()) return out;
  if (auto views = advisor::parse_views(reply.text)) {
    out.told = ToldPort::Told::measured;
    out.views = std::move(*views);
  }
  return out;
}

/// The one of `packetboat account` that is meant: by its name, else by its server.
std::expected<std::optional<MailAccount>, Failure> account_of(std::string const& server) {
  auto const accounts = load_mail_accounts();
  if (!accounts) return std::unexpected{Failure{Exit::configuration, accounts.error()}};
  if (auto const* named = find_account(*accounts, server)) return *named;
  auto const host = std::string_view{server}.substr(0, server.find(':'));
  for (MailAccount const& one : *accounts) {
    if (ascii::iequals(one.host, host) && !one.user.empty()) return one;
  }
  return std::nullopt;
}

json::value view_json(std::optional<advisor::PortView> const& view) {
  if (!view) return nullptr;
  json::array faults;
  for (auto const fault : view->faults) faults.push_back(json::value(advisor::name(fault)));
  return json::object{{"tcp", advisor::name(view->tcp)},
                      {"security", advisor::name(view->security)},
                      {"tls_version", view->tls.empty() ? "" : "TLS " + view->tls},
                      {"fault", faults.empty() ? json::value(nullptr) : faults.front()},
                      {"faults", faults}};
}
}  // namespace

std::expected<PreparedSubmission, Failure> prepare_compare(CompareOptions const& options,
                                                           Terminal& terminal) {
  SubmissionOptions submission;
  submission.server = options.server;
  submission.user = options.user;
  submission.password_command = options.password_command;
  submission.ca_file = options.ca_file;
  submission.v4 = options.v4;
  submission.v6 = options.v6;
  if (options.user.empty()) {
    auto const account = account_of(options.server);
    if (!account) return std::unexpected{account.error()};
    if (!*account) {
      return std::unexpected{
          Failure{Exit::usage, std::string{other_place_msg("who").in(terminal.language())}}};
    }
    submission.account = (*account)->name;
    submission.server.clear();
  }
  auto prepared = prepare_submission(submission, "", terminal);
  if (prepared) prepared->settings.transfer_wait = answer_wait;
  return prepared;
}

OtherPlace ask_other_place(PreparedSubmission const& server, MeasuredHere const& here,
                           text::Language language) {
  OtherPlace out;
  out.server = server.settings.host;
  std::string const shown = escape_for_display(out.server, 60);
  std::vector<std::string> commands;
  for (std::uint16_t const port : here.ports)
    commands.push_back(command_for(here.facts.host, port));
  auto const asked = runtime::ask_server(server.settings, commands);
  std::vector<ToldPort> all;
  if (asked) {
    for (std::size_t i = 0; i < asked->answers.size(); ++i)
      all.push_back(told(here.ports[i], asked->answers[i]));
  }
  out.comparison = advisor::compare_places(here.facts, here.verdict, all);
  auto const fails = [&](Exit exit, text::Text const& text, std::string const& reason) {
    out.problem = {exit, text::say(language, text, shown, reason)};
  };
  if (!asked) {
    fails(Exit::bad_data, other_place_msg("no_session"), escape_for_display(asked.error(), 200));
  } else if (asked->answers.empty()) {
    bool const login = asked->attempt.transcript.phase == smtp::client::Phase::auth;
    fails(login ? Exit::no_permission : Exit::unavailable, other_place_msg("no_session"),
          why(language, asked->attempt.transcript));
  } else if (std::ranges::all_of(asked->answers, knows_no_xprobe)) {
    fails(Exit::unavailable, other_place_msg("no_xprobe"), {});
  }
  return out;
}

std::string other_place_text(text::Language language, OtherPlace const& place,
                             std::string_view host) {
  if (place.problem.exit != Exit::ok) return {};
  return advisor::other_place_screen(language, place.comparison, host, place.server);
}

json::object compare_json(OtherPlace const& place) {
  json::array ports;
  for (auto const& port : place.comparison.ports) {
    ports.push_back(json::object{{"port", port.port},
                                 {"here", view_json(port.here)},
                                 {"there", view_json(port.there)},
                                 {"told", advisor::name(port.told)},
                                 {"contrast", advisor::name(port.contrast)}});
  }
  json::array because;
  for (std::uint16_t const port : place.comparison.because) because.push_back(port);
  json::object out{{"server", escape_for_display(place.server, 255)},
                   {"finding", advisor::name(place.comparison.finding)},
                   {"because", std::move(because)},
                   {"ports", std::move(ports)},
                   {"problem", nullptr}};
  if (place.problem.exit != Exit::ok) out["problem"] = place.problem.text;
  return out;
}
}  // namespace pb::cli
