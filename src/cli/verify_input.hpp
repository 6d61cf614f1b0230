// verify_input.hpp: what the commands about authentication share: a message, a DNS, a time.
// Spec: docs/reference/command-line.md ("Authentication of mail").
// Not here: what a command says of it (verify.cpp, spf.cpp, dkim.cpp, dmarc.cpp, arc.cpp).
#pragma once

#include <boost/asio/awaitable.hpp>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/json.hpp>
#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "base/clock.hpp"
#include "cli/terminal.hpp"
#include "dkim/crypto.hpp"
#include "dns/answer.hpp"
#include "mail/header_section.hpp"
#include "runtime/mail_auth.hpp"
#include "runtime/resolver.hpp"

namespace CLI {
class App;
}

namespace pb::cli {
/// --dns, --dns-file, --now, --min-key-bits, --json.
struct VerifyCommon {
  std::string dns_server;
  std::string dns_file;
  std::optional<std::int64_t> now;
  unsigned key_bits_min = 1024;
  bool json = false;
};
void add_common(CLI::App& command, VerifyCommon& common);
/// --ip, --helo, --mail-from.
struct VerifySender {
  std::string ip, helo, mail_from;
};
void add_sender(CLI::App& command, VerifySender& sender);
/// The address as a value; a message for the user when it is none.
std::expected<runtime::MailAuthSender, std::string> parse_sender(VerifySender const& sender);

/// A failure that ends the command: what to print and what to return.
struct Refusal {
  std::string text;
  Exit exit;
};
std::expected<std::shared_ptr<runtime::Resolver>, Refusal> make_resolver(VerifyCommon const&);
Instant time_of(VerifyCommon const& common);
/// A file, or standard input for "-"; at most 256 MiB.
std::expected<std::string, Refusal> read_input(std::string const& path);

/// A message with CRLF line ends, its header section read.
struct LoadedMessage {
  std::string text;
  mail::HeaderSection header;
  std::string_view body;  // into text
};
std::expected<std::unique_ptr<LoadedMessage>, Refusal> load_message(std::string const& path);
/// A private key from a PEM file.
std::expected<dkim::PrivateKey, Refusal> load_key(std::string const& path);
/// Prints what signing made: the fields themselves, or {"schema": ..., NAME: "..."}.
void print_signed(Terminal& terminal, bool json, std::string_view schema, std::string_view name,
                  std::string const& fields);
/// Prints the text to standard error and gives the exit code back.
Exit refuse(Terminal& terminal, Refusal const& refusal);

/// Runs one coroutine to its end on this thread.
template <class T>
T wait_for(boost::asio::awaitable<T> work) {
  boost::asio::io_context context{1};
  std::optional<T> out;
  std::exception_ptr failed;
  // The resolver answers from a thread of its own: until then there is work.
  auto work_left = boost::asio::make_work_guard(context);
  boost::asio::co_spawn(context, std::move(work), [&](std::exception_ptr error, T value) {
    failed = error;
    if (!error) out.emplace(std::move(value));
    work_left.reset();
  });
  context.run();
  if (failed) std::rethrow_exception(failed);
  return std::move(*out);
}

/// What the message says by itself, whoever sends it: signatures, chain, From domain's policy.
std::expected<runtime::MailAuthFindings, Refusal> find_in(std::string const& file,
                                                          VerifyCommon const& common);

/// Every question and what was answered, by name and type.
boost::json::array questions_json(dns::Facts const& facts);
}  // namespace pb::cli
