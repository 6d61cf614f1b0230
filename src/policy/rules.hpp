// rules.hpp: the names of rules, as logs and verdicts carry them.      Tests: engine_test.cpp
// Spec: ARCHITECTURE.md "Judge" ("with the rule's name").    Not here: the rules (engine.cpp).
#pragma once

#include <string_view>

namespace pb::policy {
struct Rule {
  std::string_view name;
  std::string_view in_sandbox;  // the verdict was "accept", a real server would have refused
};

namespace rule {
inline constexpr std::string_view accepted = "accepted";
inline constexpr Rule need_tls{"need_tls", "sandbox: need_tls"};
inline constexpr Rule need_auth{"need_auth", "sandbox: need_auth"};
inline constexpr Rule unknown_recipient{"unknown_recipient", "sandbox: unknown_recipient"};
inline constexpr Rule mailbox_full{"mailbox_full", "sandbox: mailbox_full"};
inline constexpr Rule relay_denied{"relay_denied", "sandbox: relay_denied"};
inline constexpr Rule routed_recipient{"routed_recipient", "sandbox: routed_recipient"};
inline constexpr Rule mail_loop{"mail_loop", "sandbox: mail_loop"};
inline constexpr Rule reverse_path_not_owned{"reverse_path_not_owned",
                                             "sandbox: reverse_path_not_owned"};
inline constexpr Rule from_not_owned{"from_not_owned", "sandbox: from_not_owned"};
inline constexpr Rule from_unreadable{"from_unreadable", "sandbox: from_unreadable"};
}  // namespace rule
}  // namespace pb::policy
