// via.hpp: how mail leaves: what `via` and `deliver` of the configuration say, as values.
// Spec: docs/reference (route.via, domain.deliver); RFC 3986 §3 (form of the URLs).
// Tests: via_test.cpp                            Not here: look-ups (route.hpp), connections.
#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <variant>

namespace pb::delivery {
/// By MX records of the recipient's domain.
struct MxVia {
  friend bool operator==(MxVia const&, MxVia const&) = default;
};

enum class Scheme : std::uint8_t {
  relay,       // port 25, STARTTLS where offered
  submission,  // port 587 or 2525, STARTTLS
  submissions  // port 465, TLS from the first byte on
};

/// A server that takes all mail. Never an MX look-up.
struct Smarthost {
  Scheme scheme = Scheme::relay;
  std::string host;  // lower case; a name, or an address without brackets
  std::uint16_t port = 0;
  friend bool operator==(Smarthost const&, Smarthost const&) = default;
};

struct Lmtp {
  std::string unix_path;  // absolute; empty: TCP
  std::string host;
  std::uint16_t port = 24;  // RFC 2033 §5 leaves it to the operator; 24 is what is assigned
  friend bool operator==(Lmtp const&, Lmtp const&) = default;
};

/// "/var/mail/{domain}/{account}".
struct Maildir {
  std::string pattern;
  friend bool operator==(Maildir const&, Maildir const&) = default;
};

struct Sandbox {
  friend bool operator==(Sandbox const&, Sandbox const&) = default;
};
struct Discard {
  friend bool operator==(Discard const&, Discard const&) = default;
};
struct Reject {
  friend bool operator==(Reject const&, Reject const&) = default;
};
using Via = std::variant<MxVia, Smarthost, Lmtp, Maildir, Sandbox, Discard, Reject>;

enum class ViaError {
  unknown,       // none of the forms
  no_host,       //
  bad_host,      // neither a name nor an address
  bad_port,      // 1 to 65535
  user_in_url,   // names and passwords belong into [[credential]]
  path_in_url,   // nothing may follow host and port
  relative_path  // paths begin with '/'
};
/// A sentence that says what to write instead.
std::string_view explain(ViaError error);

std::expected<Via, ViaError> parse_via(std::string_view text);
/// As it is written; parse_via() gives the same again.
std::string text_of(Via const& via);
}  // namespace pb::delivery
