// arc_sealing.cpp: see arc_sealing.hpp.
// Spec: RFC 8617 §5.1, §4.1.1 (ARC-Authentication-Results say what this hop found).
#include "runtime/arc_sealing.hpp"

namespace pb::runtime {
namespace {
arc::ChainStatus status_of(arc::Word word) {
  switch (word) {
    case arc::Word::none:
      return arc::ChainStatus::none;
    case arc::Word::pass:
      return arc::ChainStatus::pass;
    case arc::Word::fail:
      return arc::ChainStatus::fail;
  }
  return arc::ChainStatus::fail;
}
}  // namespace

std::expected<std::string, arc::SealError> seal(ArcSealing const& sealing,
                                                mail::HeaderSection const& header, arc::Word found,
                                                authres::Results const& results, Instant now,
                                                dkim::BodyHash const& body) {
  arc::SealOptions options;
  options.authserv_id = results.authserv_id;
  options.results = authres::raw_methods(authres::write(results));
  options.status = status_of(found);
  options.now = now;
  return arc::Sealer::seal(header, sealing.key, std::move(options), body);
}
}  // namespace pb::runtime
