// published.hpp: what a mail domain publishes about its outgoing server for programs that set
// themselves up: Thunderbird's autoconfig and Outlook's autodiscover.
// Spec: the autoconfig file format 1.1 (config-v1.1.xml); MS-OXDSCLI §2.2.4 (the POX response).
// Tests: published_test.cpp      Not here: fetching (runtime/https_get), comparing (domain_facts).
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "advisor/ports.hpp"
#include "advisor/xml.hpp"

namespace pb::advisor {
enum class LoginForm : std::uint8_t { unsaid, whole_address, local_part, other };
struct PublishedServer {
  std::string host;  // lower case, a valid host name or address
  std::uint16_t port = 0;
  Security security = Security::none;  // cleartext when it says so; none: it leaves it open
  LoginForm login = LoginForm::unsaid;
  std::string login_text;  // of LoginForm::other, raw
  bool operator==(PublishedServer const&) const = default;
};
inline constexpr std::size_t published_servers_max = 8;

struct PublishedSettings {
  std::vector<PublishedServer> servers;  // outgoing only, in the file's order
  std::string refers_to;                 // autodiscover: another address or URL to ask instead, raw
};
enum class PublishedError : std::uint8_t {
  xml,          // no XML within the limits
  other_file,   // XML, but of something else
  says_error,   // autodiscover: the server answered with an error
  no_outgoing,  // it is the file, without a usable outgoing server
};
std::expected<PublishedSettings, PublishedError> parse_autoconfig(std::string_view text);
/// `address`: the one that was asked for; a LoginName equal to it, or to its local part, is a form.
std::expected<PublishedSettings, PublishedError> parse_autodiscover(std::string_view text,
                                                                    std::string_view address);
/// The request body of autodiscover for `address`, which is escaped.
std::string autodiscover_request(std::string_view address);
}  // namespace pb::advisor
