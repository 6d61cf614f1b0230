// aliases.hpp: alias files: one rule a line, targets that are mailboxes only.
// Spec: docs/reference (domain.aliases). The old sendmail forms that run programs or write files
// are named errors.    Tests: aliases_test.cpp    Not here: following the rules (expansion.hpp).
#pragma once

#include <cstddef>
#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "mail/address.hpp"

namespace pb::delivery {
enum class AliasErrorKind : std::uint8_t {
  no_colon,        // "name: target, target"
  bad_name,        // the left side is no local part
  no_target,       //
  bad_target,      // neither a local part nor an address
  program,         // "|command"
  file,            // "/path"
  include,         // ":include:"
  twice,           // a name that stands in the file already
  too_many_rules,  //
  too_many_targets
};
std::string_view explain(AliasErrorKind kind);

struct AliasError {
  AliasErrorKind kind;
  std::size_t line;   // from 1
  std::string about;  // the name or target that it is about; empty: the line
};

inline constexpr std::size_t alias_rules_max = 100'000;
inline constexpr std::size_t alias_targets_max = 1000;  // of one rule

/// The rules of one domain. Names are compared without case.
class AliasTable {
 public:
  /// Comments (#), empty lines and continuation lines (leading blanks) as in /etc/aliases.
  static std::expected<AliasTable, std::vector<AliasError>> parse(std::string_view text);
  [[nodiscard]] std::size_t size() const { return rules_.size(); }
  [[nodiscard]] std::map<std::string, std::vector<std::string>> const& rules() const {
    return rules_;
  }

 private:
  std::map<std::string, std::vector<std::string>> rules_;  // lower-case name -> targets
};
}  // namespace pb::delivery
