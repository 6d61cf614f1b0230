// rdata_test.cpp: resource data of every type, and what is one octet too short or too long.
// Spec: RFC 1035 §3.3; RFC 2782; RFC 6698 §2.1.
#include "dns/rdata.hpp"

#include <gtest/gtest.h>

namespace pb::dns {
namespace {
using namespace std::string_literals;

struct Row {
  Type type;
  std::string bytes;
  Record record;
};
std::vector<Row> rows() {
  return {
      {Type::a, "\xC0\x00\x02\x01"s, *IpAddress::parse("192.0.2.1")},
      {Type::aaaa, "\x20\x01\x0D\xB8"s + std::string(11, '\0') + "\x01",
       *IpAddress::parse("2001:db8::1")},
      {Type::mx, "\x00\x0A\x02MX\x07"s + "Example\x00"s, Mx{10, "mx.example"}},
      {Type::mx, "\x00\x00\x00"s, Mx{0, ""}},
      {Type::txt, "\x03one\x03two"s, Txt{"onetwo"}},
      {Type::srv, "\x00\x01\x00\x02\x01\xBB\x01h\x00"s, Srv{1, 2, 443, "h"}},
      {Type::tlsa, "\x03\x01\x01xyz"s, Tlsa{3, 1, 1, "xyz"}},
      {Type::ptr, "\x01h\x07"s + "example\x00"s, Name{"h.example"}},
  };
}

TEST(Rdata, is_read_in_every_type) {
  for (Row const& row : rows()) {
    auto const record = parse_rdata(row.type, row.bytes);
    ASSERT_TRUE(record) << static_cast<int>(row.type);
    EXPECT_EQ(*record, row.record);
  }
}

TEST(Rdata, is_refused_when_cut_or_followed_by_something) {
  for (Row const& row : rows()) {
    if (row.type == Type::txt || row.type == Type::tlsa) continue;  // any length may be right
    EXPECT_FALSE(parse_rdata(row.type, row.bytes.substr(0, row.bytes.size() - 1)));
    EXPECT_FALSE(parse_rdata(row.type, row.bytes + "x"));
  }
  EXPECT_FALSE(parse_rdata(Type::txt, "\x05one"s));
  EXPECT_FALSE(parse_rdata(Type::tlsa, "\x03\x01\x01"s));
}

TEST(Rdata, names_that_no_host_has_are_refused) {
  EXPECT_FALSE(parse_rdata(Type::mx, "\x00\x0A\x03"s + "a.b\x00"s));
  EXPECT_FALSE(parse_rdata(Type::mx, "\x00\x0A\x03"s + "a b\x00"s));
  EXPECT_FALSE(parse_rdata(Type::mx, "\x00\x0A\xC0\x0C"s)) << "a compression pointer";
  std::string endless = "\x00\x0A"s;
  for (int i = 0; i < 200; ++i) endless += "\x01x"s;
  EXPECT_FALSE(parse_rdata(Type::mx, endless + "\x00"s));
}
}  // namespace
}  // namespace pb::dns
