// via.cpp: reading `via` and `deliver`.
// Spec: docs/reference (route.via, domain.deliver).                     Tests: via_test.cpp
#include "delivery/via.hpp"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "base/ascii.hpp"
#include "base/ip.hpp"
#include "dns/name.hpp"

namespace pb::delivery {
namespace {
struct SchemeRow {
  Scheme scheme;
  std::string_view prefix;
  std::uint16_t port;
};
constexpr SchemeRow schemes[] = {{Scheme::relay, "relay://", 25},
                                 {Scheme::submission, "submission://", 587},
                                 {Scheme::submissions, "submissions://", 465}};

struct HostPort {
  std::string host;
  std::uint16_t port = 0;
};

std::optional<std::uint16_t> port_of(std::string_view text) {
  std::uint16_t port = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  if (error != std::errc{} || end != text.data() + text.size() || port == 0) return std::nullopt;
  return port;
}

/// host [ ":" port ]; an IPv6 address stands in brackets, an IPv4 address may.
std::expected<HostPort, ViaError> host_port(std::string_view text, std::uint16_t default_port) {
  if (text.find('@') != std::string_view::npos) return std::unexpected{ViaError::user_in_url};
  if (text.ends_with('/')) text.remove_suffix(1);
  if (text.find_first_of("/?#") != std::string_view::npos)
    return std::unexpected{ViaError::path_in_url};
  if (text.empty()) return std::unexpected{ViaError::no_host};
  std::string_view host = text;
  std::string_view port;
  bool literal = false;
  if (text.starts_with('[')) {
    auto const close = text.find(']');
    if (close == std::string_view::npos) return std::unexpected{ViaError::bad_host};
    host = text.substr(1, close - 1);
    port = text.substr(close + 1);
    literal = true;
    if (!port.empty() && !port.starts_with(':')) return std::unexpected{ViaError::bad_port};
  } else if (auto const colon = text.rfind(':'); colon != std::string_view::npos) {
    host = text.substr(0, colon);
    port = text.substr(colon);
  }
  HostPort out{dns::normal_name(host), default_port};
  if (!port.empty()) {
    auto const value = port_of(port.substr(1));
    if (!value) return std::unexpected{ViaError::bad_port};
    out.port = *value;
  }
  if (out.host.empty()) return std::unexpected{ViaError::no_host};
  auto const address = IpAddress::parse(out.host);
  if (literal && !address) return std::unexpected{ViaError::bad_host};
  if (!literal && address && address->is_v6()) return std::unexpected{ViaError::bad_host};
  bool const is_name = dns::valid_name(out.host) && out.host.find(':') == std::string::npos;
  if (!address && !is_name) return std::unexpected{ViaError::bad_host};
  return out;
}

std::expected<Via, ViaError> parse_lmtp(std::string_view text) {
  if (text.starts_with("unix:")) {
    std::string_view const path = text.substr(5);
    if (!path.starts_with('/')) return std::unexpected{ViaError::relative_path};
    return Lmtp{std::string{path}, {}, 0};
  }
  auto const found = host_port(text, 24);
  if (!found) return std::unexpected{found.error()};
  return Lmtp{{}, found->host, found->port};
}

std::string host_text(std::string const& host) {
  return host.find(':') == std::string::npos ? host : '[' + host + ']';
}

struct Writer {
  std::string operator()(MxVia const&) const { return "mx"; }
  std::string operator()(Smarthost const& via) const {
    for (SchemeRow const& row : schemes)
      if (row.scheme == via.scheme)
        return fmt::format("{}{}:{}", row.prefix, host_text(via.host), via.port);
    return {};
  }
  std::string operator()(Lmtp const& via) const {
    if (!via.unix_path.empty()) return "lmtp:unix:" + via.unix_path;
    return fmt::format("lmtp:{}:{}", host_text(via.host), via.port);
  }
  std::string operator()(Maildir const& via) const { return "maildir:" + via.pattern; }
  std::string operator()(Sandbox const&) const { return "sandbox"; }
  std::string operator()(Discard const&) const { return "discard"; }
  std::string operator()(Reject const&) const { return "reject"; }
};
}  // namespace

std::string_view explain(ViaError error) {
  switch (error) {
    case ViaError::unknown:
      return "write mx, relay://HOST:25, submission://HOST:587, submissions://HOST:465, lmtp:..., "
             "maildir:/PATH, sandbox, discard or reject";
    case ViaError::no_host:
      return "a host name or address must stand behind the scheme";
    case ViaError::bad_host:
      return "the host is neither a name nor an address (IPv6 addresses stand in brackets)";
    case ViaError::bad_port:
      return "the port is a number from 1 to 65535";
    case ViaError::user_in_url:
      return "leave user and password out of the URL and write a [[credential]] for its host";
    case ViaError::path_in_url:
      return "nothing may follow host and port";
    case ViaError::relative_path:
      return "write the whole path, from / on";
  }
  return {};
}

std::expected<Via, ViaError> parse_via(std::string_view text) {
  if (text == "mx") return MxVia{};
  if (text == "sandbox") return Sandbox{};
  if (text == "discard") return Discard{};
  if (text == "reject") return Reject{};
  for (SchemeRow const& row : schemes) {
    if (!text.starts_with(row.prefix)) continue;
    auto const found = host_port(text.substr(row.prefix.size()), row.port);
    if (!found) return std::unexpected{found.error()};
    return Smarthost{row.scheme, found->host, found->port};
  }
  if (text.starts_with("lmtp:")) return parse_lmtp(text.substr(5));
  if (text.starts_with("maildir:")) {
    std::string_view const pattern = text.substr(8);
    if (!pattern.starts_with('/')) return std::unexpected{ViaError::relative_path};
    return Maildir{std::string{pattern}};
  }
  return std::unexpected{ViaError::unknown};
}

std::string text_of(Via const& via) { return std::visit(Writer{}, via); }
}  // namespace pb::delivery
