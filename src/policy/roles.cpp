// roles.cpp: the table of roles as text and as session settings.      Spec: roles.hpp.
// Tests: roles_test.cpp                                               Not here: the verdicts.
#include "policy/roles.hpp"

#include <fmt/core.h>

#include "base/check.hpp"
#include "smtp/reply.hpp"

namespace pb::policy {
namespace {
using sasl::MechanismName;

/// "`530 5.7.0`", from the one table of replies.
std::string code_of(smtp::NamedReply const& reply) {
  auto const& status = reply.status;
  return fmt::format("`{} {}.{}.{}`", reply.code, status.klass, status.subject, status.detail);
}

std::string security_of(RoleRules const& rules) {
  switch (rules.tls) {
    case RoleTls::offered:
      return "STARTTLS offered";
    case RoleTls::required:
      return fmt::format("STARTTLS required before AUTH and MAIL (else {})",
                         code_of(smtp::reply::need_tls));
    case RoleTls::implicit:
      return "TLS from the first byte";
  }
  check_failed("a security that is not in the enumeration", __FILE__, __LINE__);
}

std::string auth_of(RoleRules const& rules) {
  switch (rules.auth) {
    case RoleAuth::not_offered:
      return "not offered";
    case RoleAuth::required:
      return fmt::format("required (else {})", code_of(smtp::reply::need_auth));
  }
  check_failed("an AUTH rule that is not in the enumeration", __FILE__, __LINE__);
}

std::string recipients_of(RoleRules const& rules) {
  std::string const owned =
      fmt::format(", from addresses that it owns (else {})", code_of(smtp::reply::not_owner));
  switch (rules.recipients) {
    case RoleRecipients::known_here:
      return fmt::format(
          "anyone to our known recipients (else {}); trusted networks to anyone (else {})",
          code_of(smtp::reply::unknown_user), code_of(smtp::reply::relay_denied));
    case RoleRecipients::anyone:
      return "an account to anyone" + (rules.senders_owned ? owned : "");
  }
  check_failed("a recipients rule that is not in the enumeration", __FILE__, __LINE__);
}

std::string_view message_of(RoleRules const& rules) {
  switch (rules.message) {
    case RoleMessage::left_as_it_is:
      return "trace fields added; Authentication-Results in our own name removed";
    case RoleMessage::completed:
      return "trace fields added; Date and Message-ID added where missing; Bcc removed";
  }
  check_failed("a message rule that is not in the enumeration", __FILE__, __LINE__);
}
}  // namespace

RoleRules const& rules_of(Role role) {
  for (RoleRules const& rules : roles) {
    if (rules.role == role) return rules;
  }
  check_failed("a role that is not in the table", __FILE__, __LINE__);
}

std::string roles_table() {
  std::string table =
      "| role | usual port | security | AUTH | who to whom | message |\n"
      "|---|---|---|---|---|---|\n";
  for (RoleRules const& rules : roles) {
    table +=
        fmt::format("| `{}` | {} | {} | {} | {} | {} |\n", rules.name, rules.usual_port,
                    security_of(rules), auth_of(rules), recipients_of(rules), message_of(rules));
  }
  return table;
}

void apply_role(smtp::server::Settings& settings, Role role, Sandbox sandbox) {
  RoleRules const& rules = rules_of(role);
  bool const plays = sandbox == Sandbox::yes;
  settings.role = role;
  settings.auth_offered = rules.auth == RoleAuth::required;
  settings.auth_in_clear = plays && settings.auth_offered;
  settings.tls_required = !plays && rules.tls != RoleTls::offered;
  // Sessions offer them to accounts and to trusted networks only (RFC 4865 §3, RFC 6710 §8).
  settings.futurerelease = settings.mt_priority = settings.deliverby = true;
  settings.mechanisms.clear();
  if (!settings.auth_offered) return;
  if (!plays) {
    settings.mechanisms = {MechanismName::scram_sha_256_plus, MechanismName::scram_sha_256};
  }
  settings.mechanisms.push_back(MechanismName::plain);
  settings.mechanisms.push_back(MechanismName::login);
  if (!plays) settings.mechanisms.push_back(MechanismName::external);
}
}  // namespace pb::policy
