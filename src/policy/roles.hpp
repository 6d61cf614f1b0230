// roles.hpp: a listener has a role, the role has a policy: one table.          Tests:
// roles_test.cpp Spec: RFC 5321 §7.9 (who may relay), RFC 6409 §3.1, §4.3, §8 (submission), RFC
// 8314 §3.3 (465). docs/reference/roles.md shows the same table; a test compares them.     Not
// here: the verdicts.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

#include "smtp/server/facts.hpp"
#include "smtp/server/session.hpp"

namespace pb::policy {
using smtp::server::Role;

enum class RoleTls : std::uint8_t {
  offered,   // STARTTLS, for those who want it
  required,  // STARTTLS before AUTH and MAIL (530 5.7.0)
  implicit,  // from the first byte
};
enum class RoleAuth : std::uint8_t { not_offered, required };
enum class RoleRecipients : std::uint8_t {
  known_here,  // anyone to our known recipients, trusted networks to anyone
  anyone,      // an account to anyone
};
enum class RoleMessage : std::uint8_t {
  left_as_it_is,  // but for trace fields in front and forged results in our name
  completed,      // Date and Message-ID added, Bcc removed
};

struct RoleRules {
  Role role;
  std::string_view name;  // as the configuration spells it
  std::uint16_t usual_port;
  RoleTls tls;
  RoleAuth auth;
  RoleRecipients recipients;
  bool senders_owned;  // reverse-path and every From address
  RoleMessage message;
};

inline constexpr std::array<RoleRules, 4> roles{{
    {Role::relay, "relay", 25, RoleTls::offered, RoleAuth::not_offered, RoleRecipients::known_here,
     false, RoleMessage::left_as_it_is},
    {Role::submission, "submission", 587, RoleTls::required, RoleAuth::required,
     RoleRecipients::anyone, true, RoleMessage::completed},
    {Role::submissions, "submissions", 465, RoleTls::implicit, RoleAuth::required,
     RoleRecipients::anyone, true, RoleMessage::completed},
    {Role::submission_alt, "submission-alt", 2525, RoleTls::required, RoleAuth::required,
     RoleRecipients::anyone, true, RoleMessage::completed},
}};

RoleRules const& rules_of(Role role);
/// The table as docs/reference/roles.md has it.
std::string roles_table();

/// Sets what a session must know of its role: auth_offered, tls_required, auth_in_clear, the
/// mechanisms in the order offered. The sandbox takes PLAIN and LOGIN, in the clear too.
enum class Sandbox : bool { no, yes };
void apply_role(smtp::server::Settings& settings, Role role, Sandbox sandbox);
}  // namespace pb::policy
