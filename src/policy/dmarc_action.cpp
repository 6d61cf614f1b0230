// dmarc_action.cpp: see dmarc_action.hpp.                       Spec: RFC 9989 §5.4; RFC 8617 §5.
#include "policy/dmarc_action.hpp"

#include <algorithm>

#include "authres/results.hpp"
#include "dns/name.hpp"

namespace pb::policy {
std::optional<DmarcAction> parse_dmarc_action(std::string_view text) {
  if (text == "record") return DmarcAction::record;
  if (text == "quarantine") return DmarcAction::quarantine;
  if (text == "hold") return DmarcAction::hold;
  if (text == "reject") return DmarcAction::reject;
  return std::nullopt;
}

bool is_spared(dmarc::Result const& dmarc, arc::Result const& arc, DmarcTrust const& trust) {
  bool const excepted = std::ranges::any_of(trust.exceptions, [&](std::string const& domain) {
    return dns::is_or_below(dmarc.author_domain, domain);
  });
  if (excepted) return true;
  if (arc.word != arc::Word::pass || arc.sealers.empty()) return false;
  bool const named = std::ranges::any_of(trust.forwarders, [&](std::string const& domain) {
    return dns::normal_name(domain) == dns::normal_name(arc.sealers.back().domain);
  });
  auto const there = named ? authres::parse(arc.newest_results) : std::nullopt;
  if (!there) return false;
  return std::ranges::any_of(there->methods, [](authres::MethodResult const& method) {
    return method.method == "dmarc" && method.result == "pass";
  });
}

Disposal dispose(DmarcAction action, dmarc::Result const& dmarc) {
  bool const wished = dmarc.word == dmarc::Word::fail && dmarc.policy != dmarc::Policy::none;
  if (!wished) return Disposal::deliver;
  switch (action) {
    case DmarcAction::record:
      return Disposal::junk;
    case DmarcAction::quarantine:
      return Disposal::mark;
    case DmarcAction::hold:
      return Disposal::hold;
    case DmarcAction::reject:
      return dmarc.policy == dmarc::Policy::reject ? Disposal::refuse : Disposal::mark;
  }
  return Disposal::deliver;
}

std::string_view text(Disposal disposal) {
  switch (disposal) {
    case Disposal::deliver:
      return "deliver";
    case Disposal::junk:
      return "junk";
    case Disposal::mark:
      return "junk-marked";
    case Disposal::hold:
      return "hold";
    case Disposal::refuse:
      return "refuse";
  }
  return "";
}
}  // namespace pb::policy
