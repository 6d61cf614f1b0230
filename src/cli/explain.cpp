// explain.cpp: `packetboat explain`: what an error text, a queue id or a domain is about.
// Spec: docs/reference/command-line.md; matching in advisor/explain.
// Not here: measuring (probe.cpp), the queue's answers (explain_queue.cpp).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <boost/json.hpp>
#include <memory>
#include <ostream>

#include "advisor/messages.hpp"
#include "advisor/screens.hpp"
#include "advisor/server_reply.hpp"
#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/explain_measure.hpp"
#include "cli/explain_queue.hpp"
#include "cli/standard_input.hpp"
#include "cli/verify_input.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
struct Options {
  Target target;
  std::vector<std::string> words;
  Measurement measurement;
  std::string from_json;
  bool error = false, message = false, domain = false, json = false;
};

std::string text_of(Options const& options) {
  std::string text;
  for (auto const& word : options.words) text += (text.empty() ? "" : " ") + word;
  if (!text.empty() && text != "-") return text;
  return read_standard_input(advisor::explain_octets_max);
}

std::string as_json(std::optional<advisor::Explanation> const& found,
                    std::optional<advisor::ServerReply> const& reply,
                    std::optional<Measured> const& measured) {
  boost::json::object out{{"schema", "packetboat.explain/1"}, {"fault", nullptr}};
  if (reply) {
    auto const& [klass, subject, detail] = reply->status;
    boost::json::object said{
        {"code", nullptr}, {"status", nullptr}, {"temporary", reply->temporary()}};
    if (reply->code != 0) said["code"] = reply->code;
    if (klass != 0) said["status"] = fmt::format("{}.{}.{}", klass, subject, detail);
    out["reply"] = std::move(said);
    out["line"] = reply->line;
  }
  if (found) {
    out["fault"] = advisor::name(found->fault);
    boost::json::array others;
    for (auto other : found->others) others.push_back(boost::json::value(advisor::name(other)));
    out["others"] = others;
    out["rows"] = advisor::info(found->fault).rows;
    out["line"] = found->line;
    if (found->port) out["port"] = *found->port;
  }
  if (measured) {
    bool const none = measured->settled.how == advisor::Settled::How::not_here;
    out["measured"] = {{"host", escape_for_display(measured->host)},
                       {"port", measured->port},
                       {"how", advisor::name(measured->settled.how)},
                       {"fault", nullptr}};
    if (!none) out["measured"].as_object()["fault"] = advisor::name(measured->settled.fault);
  }
  return boost::json::serialize(out) + "\n";
}

std::string text_in(boost::json::object const& row, std::string_view key) {
  auto const* value = row.if_contains(key);
  return value != nullptr && value->is_string() ? std::string{value->as_string()} : std::string{};
}
std::int64_t port_in(boost::json::object const& row) {
  auto const* value = row.if_contains("port");
  return value != nullptr && value->is_int64() ? value->as_int64() : 0;
}

/// A report of `probe --json` or of port-check.php, in words.
Exit explain_report(Options const& options, Terminal& terminal) {
  auto const language = terminal.language();
  auto const text = read_input(options.from_json);
  if (!text) return refuse(terminal, text.error());
  boost::json::error_code bad;
  auto const value = boost::json::parse(*text, bad);
  auto const* report = bad ? nullptr : value.if_object();
  auto const* ports = report == nullptr ? nullptr : report->if_contains("ports");
  bool const ours =
      ports != nullptr && ports->is_array() && text_in(*report, "schema") == "packetboat.probe/1";
  if (!ours)
    return refuse(terminal,
                  {options.from_json + ": this is no packetboat.probe/1", Exit::bad_data});
  terminal.out() << escape_for_display(text_in(*report, "host"), 255) << "\n\n";
  for (auto const& one : ports->as_array()) {
    if (!one.is_object()) continue;
    auto const fault = advisor::fault_by_name(text_in(one.as_object(), "fault"));
    std::string const happened{fault ? advisor::info(*fault).title.in(language)
                                     : advisor::msg("cell.valid").in(language)};
    terminal.out() << text::paragraph(
        "  " + text::say(language, advisor::msg("check.open_faults"), port_in(one.as_object()), ""),
        happened, 80);
    if (fault)
      terminal.out() << text::paragraph("      ", advisor::info(*fault).advice.in(language), 80);
  }
  auto const* advice = report->if_contains("advice");
  terminal.out() << '\n';
  if (advice == nullptr || !advice->is_object()) {
    terminal.out() << text::paragraph("", advisor::msg("check.nothing").in(language), 80);
    return Exit::second_choice;
  }
  bool const implicit = text_in(advice->as_object(), "security") == "implicit-tls";
  terminal.out() << text::say(language, advisor::msg("advise.use"), port_in(advice->as_object()),
                              implicit ? "SSL/TLS" : "STARTTLS")
                 << '\n';
  return Exit::ok;
}

