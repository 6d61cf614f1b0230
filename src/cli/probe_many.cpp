// probe_many.cpp: a few threads take targets from one list; lines come in the list's order.
// Spec: probe_many.hpp; the connection limits of one host are the prober's.
// Tests: tests/fault_lab
#include "cli/probe_many.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <mutex>
#include <ostream>
#include <thread>
#include <vector>

#include "advisor/verdict.hpp"
#include "base/ascii.hpp"
#include "base/encoding.hpp"
#include "cli/probe_json.hpp"

namespace pb::cli {
namespace {
constexpr std::size_t at_once = 64;  // mostly waiting: a silent host takes fifteen seconds

struct Line {
  std::string text;
  Exit exit = Exit::ok;
  bool done = false;
};

Line measure(runtime::ProbeSettings const& settings, bool json) {
  auto const facts = runtime::probe(settings);
  auto const verdict = advisor::judge(facts, advisor::Preference::founding,
                                      advisor::provider_of_host(settings.host));
  Line out;
  out.done = true;
  out.exit = exit_of(verdict.outcome);
  if (json) {
    out.text = probe_json(facts, verdict);
    return out;
  }
  std::string what = "-";
  if (verdict.advice)
    what = fmt::format("{} {}", verdict.advice->port, name(verdict.advice->security));
  else if (verdict.cause)
    what = std::string{name(*verdict.cause)};
  out.text = fmt::format("{:<40} {}\n", escape_for_display(settings.target, 255), what);
  return out;
}

/// Prints what is done up to the first that is not; called with the lock held.
void print_ready(std::vector<Line> const& lines, std::size_t& printed, Terminal& terminal) {
  while (printed < lines.size() && lines[printed].done) {
    terminal.out() << lines[printed].text << std::flush;
    ++printed;
  }
}
}  // namespace

Exit probe_many(
    std::string_view list,
    std::function<std::optional<runtime::ProbeSettings>(std::string const&)> const& settings_for,
    bool json, Terminal& terminal) {
  std::vector<runtime::ProbeSettings> wanted;
  for (auto line : ascii::split(list, '\n')) {
    line = ascii::trim(line);
    if (line.empty() || line.starts_with('#')) continue;
    auto settings = settings_for(std::string{line});
    if (!settings || wanted.size() >= probe_targets_max) return Exit::usage;
    wanted.push_back(std::move(*settings));
  }
  std::vector<Line> lines(wanted.size());
  std::mutex lock;
  std::size_t printed = 0, done = 0;
  std::atomic<std::size_t> next{0};
  auto const work = [&] {
    for (std::size_t i = next++; i < wanted.size(); i = next++) {
      Line line = measure(wanted[i], json);
      std::lock_guard const held{lock};
      lines[i] = std::move(line);
      ++done;
      if (terminal.interactive())
        terminal.err() << fmt::format("\r{} / {} \r", done, wanted.size()) << std::flush;
      print_ready(lines, printed, terminal);
    }
  };
  {
    std::vector<std::jthread> threads;
    for (std::size_t i = 0; i < std::min(at_once, wanted.size()); ++i) threads.emplace_back(work);
  }
  Exit worst = Exit::ok;
  for (auto const& line : lines) worst = std::max(worst, line.exit);
  return worst;
}
}  // namespace pb::cli
