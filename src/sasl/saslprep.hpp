// saslprep.hpp: the form in which passwords and SCRAM user names are compared.
// Spec: RFC 4013 (SASLprep), used by RFC 4616 §2 and RFC 5802 §2.2.        Tests: saslprep_test.cpp
// Not here: names of accounts (accounts/directory compares without case).
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace pb::sasl {
/// The prepared text; nullopt: not UTF-8, longer than 1024 octets, or it holds what RFC 4013 §2.3
/// prohibits (control characters and the like), or nothing is left of it. Code points that
/// Unicode 3.2 did not know (emoji) stay, on both sides, so that such a password can be used.
std::optional<std::string> saslprep(std::string_view text);
}  // namespace pb::sasl
