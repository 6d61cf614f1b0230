// server.cpp: the names of the mechanisms, and the machine for a name.
// Spec: server.hpp; IANA "SASL Mechanisms".    Tests: server_test.cpp   Not here: the machines.
#include "sasl/server.hpp"

#include <array>

#include "base/ascii.hpp"
#include "base/check.hpp"
#include "sasl/mechanisms.hpp"

namespace pb::sasl {
namespace {
struct NameRow {
  MechanismName name;
  std::string_view text;
};
constexpr std::array<NameRow, 5> names{{
    {MechanismName::plain, "PLAIN"},                            // RFC 4616
    {MechanismName::login, "LOGIN"},                            // draft-murchison-sasl-login
    {MechanismName::scram_sha_256, "SCRAM-SHA-256"},            // RFC 7677
    {MechanismName::scram_sha_256_plus, "SCRAM-SHA-256-PLUS"},  // RFC 7677, RFC 9266
    {MechanismName::external, "EXTERNAL"},                      // RFC 4422 Appendix A
}};
}  // namespace

std::string_view name_of(MechanismName name) {
  for (NameRow const& row : names) {
    if (row.name == name) return row.text;
  }
  return {};
}

std::optional<MechanismName> mechanism_named(std::string_view text) {
  for (NameRow const& row : names) {
    if (ascii::iequals(row.text, text)) return row.name;
  }
  return std::nullopt;
}

std::unique_ptr<Mechanism> make_mechanism(MechanismName name, MechanismInputs inputs) {
  switch (name) {
    case MechanismName::plain:
      return make_plain();
    case MechanismName::login:
      return make_login();
    case MechanismName::scram_sha_256:
      return make_scram(std::move(inputs), ChannelBinding::without);
    case MechanismName::scram_sha_256_plus:
      return make_scram(std::move(inputs), ChannelBinding::required);
    case MechanismName::external:
      return make_external(std::move(inputs));
  }
  check_failed("a mechanism that is not in the enumeration", __FILE__, __LINE__);
}

bool may_act_as(std::string_view authorization_identity, std::string_view user,
                std::string_view account) {
  return authorization_identity.empty() || ascii::iequals(authorization_identity, user) ||
         ascii::iequals(authorization_identity, account);
}

Outcome outcome_of(Answer const& answer) {
  if (auto const* granted = std::get_if<Granted>(&answer)) return Success{granted->account, {}};
  if (std::holds_alternative<Unavailable>(answer)) return Failure::unavailable;
  return Failure::denied;
}
}  // namespace pb::sasl
