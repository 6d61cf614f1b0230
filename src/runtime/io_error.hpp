// io_error.hpp: the ways in which a read, write or handshake with a peer ends early.
// Spec: STYLE.md "Errors".                                   Not here: what to answer (smtp/).
#pragma once

#include <cstdint>
#include <string_view>

namespace pb::runtime {
enum class IoError : std::uint8_t {
  closed,       // the peer ended it in order
  timeout,      // the deadline passed
  interrupted,  // Connection::interrupt(): the server drains or stops
  reset,        // broken by the peer, the network or the kernel
  tls           // TLS failed; TlsStream::error_text() says how
};

constexpr std::string_view name_of(IoError error) {
  switch (error) {
    case IoError::closed:
      return "closed";
    case IoError::timeout:
      return "timeout";
    case IoError::interrupted:
      return "interrupted";
    case IoError::reset:
      return "reset";
    case IoError::tls:
      return "tls";
  }
  return "";
}
}  // namespace pb::runtime
