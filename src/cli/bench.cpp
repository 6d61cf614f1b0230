// bench.cpp: `packetboat bench source` loads a server of your own; `bench sink` throws mail away.
// Spec: docs/reference/command-line.md ("bench"). A source is for one's own servers: what is not
// loopback or a private address needs --own-server.     Not here: the load (runtime/load_source).
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <boost/json.hpp>
#include <fstream>
#include <memory>
#include <ostream>

#include "advisor/submission_plan.hpp"
#include "app/signals.hpp"
#include "base/encoding.hpp"
#include "cli/commands.hpp"
#include "cli/secrets.hpp"
#include "cli/usage.hpp"
#include "runtime/discard_server.hpp"
#include "runtime/load_source.hpp"
#include "runtime/submitter.hpp"
#include "runtime/system.hpp"
#include "text/layout.hpp"

namespace pb::cli {
namespace {
namespace json = boost::json;
using text::say;

struct SourceOptions {
  std::string target, port = "587", user, password_command, ca_file;
  std::string from = "load@bench.test", to = "sink@bench.test";
  std::uint64_t messages = 1000, each = 0;
  unsigned sessions = 4;
  std::size_t octets = 4096;
  bool own = false, json = false;
};

bool is_near(std::string const& host) {
  auto const found = runtime::look_up(host, nullptr);
  return found && std::ranges::all_of(*found, [](IpAddress const& address) {
           return address.is_loopback() || address.is_private();
         });
}

void print(runtime::LoadResult const& result, Terminal& terminal) {
  auto const language = terminal.language();
  auto const ms = [&](double share) {
    return fmt::format("{:.1f} ms", runtime::percentile(result.milliseconds, share));
  };
  text::Table table;
  auto const row = [&](text::Text const& name, std::string value) {
    table.row({std::string{name.in(language)}, std::move(value)});
  };
  row(usage_text("bench_sent"), std::to_string(result.sent));
  row(usage_text("bench_refused"), std::to_string(result.refused));
  row(usage_text("bench_broken"), std::to_string(result.broken));
  row(usage_text("bench_rate"),
      fmt::format("{:.0f}", static_cast<double>(result.sent) / std::max(result.seconds, 1e-9)));
  for (auto const& [name, share] :
       {std::pair{"p50", 0.5}, {"p90", 0.9}, {"p99", 0.99}, {"max", 1.0}})
    table.row({name, ms(share)});
  terminal.out() << table.render();
  if (!result.first_problem.empty())
    terminal.out() << text::paragraph(
        "  ",
        say(language, usage_text("bench_problem"), escape_for_display(result.first_problem, 200)),
        terminal.columns());
}

json::object as_json(runtime::LoadResult const& result) {
  return {{"schema", "packetboat.bench/1"},
          {"sent", result.sent},
          {"refused", result.refused},
          {"broken", result.broken},
          {"seconds", result.seconds},
          {"ms",
           {{"p50", runtime::percentile(result.milliseconds, 0.5)},
            {"p90", runtime::percentile(result.milliseconds, 0.9)},
            {"p99", runtime::percentile(result.milliseconds, 0.99)},
            {"max", runtime::percentile(result.milliseconds, 1.0)}}},
          {"first_problem", escape_for_display(result.first_problem, 200)}};
}

Exit run_source(SourceOptions const& options, Terminal& terminal) {
  auto const language = terminal.language();
  auto const way = advisor::parse_way(options.port);
  if (!way) return usage(terminal, usage_text("bench_port").in(language), "bench source");
  if (!options.own && !is_near(options.target))
    return usage(terminal, usage_text("bench_own").in(language), "bench source");
  runtime::LoadSettings settings;
  settings.host = options.target;
  settings.port = way->port;
  settings.security = way->security;
  settings.from = options.from;
  settings.to = options.to;
  settings.ca_file = options.ca_file;
  settings.messages = options.messages;
  settings.sessions = options.sessions;
  settings.each = options.each;
  settings.octets = options.octets;
  if (!options.user.empty()) {
    if (way->security == advisor::Security::none)
      return usage(terminal, usage_text("bench_clear").in(language), "bench source");
    auto const secret = read_secret(
        {.user = options.user, .command = options.password_command, .token_command = {}}, terminal);
    if (!secret) return usage(terminal, escape_for_display(secret.error()));
    settings.user = options.user;
    settings.password = secret->password;
  }
  auto const result = runtime::run_load(settings);
  if (options.json) {
    terminal.out() << json::serialize(as_json(result)) << '\n';
  } else {
    print(result, terminal);
  }
  if (result.sent == settings.messages) return Exit::ok;
  return result.sent > 0 ? Exit::second_choice : Exit::not_usable;
}

struct SinkOptions {
  std::string address = "127.0.0.1:2525", ca_out;
  std::uint64_t count = 0;
  bool tls = false, json = false;
};

/// Until a signal, or so many messages.
Exit run_sink(SinkOptions const& options, Terminal& terminal) {
  auto const language = terminal.language();
  auto const address = Endpoint::parse(options.address);
  if (!address) return usage(terminal, usage_text("bench_listen").in(language), "bench sink");
  app::Signals signals;  // before the first thread
  static runtime::SystemClock const clock;
  std::uint64_t const wanted = options.count;
  auto const role = options.tls ? smtp::server::Role::submissions : smtp::server::Role::submission;
  auto const sink =
      runtime::DiscardServer::start(*address, role, clock, [wanted, &signals](std::uint64_t count) {
        if (wanted != 0 && count == wanted) signals.end();
      });
  if (!sink) {
    terminal.err() << escape_for_display(sink.error(), 400) << '\n';
    return Exit::os_error;
  }
  if (!options.ca_out.empty()) {
    std::ofstream file{options.ca_out, std::ios::binary | std::ios::trunc};
    file << (*sink)->ca_pem();
    if (!file.flush()) return Exit::cannot_create;
  }
  auto const begin = clock.now();
  terminal.err() << say(language, usage_text("bench_ready"), (*sink)->endpoint().text()) << '\n'
                 << std::flush;
  while (signals.wait() == app::Signals::Event::reload) {
  }
  (*sink)->stop();
  auto const& counts = (*sink)->counts();
  double const seconds = std::chrono::duration<double>(clock.now() - begin).count();
  if (options.json) {
    terminal.out() << json::serialize(json::object{{"schema", "packetboat.sink/1"},
                                                   {"messages", counts.messages.load()},
                                                   {"recipients", counts.recipients.load()},
                                                   {"octets", counts.octets.load()},
                                                   {"seconds", seconds}})
                   << '\n';
  } else {
    terminal.out() << say(language, usage_text("bench_taken"), counts.messages.load(),
                          counts.recipients.load(), counts.octets.load())
                   << '\n';
  }
  return Exit::ok;
}

void add_source(CLI::App& command, Action& action) {
  auto options = std::make_shared<SourceOptions>();  // shared: kept by both callbacks
  command.add_option("host", options->target, "a server of your own")->required();
  command.add_option("--port", options->port, "587, 465, 10587/starttls, 10465/tls, 10025/none");
  command.add_option("--messages", options->messages, "how many (1000)")
      ->check(CLI::Range(1, 10'000'000));
  command.add_option("--sessions", options->sessions, "connections at once (4, at most 64)")
      ->check(CLI::Range(1, 64));
  command.add_option("--each", options->each, "messages a connection (0: no limit)");
  command.add_option("--octets", options->octets, "of one message (4096)")
      ->check(CLI::Range(100, 50'000'000));
  command.add_option("--from", options->from, "the envelope's sender");
  command.add_option("--to", options->to, "its recipient");
  command.add_option("--login", options->user, "log in as this user");
  command.add_option("--password-command", options->password_command,
                     "its first line is the password (else PACKETBOAT_PASSWORD, else asked)");
  command.add_option("--ca-file", options->ca_file, "trust the issuers of this file only");
  command.add_flag("--own-server", options->own,
                   "it is mine, though it is not on a private network");
  command.add_flag("--json", options->json, "print packetboat.bench/1");
  command.footer(
      "Exit codes: 0 all were taken, 1 some, 2 none.\n"
      "Example:\n  packetboat bench source localhost --port 2525 --ca-file ca.pem --sessions 8");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_source(*options, terminal); };
  });
}

void add_sink(CLI::App& command, Action& action) {
  auto options = std::make_shared<SinkOptions>();  // shared: kept by both callbacks
  command.add_option("--listen", options->address, "127.0.0.1:2525; port 0: a free one");
  command.add_flag("--tls", options->tls, "begin with TLS, as 465 does");
  command.add_option("--ca-out", options->ca_out, "write its CA's certificate to this file");
  command.add_option("--count", options->count, "end after so many messages");
  command.add_flag("--json", options->json, "print packetboat.sink/1 at the end");
  command.footer(
      "Takes any login and every message, keeps nothing, ends with Ctrl-C.\n"
      "Example:\n  packetboat bench sink --listen 127.0.0.1:2525 --ca-out ca.pem");
  command.callback([options, &action] {
    action = [options](Terminal& terminal) { return run_sink(*options, terminal); };
  });
}
}  // namespace

void add_bench(CLI::App& command, Action& action) {
  command.require_subcommand(1);
  add_source(*command.add_subcommand("source", "send many messages and measure each"), action);
  add_sink(*command.add_subcommand("sink", "take every message and throw it away"), action);
}
}  // namespace pb::cli