/// Without --host: the likely causes. With it: the one that a measurement leaves.
Exit explain_error(Options const& options, std::string const& text, Terminal& terminal) {
  auto const language = terminal.language();
  auto const found = advisor::explain(text);
  std::optional<Measured> measured;
  bool const wanted = !options.measurement.host.empty();
  if (wanted && !read_host(options.measurement))
    return refuse(terminal,
                  {std::string{advisor::msg("explain.bad_host").in(language)}, Exit::usage});
  if (found && wanted) measured = measure(*found, options.measurement);
  auto const reply = found ? std::nullopt : advisor::find_server_reply(text);
  auto const host = wanted ? read_host(options.measurement)->first : std::string{};
  if (options.json) {
    terminal.out() << as_json(found, reply, measured);
  } else if (measured) {
    terminal.out() << advisor::explanation_head(language, *found)
                   << advisor::settled_screen(language, measured->settled, measured->host,
                                              measured->port);
  } else if (found) {
    terminal.out() << advisor::explanation_screen(language, *found, host);
  } else if (reply) {
    terminal.out() << advisor::server_reply_screen(language, *reply);
  } else {
    terminal.out() << advisor::unknown_screen(language, host);
  }
  bool const one = !measured || measured->settled.how != advisor::Settled::How::not_here;
  return (found || reply) && one ? Exit::ok : Exit::second_choice;
}

Exit run_explain(Options const& options, Terminal& terminal) {
  if (!options.from_json.empty()) return explain_report(options, terminal);
  auto const language = terminal.language();
  std::string const text = text_of(options);
  auto shape = advisor::shape_of(text);
  if (options.error) shape = advisor::Shape::error_text;
  if (options.message) shape = advisor::Shape::queue_id;
  if (options.domain) shape = advisor::Shape::domain;
  std::string const shown = escape_for_display(text, 255);
  Form const form = options.json ? Form::json : Form::screen;
  if (shape == advisor::Shape::domain) {
    Exit const exit = explain_domain(options.target, ascii::to_lower(text), form, terminal);
    if (options.json) return exit;
    terminal.out() << advisor::msg("explain.is_domain").in(language) << "\n  packetboat probe "
                   << shown << '\n';
    return Exit::ok;
  }
  if (shape == advisor::Shape::queue_id)
    return explain_message(options.target, text, form, terminal);
  return explain_error(options, text, terminal);
}
}  // namespace

void add_explain(CLI::App& command, Action& action) {
  auto options = std::make_shared<Options>();  // shared: kept by both callbacks
  command.add_option("text", options->words,
                     "an error text, a queue id or a domain; nothing or -: standard input");
  add_target(command, options->target);
  add_measurement(command, options->measurement);
  command.add_option("--from-json", options->from_json,
                     "a report of probe --json or port-check.php; -: standard input");
  command.add_flag("--error", options->error, "it is an error text");
  command.add_flag("--message", options->message, "it is a queue id");
  command.add_flag("--domain", options->domain, "it is a domain");
  command.add_flag("--json", options->json, "print packetboat.explain/1");
  command.footer(
      "Examples:\n  packetboat explain \"SSL routines:ssl3_get_record:wrong version number\"\n"
      "  packetboat explain \"wrong version number\" --host smtp.example.com:587\n"
      "  packetboat explain < mail.log\n"
      "  packetboat explain 6h003k2qs0g1q\n  packetboat explain --domain example.net\n"
      "  packetboat explain --from-json report.json");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_explain(*options, terminal); };
  });
}
}  // namespace pb::cli
