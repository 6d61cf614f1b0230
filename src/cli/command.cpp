// command.cpp: options that several commands take in the same way.
// Spec: docs/reference/command-line.md.                        Tests:
// tests/end_to_end/queue_test.py
#include "cli/command.hpp"

#include <CLI/CLI.hpp>
#include <charconv>

#include "app/units.hpp"

namespace pb::cli {
void add_seconds(CLI::App& command, std::string const& name, std::uint64_t& seconds,
                 std::string const& help) {
  command.add_option_function<std::string>(
      name,
      [&seconds, name](std::string const& text) {
        auto const [end, bad] = std::from_chars(text.data(), text.data() + text.size(), seconds);
        if (bad == std::errc{} && end == text.data() + text.size()) return;
        auto const duration = app::parse_duration(text);
        if (!duration)
          throw CLI::ValidationError{name, "\"" + text + "\" is no time such as 90m, 1d or 3600"};
        seconds = static_cast<std::uint64_t>(
            std::chrono::duration_cast<std::chrono::seconds>(*duration).count());
      },
      help);
}
}  // namespace pb::cli
