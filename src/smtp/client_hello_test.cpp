// client_hello_test.cpp: what is no SMTP is known by its first octets.   Spec: RFC 8446, RFC 9112.
#include "smtp/client_hello.hpp"

#include <gtest/gtest.h>

namespace pb::smtp {
namespace {
using namespace std::string_view_literals;

TEST(ClientHello, is_known_at_its_sixth_octet) {
  constexpr auto hello = "\x16\x03\x01\x02\x00\x01\x00\x01\xfc"sv;
  for (std::size_t i = 0; i <= hello.size(); ++i) {
    EXPECT_EQ(looks_like_client_hello(hello.substr(0, i)), i < 6 ? Guess::need_more : Guess::yes);
  }
}

TEST(ClientHello, other_records_and_texts_are_none) {
  for (auto const bytes : {"EHLO"sv, "\x15\x03\x01\x00\x02\x01"sv, "\x16\x02"sv, "\x16\x03\x09"sv,
                           "\x16\x03\x01\x00\x00"sv, "\x16\x03\x01\x02\x00\x02"sv, "\x80"sv}) {
    EXPECT_EQ(looks_like_client_hello(bytes), Guess::no);
  }
}

TEST(Http, is_known_by_method_and_space) {
  EXPECT_EQ(looks_like_http("GET / HTTP/1.1"), Guess::yes);
  EXPECT_EQ(looks_like_http("PRI * HTTP/2.0"), Guess::yes);
  EXPECT_EQ(looks_like_http("OPT"), Guess::need_more);
  EXPECT_EQ(looks_like_http(""), Guess::need_more);
  EXPECT_EQ(looks_like_http("HELO x"), Guess::no);
  EXPECT_EQ(looks_like_http("HEAD"), Guess::need_more);
  EXPECT_EQ(looks_like_http("get / http"), Guess::no);
}
}  // namespace
}  // namespace pb::smtp
