// settle.hpp: an error text has several likely causes; one measurement leaves one of them.
// Spec: docs/reference/command-line.md ("explain").
// Tests: settle_test.cpp             Not here: measuring (runtime/prober), matching (explain.hpp).
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "advisor/explain.hpp"
#include "advisor/verdict.hpp"
#include "text/language.hpp"

namespace pb::advisor {
/// The port worth measuring: the one that the text names, else the one that the fault is about.
std::uint16_t port_to_measure(Explanation const& explanation);
/// Only another server on the same port tells a blocked port from a dead host.
bool needs_controls(Explanation const& explanation);

struct Settled {
  enum class How : std::uint8_t {
    measured,   // the fault was seen at the server
    fits,       // the server is in order, so the program or its settings are the cause
    not_here,   // it works from here: the cause is where the error was printed
    something,  // another fault was seen, which the text did not speak of
  } how = How::not_here;
  Fault fault = Fault::host_silent;    // which cause is left
  Security security = Security::none;  // of the measured port
};
std::string_view name(Settled::How how);
/// `verdict` is of a probe of `port`.
Settled settle(Explanation const& explanation, Verdict const& verdict, std::uint16_t port);

/// The answer on the screen; `host` is shown escaped.
std::string settled_screen(text::Language language, Settled const& settled, std::string_view host,
                           std::uint16_t port);
}  // namespace pb::advisor
