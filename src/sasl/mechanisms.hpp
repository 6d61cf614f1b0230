// mechanisms.hpp: the server machines, one function each; make_mechanism() chooses.
// Spec: server.hpp.                                             Not here: anything for callers.
#pragma once

#include <memory>

#include "sasl/server.hpp"

namespace pb::sasl {
std::unique_ptr<Mechanism> make_plain();
std::unique_ptr<Mechanism> make_login();
std::unique_ptr<Mechanism> make_external(MechanismInputs inputs);
enum class ChannelBinding : std::uint8_t { without, required };
std::unique_ptr<Mechanism> make_scram(MechanismInputs inputs, ChannelBinding binding);

/// Names and passwords that a client may send, in octets (RFC 4616 §2: at least 255 each).
inline constexpr std::size_t user_octets_max = 320;
inline constexpr std::size_t password_octets_max = 1024;

/// We know no way to act for others: an authorization identity may only repeat who logs in.
bool may_act_as(std::string_view authorization_identity, std::string_view user,
                std::string_view account);
/// Granted and Denied and Unavailable, the same for every mechanism that asks for a check.
Outcome outcome_of(Answer const& answer);
}  // namespace pb::sasl
