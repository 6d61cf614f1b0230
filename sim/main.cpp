// main.cpp: `sim`: runs seeds of the simulated world and says what a failure was.
// Spec: sim/README.md.                                             Not here: the world (world.hpp).
#include <fmt/format.h>

#include <unistd.h>
#include <charconv>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstring>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/mark.hpp"
#include "sim/world.hpp"

// The linker's names for the ends of the section that mark.hpp speaks of.
extern "C" {
extern pb::Mark __start_pb_marks[] __attribute__((weak));
extern pb::Mark __stop_pb_marks[] __attribute__((weak));
}

namespace pb::sim {
namespace {
/// Fewer seeds may well miss a path.
constexpr std::uint64_t seeds_for_marks = 2000;

/// Every mark's count; how many were never hit.
std::size_t print_marks() {
  std::map<std::string_view, std::uint64_t> marks;
  for (Mark const* mark = __start_pb_marks; mark != __stop_pb_marks; ++mark)
    marks[mark->name] += mark->hits.load(std::memory_order_relaxed);
  std::size_t missed = 0;
  for (auto const& [name, hits] : marks) {
    missed += hits == 0 ? 1 : 0;
    fmt::print("mark {:<28} {}\n", name, hits == 0 ? "NEVER" : std::to_string(hits));
  }
  fmt::print("{} marks, {} never hit\n", marks.size(), missed);
  return missed;
}

struct Options {
  std::string scenario = "everything";
  std::string folder = PB_SOURCE_DIR "/sim/scenarios";
  std::uint64_t from = 1;
  std::uint64_t seeds = 0;
  std::uint64_t seconds = 0;
  std::optional<std::uint64_t> seed;
  Plant plant = Plant::none;
  std::size_t notes = 40;
};

char again[256];  // for on_abort(): the line that repeats the seed

/// A PB_CHECK is a checker, too.
void on_abort(int) {
  constexpr std::string_view text = "FAILED  checker: invariant (PB_CHECK, see above)\nrepeat: ";
  [[maybe_unused]] auto n = ::write(STDOUT_FILENO, text.data(), text.size());
  n = ::write(STDOUT_FILENO, again, std::strlen(again));
  std::_Exit(1);
}

struct Run {
  std::uint64_t hash = 0;
  bool failed = false;
};

Run run_seed(Options const& options, Scenario const& file, std::uint64_t seed, Counts& counts) {
  auto const end =
      fmt::format_to_n(again, sizeof again - 1, "sim --seed {} --scenario {}\n", seed, file.name);
  *end.out = '\0';
  SimWorld world{varied(file, seed), seed, options.plant};
  Run run;
  try {
    world.run();
  } catch (Violation const& violation) {
    run.failed = true;
    fmt::print("FAILED  checker: {}\n        {}\n", violation.checker, violation.text);
    for (std::string const& note : world.time.last_notes(options.notes)) fmt::print("{}\n", note);
    fmt::print("seed {}, {} steps, trace {:016x}\nrepeat: {}", seed, world.time.steps(),
               world.time.hash(), again);
  }
  world.counts.steps = world.time.steps();
  world.counts.recipients_least = world.counts.recipients;
  world.counts.domains_least = world.domains_reached();
  counts.add(world.counts);
  run.hash = world.time.hash();
  return run;
}

void print(Counts const& c) {
  fmt::print(
      "{} letters offered, {} messages answered 250 for {} recipients, {} reports of ours\n"
      "{} deliveries ({} second ones, each excused), {} recipients bounced, {} expired\n"
      "{} server sessions, {} delivery attempts, {} steps\n"
      "{} crashes, {} drains, {} failures of the store\n"
      "each seed: at least {} recipients in {} domains\n",
      c.letters, c.acknowledged, c.recipients, c.reports, c.delivered, c.duplicates, c.bounced,
      c.expired, c.sessions, c.attempts, c.steps, c.crashes, c.drains, c.store_failures,
      c.recipients_least, c.domains_least);
}

int run_many(Options const& options, Scenario const& file) {
  auto const began = std::chrono::steady_clock::now();
  auto const passed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - began).count();
  };
  Counts counts;
  std::uint64_t hash = 0, seed = options.from, done = 0;
  for (;; ++seed, ++done) {
    if (options.seconds != 0 ? passed() >= static_cast<double>(options.seconds)
                             : done >= options.seeds)
      break;
    Run const run = run_seed(options, file, seed, counts);
    if (run.failed) return 1;
    hash = (hash ^ run.hash) * 0x9E3779B97F4A7C15ULL;
  }
  print(counts);
  fmt::print("{} seeds of {} in {:.1f} s: no checker failed; traces {:016x}\n", done, file.name,
             passed(), hash);
  std::size_t const missed = print_marks();
  return missed != 0 && done >= seeds_for_marks ? 1 : 0;
}

