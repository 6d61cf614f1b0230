// proxy_protocol_fuzz.cpp: every prefix of a header wants more; what follows is never touched.
// Spec: haproxy.org "The PROXY protocol" §2.1, §2.2.           Not here: trust.
// Covers: src/smtp/proxy_protocol.cpp
#include <cstddef>
#include <cstdint>
#include <string>

#include "base/check.hpp"
#include "smtp/proxy_protocol.hpp"

extern "C" int LLVMFuzzerTestOneInput(std::uint8_t const* data, std::size_t size) {
  using namespace pb::smtp;
  std::string_view const bytes{reinterpret_cast<char const*>(data), size};
  ProxyResult const result = parse_proxy_header(bytes);
  if (auto const* more = std::get_if<ProxyNeedMore>(&result)) {
    PB_CHECK(more->octets_min > 0 && size < proxy_header_octets_max);
  }
  auto const* header = std::get_if<ProxyHeader>(&result);
  if (header == nullptr) return 0;
  PB_CHECK(header->octets <= size && header->octets <= proxy_header_octets_max);
  PB_CHECK(header->source.has_value() == header->destination.has_value());
  for (std::size_t length = 0; length < header->octets; ++length) {
    auto const part = parse_proxy_header(bytes.substr(0, length));
    auto const* more = std::get_if<ProxyNeedMore>(&part);
    PB_CHECK(more != nullptr && length + more->octets_min <= header->octets);
  }
  auto const alone = std::get<ProxyHeader>(parse_proxy_header(bytes.substr(0, header->octets)));
  PB_CHECK(alone.source == header->source && alone.octets == header->octets);
  return 0;
}
