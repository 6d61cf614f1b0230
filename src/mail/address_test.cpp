// address_test.cpp: paths, mailboxes and domains.   Spec: RFC 5321 §4.1.2, §4.1.3; RFC 6531 §3.3.
#include "mail/address.hpp"

#include <gtest/gtest.h>

namespace pb::mail {
namespace {
Mailbox mailbox(std::string_view text) { return parse_mailbox(text, Utf8::allow).value(); }

TEST(Mailbox, quoted_local_part_has_the_same_value_as_the_plain_one) {
  EXPECT_EQ(mailbox("\"a.b\"@x.example").local_part, "a.b");
  EXPECT_EQ(mailbox("\"a.b\"@x.example").text(), "a.b@x.example");
  EXPECT_EQ(mailbox(R"("a\"b c"@x.example)").text(), R"("a\"b c"@x.example)");
  EXPECT_EQ(mailbox("\"\"@x.example").text(), "\"\"@x.example");
}

TEST(Mailbox, refuses_what_the_grammar_refuses) {
  for (std::string_view const bad :
       {"", "a", "@x.example", "a@", ".a@x.example", "a.@x.example", "a..b@x.example",
        "a@x..example", "a@-x.example", "a@x_y.example", "a b@x.example", "a@x.example ",
        "a@[1.2.3]", "a@[IPv6:1.2.3.4]", "a@[1.2.3.4", "\"a@x.example", "a@x.example."}) {
    EXPECT_FALSE(parse_mailbox(bad, Utf8::allow)) << bad;
  }
}

TEST(Mailbox, address_literals_are_kept_with_their_brackets) {
  EXPECT_EQ(mailbox("a@[192.0.2.1]").domain.text, "[192.0.2.1]");
  EXPECT_EQ(mailbox("a@[IPv6:2001:DB8::1]").domain.key(), "[ipv6:2001:db8::1]");
}

TEST(Domain, u_labels_and_a_labels_are_the_same_domain) {
  EXPECT_EQ(parse_domain("B\xC3\xBC"
                         "cher.example",
                         Utf8::allow)
                .value()
                .key(),
            "xn--bcher-kva.example");
  EXPECT_EQ((Domain{"xn--bcher-kva.EXAMPLE"}), (Domain{"b\xC3\xBC"
                                                       "cher.example"}));
}

TEST(Domain, one_label_does_not_hold_european_and_arabic_digits) {
  EXPECT_TRUE(parse_domain("\u05D00.example", Utf8::allow));
  EXPECT_TRUE(parse_domain("\u05D0\u0660.example", Utf8::allow));
  EXPECT_TRUE(parse_domain("\u05D00.\u05D0\u0660", Utf8::allow));
  EXPECT_FALSE(parse_domain("\u05D00\u0660.example", Utf8::allow));
  EXPECT_FALSE(parse_domain("\u05D0\u0660\uFF10.example", Utf8::allow));
  EXPECT_FALSE(to_unicode(Domain{"xn--0-zhc74b.example"}));
}

TEST(Mailbox, utf8_only_where_it_was_asked_for) {
  EXPECT_EQ(parse_mailbox("\xC3\xBC@x.example", Utf8::refuse).error(), AddressError::non_ascii);
  EXPECT_TRUE(mailbox("\xC3\xBC@x.example").is_internationalized());
  EXPECT_EQ(parse_mailbox("\xC3@x.example", Utf8::allow).error(), AddressError::bad_utf8);
}

TEST(Path, source_routes_are_read_and_dropped) {
  std::string_view text = "<@a.example,@b.example:user@c.example> SIZE=1";
  EXPECT_EQ(take_forward_path(text, Utf8::refuse).value().text(), "user@c.example");
  EXPECT_EQ(text, " SIZE=1");
}

TEST(Path, null_only_as_a_reverse_path) {
  std::string_view text = "<>";
  EXPECT_TRUE(take_reverse_path(text, Utf8::refuse).value().is_null());
  text = "<>";
  EXPECT_FALSE(take_forward_path(text, Utf8::refuse));
}

TEST(Path, postmaster_needs_no_domain) {
  std::string_view text = "<postMaster>";
  auto const path = take_forward_path(text, Utf8::refuse).value();
  EXPECT_EQ(path.local_part, "postMaster");
  EXPECT_TRUE(path.domain.text.empty());
  text = "<someone>";
  EXPECT_FALSE(take_forward_path(text, Utf8::refuse));
}

TEST(Path, an_angle_bracket_within_quotes_does_not_end_it) {
  std::string_view text = R"(<"a>b"@x.example> X)";
  EXPECT_EQ(take_forward_path(text, Utf8::refuse).value().local_part, "a>b");
  EXPECT_EQ(text, " X");
}

TEST(Mailbox, sizes_have_limits) {
  EXPECT_TRUE(parse_mailbox(std::string(64, 'a') + "@x.example", Utf8::refuse));
  EXPECT_EQ(parse_mailbox(std::string(129, 'a') + "@x.example", Utf8::refuse).error(),
            AddressError::local_part_long);
  EXPECT_FALSE(parse_domain(std::string(64, 'a') + ".example", Utf8::refuse));
}
}  // namespace
}  // namespace pb::mail
