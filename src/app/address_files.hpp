// address_files.hpp: files of aliases and of known mailboxes, one-line rules.
// Spec: docs/reference/configuration.md (domain.aliases, domain.recipients).  Tests:
// address_files_test.cpp       Not here: following an alias (accounts/directory, delivery/).
#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "app/config.hpp"

namespace pb::app {
/// local part (lower case) -> targets, "account or address", parted by ", ".
using AliasMap = std::map<std::string, std::string>;

/// "name: target, target"; "#" begins a comment; a line that begins with a blank goes on. Programs
/// (|cmd), files (/path) and :include: of other mail servers are named errors, never run.
AliasMap parse_aliases(std::string_view text, std::string const& file,
                       std::vector<Problem>& problems);
/// One mailbox a line, with or without its domain; all lead to themselves.
AliasMap parse_recipients(std::string_view text, DomainConfig const& domain,
                          std::string const& file, std::vector<Problem>& problems);
}  // namespace pb::app
