// client_hello.cpp: see client_hello.hpp.          Spec: RFC 8446 §5.1, RFC 9110 §9, RFC 9113 §3.4.
// Not here: what is done about it (smtp/server/session.cpp, runtime/listener).
#include "smtp/client_hello.hpp"

#include <array>

namespace pb::smtp {
namespace {
constexpr unsigned char handshake_record = 22;
constexpr unsigned char client_hello_message = 1;
constexpr std::size_t record_octets_max = (1U << 14) + 256;
constexpr std::size_t hello_octets_min = 4;

constexpr std::array<std::string_view, 10> methods{"GET ",     "HEAD ",    "POST ",  "PUT ",
                                                   "DELETE ",  "OPTIONS ", "TRACE ", "PATCH ",
                                                   "CONNECT ", "PRI "};
}  // namespace

Guess looks_like_client_hello(std::string_view bytes) {
  auto const octet = [&](std::size_t at) { return static_cast<unsigned char>(bytes[at]); };
  if (bytes.empty()) return Guess::need_more;
  if (octet(0) != handshake_record) return Guess::no;
  // legacy_record_version is 3.1 or 3.3 in the wild; 3.0 to 3.4 is what it could ever be.
  if (bytes.size() > 1 && octet(1) != 3) return Guess::no;
  if (bytes.size() > 2 && octet(2) > 4) return Guess::no;
  if (bytes.size() > 4) {
    std::size_t const length = static_cast<std::size_t>(octet(3)) << 8 | octet(4);
    if (length < hello_octets_min || length > record_octets_max) return Guess::no;
  }
  if (bytes.size() <= 5) return Guess::need_more;
  return octet(5) == client_hello_message ? Guess::yes : Guess::no;
}

Guess looks_like_http(std::string_view bytes) {
  bool maybe = false;
  for (std::string_view const method : methods) {
    if (bytes.starts_with(method)) return Guess::yes;
    maybe |= method.starts_with(bytes);
  }
  return maybe ? Guess::need_more : Guess::no;
}
}  // namespace pb::smtp
