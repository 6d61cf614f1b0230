// other_place.hpp: what a port looks like from another place, told in closed words, and what the
// difference to here means.
// Spec: docs/reference/xprobe.md; names of faults: faults.hpp.       Tests: other_place_test.cpp,
// fuzz/other_place_fuzz.cpp.
// Not here: measuring (runtime/prober, runtime/remote_prober), screens (other_place_screen.hpp).
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisor/verdict.hpp"

namespace pb::advisor {
/// One port by one address family, or none where the name led nowhere. Without a word of the peer.
struct PortView {
  enum class Family : std::uint8_t { none, ipv4, ipv6 } family = Family::none;
  Tcp tcp = Tcp::unknown;
  Security security = Security::none;
  std::string tls;            // "1.0" to "1.3"; empty: no TLS
  std::vector<Fault> faults;  // as of AttemptVerdict
  [[nodiscard]] bool in_order() const { return tcp == Tcp::open && faults.empty(); }
};
inline constexpr std::size_t faults_told_max = 8;

/// `port` alone of a probe, a view for each address family; one of family none, with the name's
/// fault, where no address was measured.
std::vector<PortView> views_of(ProbeFacts const& facts, Verdict const& verdict, std::uint16_t port);
/// "family=ipv4 tcp=open security=starttls tls=1.3 faults=-", lines parted by '\n'.
std::string views_text(std::vector<PortView> const& views);
/// nullopt: not such a text. A server that is newer than we are may know more faults than we do:
/// nullopt, too.
std::optional<std::vector<PortView>> parse_views(std::string_view text);
/// The one that decides what a program there meets: one in order, else an open one, else the first.
PortView const* deciding(std::vector<PortView> const& views);

enum class Contrast : std::uint8_t {
  not_compared,   // one side was not measured
  same_in_order,  // works from both
  same_fault,     // fails in the same way from both
  both_fail,      // fails from both, each time in another way
  no_name_here,   // the name leads somewhere from there, and nowhere from here
  blocked_here,   // open from there, and not from here
  changed_here,   // both reach it; from there it is in order, from here not
  blocked_there,  // open from here, and not from there
  changed_there   // both reach it; from here it is in order, from there not
};
std::string_view name(Contrast contrast);
Contrast compare(PortView const* here, PortView const* there);

/// What the server over there said about one port.
struct ToldPort {
  std::uint16_t port = 0;
  enum class Told : std::uint8_t {
    measured,
    denied,    // not a port, or not an address, that it probes
    too_many,  // later
    unread     // no answer that we understand
  } told = Told::unread;
  std::vector<PortView> views;  // of measured
};
std::string_view name(ToldPort::Told told);

struct PortContrast {
  std::uint16_t port = 0;
  std::optional<PortView> here, there;  // the deciding ones
  ToldPort::Told told = ToldPort::Told::unread;
  Contrast contrast = Contrast::not_compared;
};
/// The ports in the order of preference, and what follows from all of them: the gravest contrast
/// of a port of submission. Interference outranks a block, a difference a likeness.
struct PlaceComparison {
  std::vector<PortContrast> ports;
  Contrast finding = Contrast::not_compared;
  std::vector<std::uint16_t> because;  // the ports of which it is true
};
PlaceComparison compare_places(ProbeFacts const& facts, Verdict const& verdict,
                               std::vector<ToldPort> const& told);
}  // namespace pb::advisor
