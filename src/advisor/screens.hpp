// screens.hpp: what `ports`, `advise` and `explain` print: text in a language, 80 columns.
// Spec: docs/terms.md; golden texts in screens_test.cpp.
// Not here: the probe's screens (probe_screen.hpp), colour (cli).
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "advisor/explain.hpp"
#include "advisor/ports.hpp"
#include "advisor/programs.hpp"
#include "advisor/providers.hpp"

namespace pb::advisor {
std::string ports_screen(text::Language language);
std::string port_screen(text::Language language, std::uint16_t port);

/// What a person has said; null where it does not matter.
struct AdviceRequest {
  Program const* program = nullptr;
  NetworkPolicy const* network = nullptr;
  Provider const* provider = nullptr;
  Preference preference = Preference::founding;
};
/// Ports to try, best first: the provider's (or the usual ones) in the order of preference, those
/// that the network is known to block last. Never 25.
struct Choice {
  std::uint16_t port = 0;
  Security security = Security::none;
  Policy policy = Policy::unknown;  // of the network for this port
};
std::vector<Choice> choices(AdviceRequest const& request);
std::string advice_screen(text::Language language, AdviceRequest const& request);

/// What the text was taken for: its first lines.
std::string explanation_head(text::Language language, Explanation const& explanation);
/// `host` is shown in the line to type next; may be empty.
std::string explanation_screen(text::Language language, Explanation const& explanation,
                               std::string_view host);
/// `host` as above.
std::string unknown_screen(text::Language language, std::string_view host);
}  // namespace pb::advisor
