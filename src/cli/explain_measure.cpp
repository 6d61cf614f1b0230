// explain_measure.cpp: see explain_measure.hpp.
// Spec: docs/reference/command-line.md ("explain").                                Tests:
// tests/end_to_end/explain_host_test.py
#include "cli/explain_measure.hpp"

#include <CLI/CLI.hpp>
#include <charconv>

#include "base/ascii.hpp"
#include "runtime/prober.hpp"

namespace pb::cli {
namespace {
constexpr advisor::Millis all_of_it{15'000};

std::optional<std::uint16_t> number(std::string_view text) {
  std::uint16_t port = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}
}  // namespace

void add_measurement(CLI::App& command, Measurement& measurement) {
  command.add_option("--host", measurement.host,
                     "measure there (HOST or HOST:PORT), and name the one cause");
  command.add_option("--port", measurement.port, "the port to measure");
  command.add_option("--ca-file", measurement.ca_file, "trust the issuers of this file only");
}

std::optional<std::pair<std::string, std::uint16_t>> read_host(Measurement const& measurement) {
  std::string_view text = ascii::trim(measurement.host);
  std::uint16_t port = measurement.port;
  auto const colon = text.rfind(':');
  bool const bracket = text.starts_with('[');
  bool const one_colon = colon != std::string_view::npos && text.find(':') == colon;
  if (colon != std::string_view::npos && (one_colon || (bracket && text[colon - 1] == ']'))) {
    auto const given = number(text.substr(colon + 1));
    if (!given) return std::nullopt;
    if (port == 0) port = *given;
    text = text.substr(0, colon);
  }
  if (bracket && text.ends_with(']')) text = text.substr(1, text.size() - 2);
  bool const blank = text.find_first_of(" \t/@") != std::string_view::npos;
  if (text.empty() || text.size() > 253 || blank) return std::nullopt;
  return std::pair{std::string{text}, port};
}

Measured measure(advisor::Explanation const& explanation, Measurement const& measurement) {
  auto const [host, port] = *read_host(measurement);
  Measured out{.host = host,
               .port = port != 0 ? port : advisor::port_to_measure(explanation),
               .settled = {}};
  auto const* provider = advisor::provider_of_host(host);
  runtime::ProbeSettings settings;
  settings.target = settings.host = host;
  settings.ports = {out.port};
  settings.controls = advisor::needs_controls(explanation);
  if (settings.controls) settings.control_hosts = advisor::control_hosts(provider);
  settings.ca_file = measurement.ca_file;
  settings.timeout = all_of_it;
  auto const facts = runtime::probe(settings);
  auto const verdict = advisor::judge(facts, advisor::Preference::founding, provider);
  out.settled = advisor::settle(explanation, verdict, out.port);
  return out;
}
}  // namespace pb::cli
