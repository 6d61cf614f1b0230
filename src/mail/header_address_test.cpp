// header_address_test.cpp: address lists as the RFC shows them and as the world writes them.
// Spec: RFC 5322 §3.4, §4.4, Appendix A.1; RFC 6854.
#include "mail/header_address.hpp"

#include <gtest/gtest.h>

#include <string>

namespace pb::mail {
namespace {
/// "name|address" for each, parted by ", "; or the error's name.
std::string read(std::string_view value) {
  auto const parsed = parse_header_addresses(value);
  if (!parsed) {
    switch (parsed.error()) {
      case HeaderAddressError::syntax:
        return "syntax";
      case HeaderAddressError::bad_address:
        return "bad address";
      case HeaderAddressError::too_many:
        return "too many";
    }
  }
  std::string out;
  for (NamedAddress const& address : *parsed) {
    if (!out.empty()) out += ", ";
    out += address.display_name + "|" + address.mailbox.text();
  }
  return out;
}

TEST(HeaderAddresses, are_read_as_rfc_5322_appendix_a_shows) {
  EXPECT_EQ(read("John Doe <jdoe@machine.example>"), "John Doe|jdoe@machine.example");
  EXPECT_EQ(read(R"("Joe Q. Public" <john.q.public@example.com>)"),
            "Joe Q. Public|john.q.public@example.com");
  EXPECT_EQ(read("Mary Smith <mary@x.test>, jdoe@example.org, Who? <one@y.test>"),
            "Mary Smith|mary@x.test, |jdoe@example.org, Who?|one@y.test");
  EXPECT_EQ(read(R"(<boss@nil.test>, "Giant; \"Big\" Box" <sysservices@example.net>)"),
            "|boss@nil.test, Giant; \"Big\" Box|sysservices@example.net");
  EXPECT_EQ(read("A Group:Ed Jones <c@a.test>,joe@where.test,John <jdoe@one.test>;"),
            "Ed Jones|c@a.test, |joe@where.test, John|jdoe@one.test");
  EXPECT_EQ(read("Undisclosed recipients:;"), "");
  EXPECT_EQ(read("Pete(A nice \\) chap) <pete(his account)@silly.test(his host)>"),
            "Pete|pete@silly.test");
  EXPECT_EQ(read("A Group(Some people)\r\n :Chris Jones <c@(Chris's host.)public.example>,\r\n"
                 " joe@example.org,\r\n John <jdoe@one.test> (my dear friend); (the end)"),
            "Chris Jones|c@public.example, |joe@example.org, John|jdoe@one.test");
  EXPECT_EQ(read("Joe Q. Public <john.q.public@example.com>"),
            "Joe Q. Public|john.q.public@example.com");
  EXPECT_EQ(read("Mary Smith <@node.test:mary@example.net>, , jdoe@test . example"),
            "Mary Smith|mary@example.net, |jdoe@test.example");
  EXPECT_EQ(read("John Doe <jdoe@machine(comment).  example>"), "John Doe|jdoe@machine.example");
}

TEST(HeaderAddresses, undo_quotes_in_local_parts_and_take_utf8_and_literals) {
  EXPECT_EQ(read(R"("john.q"@example.com)"), "|john.q@example.com");
  EXPECT_EQ(read(R"("a b"@example.com)"), R"(|"a b"@example.com)");
  EXPECT_EQ(read("j\u00F6rg@b\u00FCcher.example"), "|j\u00F6rg@b\u00FCcher.example");
  EXPECT_EQ(read("x@[192.0.2.1]"), "|x@[192.0.2.1]");
  EXPECT_EQ(read("J\xF6rg <j@x.example>"), "J\xF6rg|j@x.example");  // Latin-1 in a name only
  EXPECT_EQ(read("j\xF6rg@x.example"), "bad address");
  EXPECT_EQ(read("\"a\tb\"@x.example"), "bad address");  // no envelope could carry it
  EXPECT_EQ(read("\"a\tb\" <j@x.example>"), "a\tb|j@x.example");
  EXPECT_EQ(read("=?utf-8?q?J=C3=B6rg?= <j@x.example>"), "=?utf-8?q?J=C3=B6rg?=|j@x.example");
}

TEST(HeaderAddresses, take_an_address_as_the_name_only_of_itself) {
  EXPECT_EQ(read("a@x.example <A@x.example>"), "syntax");  // local parts may differ by case
  EXPECT_EQ(read("a@x.example <a@X.example>"), "|a@x.example");
  EXPECT_EQ(read("a@x.example <b@y.example>"), "syntax");
  EXPECT_EQ(read("\"a@x.example\" <b@y.example>"), "a@x.example|b@y.example");
}

TEST(HeaderAddresses, refuse_what_could_be_read_in_two_ways) {
  for (std::string_view const value :
       {"a", "a b@x.example", "a@x.example b@y.example", "Doe, John <j@x.example>", "<>",
        "<a@x.example", "a@x.example>", "<a@x.example> <b@y.example>", "a@x.example;",
        "g: a@x.example", "g: h: a@x.example;;", ": a@x.example;", "\"a@x.example", "(a@x.example",
        "a@x.example)", "<a@x.example>junk", "<@:a@x.example>", "a@x.example\\", "[x]@y.example"}) {
    EXPECT_EQ(read(value), read(value) == "bad address" ? "bad address" : "syntax") << value;
  }
  for (std::string_view const value : {"@x.example", "a@", "a..b@x.example", ".a@x.example",
                                       "a.@x.example", "a@.example", "a@x y.example", "a@\"x\""}) {
    auto const said = read(value);
    EXPECT_TRUE(said == "bad address" || said == "syntax") << value << ": " << said;
  }
}

TEST(HeaderAddresses, have_limits) {
  std::string many = "a@b.example";
  for (int i = 1; i < 1000; ++i) many += ",a@b.example";
  EXPECT_EQ(parse_header_addresses(many).value().size(), 1000U);
  EXPECT_EQ(read(many + ",a@b.example"), "too many");
  EXPECT_EQ(read(std::string(60, '(') + std::string(60, ')') + "a@b.example"), "syntax");
  EXPECT_EQ(read(std::string(300, 'a') + "@b.example"), "bad address");
}

TEST(HeaderAddresses, may_be_none) {
  EXPECT_EQ(read(""), "");
  EXPECT_EQ(read(" \r\n "), "");
  EXPECT_EQ(read(",,"), "");
  EXPECT_EQ(read("(nobody)"), "");
}
}  // namespace
}  // namespace pb::mail
