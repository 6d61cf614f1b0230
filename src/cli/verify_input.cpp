// verify_input.cpp: see verify_input.hpp.
// Spec: docs/reference/command-line.md. Not here: the commands themselves.
#include "cli/verify_input.hpp"

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <ostream>

#include "base/log.hpp"
#include "cli/standard_input.hpp"
#include "dns/world_zone.hpp"
#include "mail/message_text.hpp"
#include "runtime/system.hpp"

namespace pb::cli {
namespace {
constexpr std::size_t input_octets_max = std::size_t{256} << 20;

std::string_view type_text(dns::Type type) {
  switch (type) {
    case dns::Type::a:
      return "A";
    case dns::Type::ns:
      return "NS";
    case dns::Type::cname:
      return "CNAME";
    case dns::Type::soa:
      return "SOA";
    case dns::Type::ptr:
      return "PTR";
    case dns::Type::mx:
      return "MX";
    case dns::Type::txt:
      return "TXT";
    case dns::Type::aaaa:
      return "AAAA";
    case dns::Type::srv:
      return "SRV";
    case dns::Type::tlsa:
      return "TLSA";
  }
  return "?";
}

std::string_view failure_text(dns::Failure failure) {
  switch (failure) {
    case dns::Failure::servfail:
      return "SERVFAIL";
    case dns::Failure::timeout:
      return "TIMEOUT";
    case dns::Failure::bogus:
      return "BOGUS";
    case dns::Failure::refused:
      return "REFUSED";
  }
  return "?";
}

std::string answer_text(dns::Answer const& answer) {
  if (auto const* found = std::get_if<dns::Found>(&answer)) {
    return fmt::format("{} records", found->records.size());
  }
  if (std::holds_alternative<dns::NoData>(answer)) return "NODATA";
  if (std::holds_alternative<dns::NxDomain>(answer)) return "NXDOMAIN";
  return std::string{failure_text(std::get<dns::Failed>(answer).failure)};
}
}  // namespace

void add_common(CLI::App& command, VerifyCommon& common) {
  command.add_option("--dns", common.dns_server, "ask this DNS server (HOST:PORT)");
  command.add_option("--dns-file", common.dns_file,
                     "answer from a zone file, or YAML as the SPF test suites write it");
  command.add_option("--now", common.now, "the time, in seconds since 1970");
  command.add_option("--min-key-bits", common.key_bits_min, "smaller RSA keys do not count")
      ->capture_default_str();
  command.add_flag("--json", common.json, "print JSON");
}

void add_sender(CLI::App& command, VerifySender& sender) {
  command.add_option("--ip", sender.ip, "the client's address");
  command.add_option("--helo", sender.helo, "its HELO name");
  command.add_option("--mail-from", sender.mail_from, "the envelope's sender");
}

std::expected<runtime::MailAuthSender, std::string> parse_sender(VerifySender const& sender) {
  runtime::MailAuthSender out;
  if (!sender.ip.empty()) {
    out.ip = IpAddress::parse(sender.ip);
    if (!out.ip) return std::unexpected{fmt::format("\"{}\" is no IP address", sender.ip)};
  }
  out.helo = sender.helo;
  std::string_view path = sender.mail_from;
  if (path.starts_with('<') && path.ends_with('>')) path = path.substr(1, path.size() - 2);
  out.mail_from = path;
  return out;
}

std::expected<std::shared_ptr<runtime::Resolver>, Refusal> make_resolver(
    VerifyCommon const& common) {
  if (!common.dns_file.empty()) {
    auto const text = read_input(common.dns_file);
    if (!text) return std::unexpected{text.error()};
    auto world = dns::world_from_text(*text);
    if (!world) {
      return std::unexpected{
          Refusal{fmt::format("{}: {}", common.dns_file, world.error()), Exit::bad_data}};
    }
    return std::make_shared<runtime::WorldResolver>(std::move(*world));
  }
  runtime::ResolverSettings settings;
  if (!common.dns_server.empty()) {
    auto server = Endpoint::parse(common.dns_server);
    if (!server) {
      if (auto const address = IpAddress::parse(common.dns_server)) server = Endpoint{*address, 53};
    }
    if (!server) {
      return std::unexpected{
          Refusal{fmt::format("--dns {}: not HOST:PORT", common.dns_server), Exit::usage}};
    }
    settings.servers = {*server};
  }
  static runtime::SystemClock const clock;
  static NullLog log;
  auto resolver = runtime::UnboundResolver::make(std::move(settings), clock, log);
  if (!resolver) return std::unexpected{Refusal{resolver.error(), Exit::this_computer}};
  return std::shared_ptr<runtime::Resolver>{std::move(*resolver)};
}

Instant time_of(VerifyCommon const& common) {
  if (common.now) return Instant{std::chrono::seconds{*common.now}};
  return runtime::SystemClock{}.now();
}

std::expected<std::string, Refusal> read_input(std::string const& path) {
  if (path == "-") return read_standard_input(input_octets_max);
  std::error_code failed;
  auto const octets = std::filesystem::file_size(path, failed);
  std::ifstream in{path, std::ios::binary};
  if (failed || !in) return std::unexpected{Refusal{path + ": cannot be read", Exit::no_input}};
  if (octets > input_octets_max) {
    return std::unexpected{Refusal{path + ": larger than 256 MiB", Exit::bad_data}};
  }
  return std::string{std::istreambuf_iterator<char>{in}, {}};
}

std::expected<std::unique_ptr<LoadedMessage>, Refusal> load_message(std::string const& path) {
  auto text = read_input(path);
  if (!text) return std::unexpected{text.error()};
  auto out = std::make_unique<LoadedMessage>();
  out->text = mail::with_crlf(*text);
  mail::MessageText parts = mail::split_message(out->text);
  auto header = mail::HeaderSection::parse(std::move(parts.header));
  if (!header) {
    return std::unexpected{Refusal{path + ": the header section is too large", Exit::bad_data}};
  }
  out->header = std::move(*header);
  out->body = parts.body;
  return out;
}

std::expected<dkim::PrivateKey, Refusal> load_key(std::string const& path) {
  auto const pem = read_input(path);
  if (!pem) return std::unexpected{pem.error()};
  auto key = dkim::PrivateKey::from_pem(*pem);
  if (!key) return std::unexpected{Refusal{path + ": no private key", Exit::bad_data}};
  return std::move(*key);
}

void print_signed(Terminal& terminal, bool json, std::string_view schema, std::string_view name,
                  std::string const& fields) {
  if (!json) {
    terminal.out() << fields;
    return;
  }
  boost::json::object const out{{"schema", schema}, {name, fields}};
  terminal.out() << boost::json::serialize(out) << '\n';
}

Exit refuse(Terminal& terminal, Refusal const& refusal) {
  terminal.err() << terminal.styled(Style::bad, refusal.text) << '\n';
  return refusal.exit;
}

namespace {
/// A named function: its arguments outlive the wait, a lambda's captures would not.
boost::asio::awaitable<runtime::MailAuthFindings> finish(runtime::Resolver& resolver,
                                                         runtime::MailAuth& mail, Instant now,
                                                         dkim::KeyCache& keys) {
  co_return co_await mail.finish(resolver, {}, now, keys);
}
}  // namespace

std::expected<runtime::MailAuthFindings, Refusal> find_in(std::string const& file,
                                                          VerifyCommon const& common) {
  auto const message = load_message(file);
  if (!message) return std::unexpected{message.error()};
  auto const resolver = make_resolver(common);
  if (!resolver) return std::unexpected{resolver.error()};
  dkim::VerifyOptions verify;
  verify.rsa_bits_min = common.key_bits_min;
  runtime::MailAuth mail{(*message)->header, verify};
  mail.body((*message)->body);
  dkim::KeyCache keys;
  return wait_for(finish(**resolver, mail, time_of(common), keys));
}

boost::json::array questions_json(dns::Facts const& facts) {
  boost::json::array out;
  for (auto const& [question, answer] : facts) {
    out.push_back({{"name", question.name},
                   {"type", type_text(question.type)},
                   {"answer", answer_text(answer)}});
  }
  return out;
}
}  // namespace pb::cli
