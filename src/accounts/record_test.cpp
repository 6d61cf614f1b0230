// record_test.cpp: the persisted form, there and back, and what is refused.      Spec: record.hpp.
#include "accounts/record.hpp"

#include <gtest/gtest.h>

namespace pb::accounts {
namespace {
constexpr std::string_view smallest =
    R"({"version":1,"name":"a","password_hash":"","aliases":[],"allowed":[],)"
    R"("credential_version":1,"quota_octets":0,"disabled":false})";

std::string changed(std::string_view from, std::string_view to) {
  std::string text{smallest};
  text.replace(text.find(from), from.size(), to);
  return text;
}

TEST(Record, comes_back_as_it_was) {
  Account account;
  account.name = "b\u00FCcher@example.org";
  account.password_hash = "$argon2id$v=19$m=19456,t=2,p=1$c2FsdA$aGFzaA";
  account.scram = {std::string("\0\xFF salt", 7), 15000, std::string(32, '\x80'),
                   std::string(32, '\0')};
  account.aliases = {"x@example.org", "y@example.org"};
  account.allowed = {"*@shop.example", "*"};
  account.credential_version = 0xFFFF'FFFF'FFFF'FFFF;
  account.quota_octets = 1ULL << 40;
  account.disabled = true;
  Account const back = account_from_json(to_json(account)).value();
  EXPECT_EQ(to_json(back), to_json(account));
  EXPECT_EQ(back.name, account.name);
  EXPECT_EQ(back.scram->salt, account.scram->salt);
  EXPECT_EQ(back.scram->stored_key, account.scram->stored_key);
  EXPECT_EQ(back.credential_version, account.credential_version);
  EXPECT_EQ(back.aliases, account.aliases);
  EXPECT_TRUE(back.disabled);
  EXPECT_EQ(to_json(back).find('\n'), std::string::npos);
}

TEST(Record, may_have_members_that_we_do_not_know) {
  EXPECT_TRUE(account_from_json(changed("\"name\"", "\"colour\":\"red\",\"name\"")));
  EXPECT_FALSE(account_from_json(smallest).value().scram);
}

TEST(Record, of_a_later_version_is_left_alone) {
  EXPECT_EQ(account_from_json(changed("\"version\":1", "\"version\":2")).error(),
            RecordError::newer_version);
}

TEST(Record, is_refused_when_it_is_not_one) {
  EXPECT_EQ(account_from_json("").error(), RecordError::syntax);
  EXPECT_EQ(account_from_json("[]").error(), RecordError::syntax);
  EXPECT_EQ(account_from_json("{}").error(), RecordError::invalid);
  EXPECT_EQ(account_from_json(std::string(record_octets_max + 1, ' ')).error(),
            RecordError::too_large);
  EXPECT_EQ(account_from_json(std::string(100'000, '[')).error(), RecordError::syntax);
  for (auto const& [from, to] : std::vector<std::pair<std::string_view, std::string_view>>{
           {"\"version\":1", "\"version\":0"},
           {"\"version\":1", "\"version\":\"1\""},
           {"\"a\"", "\"\""},
           {"\"a\"", "\"a\\n\""},
           {"\"a\"", "null"},
           {"\"aliases\":[]", "\"aliases\":[1]"},
           {"\"aliases\":[]", "\"aliases\":[\"\"]"},
           {"\"aliases\":[]", "\"aliases\":{}"},
           {"\"credential_version\":1", "\"credential_version\":-1"},
           {"\"credential_version\":1", "\"credential_version\":1.5"},
           {"false", "0"},
           {"\"disabled\"", "\"scram\":1,\"disabled\""},
           {"\"disabled\"", "\"scram\":{},\"disabled\""}}) {
    EXPECT_EQ(account_from_json(changed(from, to)).error(), RecordError::invalid) << to;
  }
}
}  // namespace
}  // namespace pb::accounts