int run_one(Options const& options, Scenario const& file) {
  Counts counts;
  Run const run = run_seed(options, file, *options.seed, counts);
  if (run.failed) return 1;
  print(counts);
  fmt::print("seed {} of {}: no checker failed; trace {:016x}\n", *options.seed, file.name,
             run.hash);
  return 0;
}

constexpr std::string_view usage =
    "sim --seeds N [--from M]      runs N seeds and counts\n"
    "sim --seconds N [--from M]    as many as go\n"
    "sim --seed S                  one, and prints its trace hash\n"
    "  --scenario NAME             of sim/scenarios (everything)\n"
    "  --plant NAME                plants a fault: a checker must name it\n"
    "  --notes N                   how much of the trace a failure prints\n"
    "sim --list                    scenarios and plants\n";

std::uint64_t number(std::string_view text) {
  std::uint64_t value = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc{} || end != text.data() + text.size())
    throw std::runtime_error{fmt::format("{} is no number", text)};
  return value;
}

Plant plant_named(std::string_view name) {
  for (PlantRow const& row : plants())
    if (row.name == name) return row.plant;
  throw std::runtime_error{fmt::format("no plant {}; see sim --list", name)};
}

int list(Options const& options) {
  for (std::string const& name : scenario_names(options.folder)) fmt::print("scenario {}\n", name);
  for (PlantRow const& row : plants())
    fmt::print("plant {:<18} named by {}\n", row.name, row.checker);
  return 0;
}

int sim_main(std::vector<std::string_view> const& words) {
  Options options;
  for (std::size_t i = 0; i < words.size(); ++i) {
    std::string_view const word = words[i];
    if (word == "--list") return list(options);
    if (i + 1 == words.size()) throw std::runtime_error{std::string{usage}};
    std::string_view const value = words[++i];
    if (word == "--seeds")
      options.seeds = number(value);
    else if (word == "--from")
      options.from = number(value);
    else if (word == "--seconds")
      options.seconds = number(value);
    else if (word == "--seed")
      options.seed = number(value);
    else if (word == "--scenario")
      options.scenario = value;
    else if (word == "--scenarios")
      options.folder = value;
    else if (word == "--plant")
      options.plant = plant_named(value);
    else if (word == "--notes")
      options.notes = number(value);
    else
      throw std::runtime_error{std::string{usage}};
  }
  std::signal(SIGABRT, on_abort);
  Scenario const file = read_scenario(options.folder, options.scenario);
  if (options.seed) return run_one(options, file);
  if (options.seeds == 0 && options.seconds == 0) throw std::runtime_error{std::string{usage}};
  return run_many(options, file);
}
}  // namespace
}  // namespace pb::sim

int main(int argc, char** argv) {
  try {
    return pb::sim::sim_main({argv + 1, argv + argc});
  } catch (std::exception const& error) {
    fmt::print(stderr, "sim: {}\n", error.what());
    return 2;
  }
}
