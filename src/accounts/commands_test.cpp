// commands_test.cpp: each change of `packetboat user`, and how it is refused.
// Spec: docs/threat-model.md.  Not here: the command line's words
// (cli/).
#include "accounts/commands.hpp"

#include <gtest/gtest.h>

namespace pb::accounts {
namespace {
Credentials secret(std::string hash = "hash") { return {std::move(hash), sasl::ScramKeys{}}; }
AddRequest request(std::string name) {
  AddRequest made;
  made.name = std::move(name);
  made.credentials = secret();
  return made;
}
/// Applies the change to the records, as a store would.
void carry_out(Records& records, Changed const& changed) {
  ASSERT_TRUE(changed) << changed.error().message;
  std::string const name = changed->put ? changed->put->name : *changed->remove;
  std::erase_if(records, [&](Account const& account) { return account.name == name; });
  if (changed->put) records.push_back(*changed->put);
}
Records some() {
  Records records;
  carry_out(records, add_account(records, request("Ada@Example.ORG")));
  carry_out(records, add_account(records, request("shop-1")));
  return records;
}

TEST(Add, keeps_the_canonical_name) {
  Records const records = some();
  EXPECT_EQ(records[0].name, "ada@example.org");
  EXPECT_EQ(records[0].password_hash, "hash");
  EXPECT_EQ(records[0].credential_version, 1U);
  EXPECT_EQ(records[1].name, "shop-1");
}

TEST(Add, refuses_what_is_taken_in_any_spelling) {
  Records records = some();
  EXPECT_EQ(add_account(records, request("ADA@example.org")).error().problem,
            CommandProblem::exists);
  carry_out(records, add_alias(records, "ada@example.org", "info@example.org"));
  EXPECT_EQ(add_account(records, request("info@example.org")).error().message,
            "info@example.org is an alias of ada@example.org already");
}

TEST(Add, refuses_names_that_are_none) {
  for (std::string_view const name :
       {"", "-x", "a b", "a@", "@b", "a\nb", "ada@[192.0.2.1]", "*", "\x1b[31m"}) {
    auto const changed = add_account({}, request(std::string{name}));
    ASSERT_FALSE(changed) << name;
    EXPECT_EQ(changed.error().problem, CommandProblem::bad_name);
    EXPECT_EQ(changed.error().message.find('\x1b'), std::string::npos);
  }
}

TEST(Add, says_which_domain_the_configuration_lacks) {
  AddRequest wanted = request("ada@example.com");
  wanted.our_domains = {"example.org"};
  auto const changed = add_account({}, wanted);
  ASSERT_FALSE(changed);
  EXPECT_EQ(changed.error().problem, CommandProblem::not_our_domain);
  EXPECT_NE(changed.error().message.find("name = \"example.com\""), std::string::npos);
  wanted.our_domains = {"example.org", "Example.COM"};
  EXPECT_TRUE(add_account({}, wanted));
}

TEST(Passwd, changes_the_version_so_that_the_login_cache_forgets) {
  Records records = some();
  auto const changed = set_password(records, "ADA@example.org", secret("other"));
  ASSERT_TRUE(changed);
  EXPECT_TRUE(changed->forget_logins);
  EXPECT_EQ(changed->put->credential_version, 2U);
  EXPECT_EQ(changed->put->password_hash, "other");
}

TEST(Passwd, keeps_an_account_without_scram_without_it) {
  Records records = some();
  EXPECT_EQ(scram_of(records, "shop-1"), Scram::with);
  records[1].scram.reset();
  EXPECT_EQ(scram_of(records, "shop-1"), Scram::without);
  EXPECT_EQ(scram_of(records, "new"), Scram::with);
}

TEST(Remove, names_the_record_and_suggests_a_near_one) {
  Records records = some();
  auto const changed = remove_account(records, "SHOP-1");
  ASSERT_TRUE(changed);
  EXPECT_EQ(changed->remove, "shop-1");
  EXPECT_TRUE(changed->forget_logins);
  EXPECT_EQ(remove_account(records, "adda@example.org").error().message,
            "there is no account adda@example.org; did you mean ada@example.org?");
  EXPECT_EQ(remove_account(records, "nobody").error().problem, CommandProblem::unknown_account);
}

TEST(Alias, is_added_once_and_removed) {
  Records records = some();
  carry_out(records, add_alias(records, "ada@example.org", "Info@Example.org"));
  EXPECT_EQ(list_accounts(records)[0].aliases, std::vector<std::string>{"info@example.org"});
  EXPECT_EQ(add_alias(records, "shop-1", "info@example.org").error().problem,
            CommandProblem::exists);
  EXPECT_EQ(add_alias(records, "shop-1", "no address").error().problem,
            CommandProblem::bad_address);
  carry_out(records, remove_alias(records, "ada@example.org", "INFO@example.org"));
  EXPECT_EQ(remove_alias(records, "ada@example.org", "info@example.org").error().problem,
            CommandProblem::unknown_address);
}

TEST(Allow, takes_addresses_domains_and_everything) {
  Records records = some();
  for (std::string_view const pattern : {"x@Y.example", "*@Shop.example", "*"}) {
    carry_out(records, allow_sender(records, "shop-1", pattern));
  }
  auto const rows = list_accounts(records);
  EXPECT_EQ(rows[1].name, "shop-1");
  EXPECT_EQ(rows[1].allowed, (std::vector<std::string>{"x@y.example", "*@shop.example", "*"}));
  EXPECT_EQ(allow_sender(records, "shop-1", "*@SHOP.example").error().problem,
            CommandProblem::exists);
  for (std::string_view const pattern : {"", "*@", "*@*", "**", "*@[192.0.2.1]", "x*@y.example@"}) {
    EXPECT_EQ(allow_sender(records, "shop-1", pattern).error().problem, CommandProblem::bad_pattern)
        << pattern;
  }
  carry_out(records, disallow_sender(records, "shop-1", "*"));
  EXPECT_EQ(disallow_sender(records, "shop-1", "*").error().problem,
            CommandProblem::unknown_address);
}
}  // namespace
}  // namespace pb::accounts
