// published.cpp: see published.hpp.
// Spec: autoconfig: clientConfig/emailProvider/outgoingServer; autodiscover:
// Autodiscover/Response/Account/Protocol.                        Tests: published_test.cpp
#include "advisor/published.hpp"

#include <algorithm>
#include <charconv>

#include "base/ascii.hpp"
#include "base/ip.hpp"
#include "dns/name.hpp"

namespace pb::advisor {
namespace {
std::uint16_t port_of(std::string_view text) {
  std::uint16_t port = 0;
  auto const [end, error] = std::from_chars(text.data(), text.data() + text.size(), port);
  return error == std::errc{} && end == text.data() + text.size() ? port : std::uint16_t{0};
}

/// Both are about "the server": a name without one, or without a port, is of no use to anybody.
bool usable(PublishedServer const& server) {
  bool const plain = std::ranges::all_of(
      server.host, [](char c) { return ascii::is_alnum(c) || c == '-' || c == '.' || c == '_'; });
  bool const named = (plain && dns::valid_name(server.host)) || IpAddress::parse(server.host);
  return named && server.port != 0;
}

void keep(PublishedSettings& out, PublishedServer server) {
  if (usable(server) && out.servers.size() < published_servers_max)
    out.servers.push_back(std::move(server));
}

Security socket_type(std::string_view word) {
  if (ascii::iequals(word, "SSL")) return Security::implicit_tls;
  if (ascii::iequals(word, "STARTTLS")) return Security::starttls;
  if (ascii::iequals(word, "plain")) return Security::cleartext;
  return Security::none;
}

void read_login(PublishedServer& server, std::string_view text, std::string_view whole,
                std::string_view local) {
  if (text.empty()) return;
  if (ascii::iequals(text, whole)) {
    server.login = LoginForm::whole_address;
  } else if (ascii::iequals(text, local)) {
    server.login = LoginForm::local_part;
  } else {
    server.login = LoginForm::other;
    server.login_text = text;
  }
}

/// <Encryption> outranks <SSL>, which is on where it is not said (MS-OXDSCLI §2.2.4.1.1.2.6).
Security encryption(XmlElement const& protocol, std::uint16_t port) {
  auto const word = protocol.text_of("Encryption");
  if (ascii::iequals(word, "SSL")) return Security::implicit_tls;
  if (ascii::iequals(word, "TLS")) return Security::starttls;
  if (ascii::iequals(word, "None")) return Security::cleartext;
  if (ascii::iequals(word, "Auto")) return Security::none;
  if (ascii::iequals(protocol.text_of("SSL"), "off")) return Security::cleartext;
  // "on" is said of both kinds: Outlook looks at the port.
  return port == 465 ? Security::implicit_tls : Security::none;
}

std::string escaped(std::string_view text) {
  std::string out;
  for (char const c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      default:  // not an enum
        out += c;
    }
  }
  return out;
}

std::string host_of(std::string_view text) { return dns::normal_name(std::string{text}); }
}  // namespace

std::expected<PublishedSettings, PublishedError> parse_autoconfig(std::string_view text) {
  auto const root = parse_xml(text);
  if (!root) return std::unexpected{PublishedError::xml};
  if (root->name != "clientConfig") return std::unexpected{PublishedError::other_file};
  PublishedSettings out;
  for (auto const& provider : root->children) {
    if (provider.name != "emailProvider") continue;
    for (auto const& server : provider.children) {
      if (server.name != "outgoingServer" || server.attribute("type") != "smtp") continue;
      PublishedServer one;
      one.host = host_of(server.text_of("hostname"));
      one.port = port_of(server.text_of("port"));
      one.security = socket_type(server.text_of("socketType"));
      read_login(one, server.text_of("username"), "%EMAILADDRESS%", "%EMAILLOCALPART%");
      keep(out, std::move(one));
    }
  }
  if (out.servers.empty()) return std::unexpected{PublishedError::no_outgoing};
  return out;
}

std::expected<PublishedSettings, PublishedError> parse_autodiscover(std::string_view text,
                                                                    std::string_view address) {
  auto const root = parse_xml(text);
  if (!root) return std::unexpected{PublishedError::xml};
  if (root->name != "Autodiscover") return std::unexpected{PublishedError::other_file};
  PublishedSettings out;
  bool error = false;
  for (auto const& response : root->children) {
    if (response.name != "Response") continue;
    error = error || response.child("Error") != nullptr;
    auto const* account = response.child("Account");
    if (account == nullptr) continue;
    for (std::string_view const word : {"RedirectUrl", "RedirectAddr"})
      if (auto const to = account->text_of(word); !to.empty()) out.refers_to = to;
    for (auto const& protocol : account->children) {
      bool const smtp =
          protocol.name == "Protocol" && ascii::iequals(protocol.text_of("Type"), "SMTP");
      if (!smtp) continue;
      PublishedServer one;
      one.host = host_of(protocol.text_of("Server"));
      one.port = port_of(protocol.text_of("Port"));
      one.security = encryption(protocol, one.port);
      read_login(one, protocol.text_of("LoginName"), address,
                 address.substr(0, address.rfind('@')));
      keep(out, std::move(one));
    }
  }
  if (!out.servers.empty() || !out.refers_to.empty()) return out;
  return std::unexpected{error ? PublishedError::says_error : PublishedError::no_outgoing};
}

std::string autodiscover_request(std::string_view address) {
  constexpr std::string_view base = "http://schemas.microsoft.com/exchange/autodiscover/outlook/";
  return "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<Autodiscover xmlns=\"" + std::string{base} +
         "requestschema/2006\"><Request><EMailAddress>" + escaped(address) +
         "</EMailAddress><AcceptableResponseSchema>" + std::string{base} +
         "responseschema/2006a</AcceptableResponseSchema></Request></Autodiscover>\n";
}
}  // namespace pb::advisor
