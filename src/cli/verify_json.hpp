// verify_json.hpp: results of authentication as JSON, the same in every command.
// Spec: docs/reference/command-line.md ("Authentication of mail").
// Not here: text for people (the commands).
#pragma once

#include <boost/json.hpp>

#include "arc/verify.hpp"
#include "dkim/verify.hpp"
#include "dmarc/evaluate.hpp"
#include "spf/evaluate.hpp"

namespace pb::cli {
boost::json::object json_of(spf::Result const& result);
boost::json::object json_of(dkim::SignatureResult const& result);
boost::json::object json_of(arc::Result const& result);
boost::json::object json_of(dmarc::Result const& result);
boost::json::array strings_json(std::vector<std::string> const& texts);
}  // namespace pb::cli
