// submitter.hpp: hands one message to a server, trying ways in order until one takes it.
// Spec: advisor/submission_plan.hpp (when to go on).    Tests: tests/end_to_end/send_test.py
// Not here: which ways (advisor/submission_plan), composing (mail/compose), words (cli/send).
#pragma once

#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "advisor/submission_plan.hpp"
#include "base/clock.hpp"
#include "base/ip.hpp"
#include "queue/lease.hpp"
#include "runtime/resolver.hpp"
#include "sasl/client.hpp"
#include "smtp/client/session.hpp"

namespace pb::runtime {
struct SubmitSettings {
  std::string host;                  // for TLS names
  std::vector<IpAddress> addresses;  // in the order to try, at least one
  std::vector<advisor::Way> ways;    // at least one
  smtp::client::Transaction transaction;
  std::string_view content;  // outlives the call; transaction.octets is its size
  std::optional<sasl::Credentials> credentials;
  std::string ehlo_name = "[127.0.0.1]";
  std::string roots_pem;  // empty: the system's issuers
  Duration setup_wait = std::chrono::seconds{30};
  Duration transfer_wait = std::chrono::minutes{10};
  std::function<void(advisor::Way const&)> on_way = [](advisor::Way const&) {};
  std::function<void(std::uint64_t octets)> on_progress = [](std::uint64_t) {};
  /// Login, and no message: the transaction is not looked at.
  bool only_login = false;
};

struct SubmitAttempt {
  advisor::Way way;
  smtp::client::Transcript transcript;
  queue::Transcript said;  // with the address and what TLS was made
};
struct SubmitResult {
  std::vector<SubmitAttempt> attempts;  // the last one decides
};
/// Blocks. The error: the trusted certificates cannot be read.
std::expected<SubmitResult, std::string> submit(SubmitSettings const& settings);

/// Logs in, and then says each of `commands`, which an extension has, waiting for its reply; the
/// transaction is not looked at. The session's end ends the list of answers.
struct AskedServer {
  SubmitAttempt attempt;  // its fault is of the login, or why the session ended early
  std::vector<smtp::client::RemoteReply> answers;  // in the order of the commands
};
/// Blocks. Tries the ways in order, until one gives a session. The error: as above.
std::expected<AskedServer, std::string> ask_server(SubmitSettings const& settings,
                                                   std::vector<std::string> const& commands);

/// The addresses of a name, IPv6 and IPv4 by turns (RFC 8305 §4). `resolver` null: what every
/// program on this computer would get.
enum class LookUpError : std::uint8_t { not_found, no_answer };
std::expected<std::vector<IpAddress>, LookUpError> look_up(std::string const& host,
                                                           Resolver* resolver);
/// What EHLO says of this computer: its full name, or an address literal.
std::string own_ehlo_name();
}  // namespace pb::runtime
