// client_hello_fuzz.cpp: a guess that is made stays, whatever follows.
// Spec: RFC 8446 §5.1; RFC 9112 §3.                            Not here: what is done about it.
// Covers: src/smtp/client_hello.cpp
#include <cstddef>
#include <cstdint>

#include "base/check.hpp"
#include "smtp/client_hello.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb::smtp;
  std::string_view const bytes{reinterpret_cast<char const*>(data), size};
  Guess hello = Guess::need_more;
  Guess http = Guess::need_more;
  for (std::size_t length = 0; length <= size && length <= 32; ++length) {
    Guess const next_hello = looks_like_client_hello(bytes.substr(0, length));
    Guess const next_http = looks_like_http(bytes.substr(0, length));
    PB_CHECK(hello == Guess::need_more || next_hello == hello);
    PB_CHECK(http == Guess::need_more || next_http == http);
    PB_CHECK(!(next_hello == Guess::yes && next_http == Guess::yes));
    hello = next_hello;
    http = next_http;
  }
  return 0;
}
