// providers.hpp: mail providers: host, ports in the vendor's order, form of the login.
// Spec: vendors' own pages and Thunderbird's ISPDB, named and dated a row.
// Not here: measured facts, which outrank this table (verdict.hpp).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "advisor/ports.hpp"

namespace pb::advisor {
struct Offer {
  std::uint16_t port = 0;  // 0: none (arrays are of fixed size)
  Security security = Security::none;
};
/// What stands in the fields "user name" and "password".
enum class LoginRule : std::uint8_t {
  full_address,
  local_part,
  app_password,
  oauth2,
  authorization_code,
  bridge_password,
  user_apikey,
  user_resend,
  user_smtp_injection,
  user_api,
  token_twice,
  smtp_credentials,
  smtp_key,
  key_and_secret,
  domain_user,
};
text::Text login_text(LoginRule rule);

struct Provider {
  std::string_view id;  // for --provider
  std::string_view name;
  std::string_view host;     // the usual SMTP host
  std::string_view hosts;    // further hosts and suffixes (".example"), space-separated
  std::string_view domains;  // of addresses, space-separated; empty for sending services
  Offer offers[7];           // the vendor's order, without 25
  LoginRule login;
  bool sending_service = false;
  std::string_view source;
  std::string_view seen;  // YYYY-MM
};
std::span<Provider const> providers();
Provider const* find_provider(std::string_view id_or_name);
/// By the name of its SMTP host ("email-smtp.eu-west-1.amazonaws.com"), without regard to case.
Provider const* provider_of_host(std::string_view host);
/// By the domain of an address.
Provider const* provider_of_domain(std::string_view domain);
/// Every port of mail that the tables know: ports() and what providers offer; ascending, each once.
std::vector<std::uint16_t> ports_to_probe();
/// The known provider host that `host` misspells by one or two letters; empty when none is near.
std::string_view near_host(std::string_view host);

/// Hosts of two well-known providers, other than `target` (may be null): to compare a port with.
std::vector<std::string> control_hosts(Provider const* target);

enum class Policy : std::uint8_t { unknown, open, blocked, restricted };
/// What a cloud or access network does with outgoing mail ports, as was known on `seen`.
struct NetworkPolicy {
  std::string_view id, name;
  Policy p25, p465, p587, p2525;
  text::Text lift;  // how to get it opened
  std::string_view source;
  std::string_view seen;
};
std::span<NetworkPolicy const> networks();
NetworkPolicy const* find_network(std::string_view id_or_name);
}  // namespace pb::advisor
