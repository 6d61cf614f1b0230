// directory_test.cpp: recipients, ownership and logins.
// Spec: RFC 5321 §4.5.1, RFC 2142 §5, RFC 6409 §6.1.                Not here: replies (policy/).
#include "accounts/directory.hpp"

#include <gtest/gtest.h>

namespace pb::accounts {
namespace {
mail::Mailbox box(std::string_view text) {
  return mail::parse_mailbox(text, mail::Utf8::allow).value();
}
Account account(std::string name, std::vector<std::string> aliases = {},
                std::vector<std::string> allowed = {}) {
  Account made;
  made.name = std::move(name);
  made.aliases = std::move(aliases);
  made.allowed = std::move(allowed);
  return made;
}
DomainRules domain(std::string name) {
  DomainRules rules;
  rules.name = std::move(name);
  return rules;
}
Directory example() {
  DomainRules main = domain("Example.ORG");
  main.aliases = {{"Sales", "alice@example.org"}, {"list", "people@elsewhere.example"}};
  DomainRules shop = domain("shop.example");
  shop.catch_all = "alice@example.org";
  DomainRules plain = domain("plain.example");
  plain.plus_addressing = false;
  DomainRules test = domain("test.example");
  test.any_recipient = true;
  return {{account("alice@example.org", {"al@example.org", "info@plain.example"}),
           account("bob@example.org"), account("app", {}, {"*@shop.example"}),
           account("relay", {}, {"*"}), account("news", {}, {"News@example.org"})},
          {main, shop, plain, test, domain("xn--bcher-kva.example")},
          "mx.example.net"};
}
RecipientAnswer asked(std::string_view text) { return example().recipient(box(text)); }

TEST(Recipients, are_accounts_and_aliases_without_regard_to_case) {
  EXPECT_EQ(asked("alice@example.org").account, "alice@example.org");
  EXPECT_EQ(asked("ALICE@EXAMPLE.org").account, "alice@example.org");
  EXPECT_EQ(asked("al@example.org").account, "alice@example.org");
  EXPECT_EQ(asked("sales@example.org").account, "alice@example.org");
  EXPECT_EQ(asked("list@example.org").account, "people@elsewhere.example");
  EXPECT_EQ(asked("nobody@example.org").state, RecipientState::unknown);
  EXPECT_EQ(asked("alice@elsewhere.example").state, RecipientState::not_ours);
  EXPECT_EQ(asked("alice@sub.example.org").state, RecipientState::not_ours);
}

TEST(Recipients, may_have_a_detail_behind_a_plus) {
  EXPECT_EQ(asked("alice+lists@example.org").account, "alice@example.org");
  EXPECT_EQ(asked("sales+x+y@example.org").account, "alice@example.org");
  EXPECT_EQ(asked("nobody+lists@example.org").state, RecipientState::unknown);
  EXPECT_EQ(asked("+lists@example.org").state, RecipientState::unknown);
  EXPECT_EQ(asked("info+lists@plain.example").state, RecipientState::unknown);
}

TEST(Recipients, are_caught_where_the_domain_has_a_catch_all) {
  EXPECT_EQ(asked("whoever@shop.example").account, "alice@example.org");
  EXPECT_EQ(asked("postmaster@shop.example").account, "alice@example.org");
}

TEST(Recipients, are_all_known_where_the_domain_says_so) {
  EXPECT_EQ(asked("whoever@test.example").state, RecipientState::known);
  EXPECT_EQ(asked("whoever@test.example").account, "");
}

TEST(Recipients, always_include_postmaster_and_abuse) {
  EXPECT_EQ(asked("PostMaster@example.org").state, RecipientState::known);
  EXPECT_EQ(asked("abuse@plain.example").state, RecipientState::known);
  EXPECT_EQ(asked("postmaster@mx.example.net").state, RecipientState::known);
  EXPECT_EQ(asked("abuse@mx.example.net").state, RecipientState::known);
  EXPECT_EQ(asked("alice@mx.example.net").state, RecipientState::not_ours);
  EXPECT_EQ(example().recipient({"Postmaster", {""}}).state, RecipientState::known);
  EXPECT_EQ(example().recipient({"abuse", {""}}).state, RecipientState::not_ours);
  EXPECT_EQ(asked("postmaster@elsewhere.example").state, RecipientState::not_ours);
}

TEST(Recipients, have_a_postmaster_whom_the_configuration_names_or_a_mailbox_of_that_name) {
  EXPECT_EQ(asked("abuse@plain.example").account, postmaster_mailbox);
  EXPECT_EQ(example().recipient({"Postmaster", {""}}).account, postmaster_mailbox);
  Account alice;
  alice.name = "alice@example.org";
  DomainRules rules;
  rules.name = "example.org";
  Directory const named{{alice}, {rules}, "mx.example.net", "alice@example.org"};
  for (char const* const address : {"postmaster@example.org", "abuse@mx.example.net"})
    EXPECT_EQ(named.recipient(*mail::parse_mailbox(address, mail::Utf8::refuse)).account,
              "alice@example.org");
}

TEST(Recipients, are_never_ours_at_an_address_literal) {
  EXPECT_EQ(asked("alice@[192.0.2.1]").state, RecipientState::not_ours);
  EXPECT_EQ(asked("postmaster@[IPv6:2001:db8::1]").state, RecipientState::not_ours);
}

TEST(Recipients, are_found_by_either_spelling_of_an_international_domain) {
  EXPECT_TRUE(example().is_our_domain({"b\u00FCcher.example"}));
  EXPECT_EQ(asked("postmaster@B\u00DCCHER.example").state, RecipientState::known);
}

TEST(Recipients, with_hacks_in_the_local_part_are_only_what_they_literally_are) {
  EXPECT_EQ(asked("user%victim.example@example.org").state, RecipientState::unknown);
  EXPECT_EQ(asked("victim.example!user@example.org").state, RecipientState::unknown);
  EXPECT_EQ(asked("\"user@victim.example\"@example.org").state, RecipientState::unknown);
  EXPECT_EQ(asked("\"alice@example.org\"@elsewhere.example").state, RecipientState::not_ours);
}

TEST(Suggestions, are_near_known_addresses_of_the_same_domain) {
  EXPECT_EQ(example().suggestion(box("alcie@example.org")), "alice@example.org");
  EXPECT_EQ(example().suggestion(box("bobb@example.org")), "bob@example.org");
  EXPECT_EQ(example().suggestion(box("zz@example.org")), "");
  EXPECT_EQ(example().suggestion(box("alcie@elsewhere.example")), "");
}

TEST(Ownership, covers_name_aliases_and_details) {
  Directory const directory = example();
  EXPECT_TRUE(directory.owns("alice@example.org", box("Alice@Example.org")));
  EXPECT_TRUE(directory.owns("alice@example.org", box("al@example.org")));
  EXPECT_TRUE(directory.owns("alice@example.org", box("sales@example.org")));
  EXPECT_TRUE(directory.owns("alice@example.org", box("alice+shop@example.org")));
  EXPECT_FALSE(directory.owns("alice@example.org", box("bob@example.org")));
  EXPECT_FALSE(directory.owns("alice@example.org", box("bob+alice@example.org")));
  EXPECT_FALSE(directory.owns("alice@example.org", box("anything@shop.example")));
  EXPECT_FALSE(directory.owns("alice@example.org", box("postmaster@example.org")));
  EXPECT_FALSE(directory.owns("alice@example.org", box("\"alice@example.org\"@x.example")));
  EXPECT_FALSE(directory.owns("nobody", box("nobody@example.org")));
}

TEST(Ownership, is_widened_by_what_is_allowed) {
  Directory const directory = example();
  EXPECT_TRUE(directory.owns("app", box("orders@shop.example")));
  EXPECT_FALSE(directory.owns("app", box("orders@sub.shop.example")));
  EXPECT_FALSE(directory.owns("app", box("orders@notshop.example")));
  EXPECT_TRUE(directory.owns("relay", box("anyone@anywhere.example")));
  EXPECT_TRUE(directory.owns("news", box("news@example.org")));
  EXPECT_FALSE(directory.owns("news", box("alice@example.org")));
}

TEST(Ownership, ends_when_the_account_is_disabled) {
  Account gone = account("gone@example.org", {}, {"*"});
  gone.disabled = true;
  Directory const directory{{gone}, {domain("example.org")}, "mx.example.net"};
  EXPECT_FALSE(directory.owns("gone@example.org", box("gone@example.org")));
  EXPECT_EQ(directory.recipient(box("gone@example.org")).state, RecipientState::known);
}

TEST(Logins, are_names_and_addresses_without_regard_to_case) {
  Directory const directory = example();
  ASSERT_NE(directory.by_login("ALICE@example.org"), nullptr);
  EXPECT_EQ(directory.by_login("AL@example.org")->name, "alice@example.org");
  EXPECT_EQ(directory.by_login("App")->name, "app");
  EXPECT_EQ(directory.by_login("alice"), nullptr);
  EXPECT_EQ(directory.by_login(""), nullptr);
  EXPECT_EQ(directory.by_login("alice+x@example.org"), nullptr);
}

TEST(Logins, of_a_name_win_over_another_accounts_alias) {
  Directory const directory{{account("a@example.org", {"b@example.org"}), account("b@example.org")},
                            {domain("example.org")},
                            "mx"};
  EXPECT_EQ(directory.by_login("b@example.org")->name, "b@example.org");
  EXPECT_FALSE(directory.owns("a@example.org", box("b@example.org")));
}
}  // namespace
}  // namespace pb::accounts
