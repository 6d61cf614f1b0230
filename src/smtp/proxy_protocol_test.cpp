// proxy_protocol_test.cpp: PROXY headers of both versions, to the exact octet.
// Spec: haproxy.org "The PROXY protocol" §2.1, §2.2.
#include "smtp/proxy_protocol.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pb::smtp {
namespace {
using namespace std::string_view_literals;
constexpr auto signature = "\r\n\r\n\0\r\nQUIT\n"sv;

std::string v2(std::string_view command_family, std::string_view body) {
  std::string out{signature};
  out += command_family;
  out += static_cast<char>(body.size() >> 8);
  out += static_cast<char>(body.size() & 0xFF);
  return out.append(body);
}

/// All prefixes want more; with text behind it the header is as long as it is.
ProxyHeader read(std::string const& wire) {
  for (std::size_t i = 0; i < wire.size(); ++i) {
    auto const result = parse_proxy_header(std::string_view{wire}.substr(0, i));
    EXPECT_TRUE(std::holds_alternative<ProxyNeedMore>(result)) << i;
  }
  auto const header = std::get<ProxyHeader>(parse_proxy_header(wire + "EHLO x\r\n"));
  EXPECT_EQ(header.octets, wire.size());
  return header;
}

bool is_error(std::string_view wire, ProxyError error) {
  auto const result = parse_proxy_header(wire);
  return std::holds_alternative<ProxyError>(result) && std::get<ProxyError>(result) == error;
}

TEST(ProxyProtocol, version_1_names_both_ends) {
  auto const header = read("PROXY TCP4 192.0.2.1 198.51.100.25 56324 25\r\n");
  EXPECT_EQ(header.source->text(), "192.0.2.1:56324");
  EXPECT_EQ(header.destination->text(), "198.51.100.25:25");
  EXPECT_EQ(read("PROXY TCP6 2001:db8::1 2001:db8::2 1 465\r\n").source->text(), "[2001:db8::1]:1");
}

TEST(ProxyProtocol, unknown_and_local_say_nothing) {
  EXPECT_FALSE(read("PROXY UNKNOWN\r\n").source);
  EXPECT_FALSE(read("PROXY UNKNOWN ffff::1 ffff::2 1 2\r\n").source);
  EXPECT_FALSE(read(v2("\x20\x00"sv, "")).source);
  EXPECT_FALSE(read(v2("\x20\x11"sv, "\x01\x02\x03\x04\x05\x06\x07\x08\x00\x01\x00\x02"sv)).source);
  EXPECT_FALSE(read(v2("\x21\x31"sv, "abc")).source);
}

TEST(ProxyProtocol, a_bare_lf_is_malformed_also_with_a_line_end_behind_it) {
  EXPECT_TRUE(is_error("PROXY UNKNOWN a\nb\r\n", ProxyError::malformed));
  EXPECT_TRUE(is_error("PROXY UNKNOWN a\n", ProxyError::malformed));
}

TEST(ProxyProtocol, version_2_names_both_ends_and_its_extras_are_skipped) {
  auto const header = read(v2("\x21\x11"sv,
                              "\xC0\x00\x02\x01\xC6\x33\x64\x19\xDC\x04\x00\x19"
                              "\x04\x00\x01\x00"sv));
  EXPECT_EQ(header.source->text(), "192.0.2.1:56324");
  EXPECT_EQ(header.destination->text(), "198.51.100.25:25");
  std::string six(36, '\0');
  six[15] = 1;
  six[31] = 2;
  six[33] = 7;
  EXPECT_EQ(read(v2("\x21\x21"sv, six)).source->text(), "[::1]:7");
}

TEST(ProxyProtocol, what_is_malformed_is_refused) {
  EXPECT_TRUE(is_error("EHLO x\r\n", ProxyError::not_proxy));
  EXPECT_TRUE(is_error("PROXY TCP4 192.0.2.1 198.51.100.25 56324\r\n", ProxyError::malformed));
  EXPECT_TRUE(is_error("PROXY TCP4 192.0.2.1 198.51.100.25 065 25\r\n", ProxyError::malformed));
  EXPECT_TRUE(is_error("PROXY TCP4 ::1 ::1 1 2\r\n", ProxyError::malformed));
  EXPECT_TRUE(is_error("PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n", ProxyError::malformed));
  EXPECT_TRUE(is_error("PROXY UDP4 192.0.2.1 192.0.2.2 1 2\r\n", ProxyError::malformed));
  EXPECT_TRUE(is_error("PROXY TCP4 192.0.2.1\n", ProxyError::malformed));
  EXPECT_TRUE(is_error("PROXY " + std::string(101, 'x'), ProxyError::too_long));
  EXPECT_TRUE(is_error(v2("\x31\x11"sv, "123456789012"), ProxyError::malformed));
  EXPECT_TRUE(is_error(v2("\x21\x11"sv, "12345678901"), ProxyError::malformed));
  EXPECT_TRUE(is_error(std::string{signature} + "\x21\x11\xFF\xFF", ProxyError::too_long));
}
}  // namespace
}  // namespace pb::smtp
