// password_test.cpp: hashes that we make and check, and fake keys.   Spec: RFC 9106, RFC 5802 §3.
#include "accounts/password.hpp"

#include <gtest/gtest.h>

#include "sasl/scram.hpp"

namespace pb::accounts {
namespace {
class Counting final : public Random {
 public:
  std::uint64_t next() override { return ++value_ * 0x9E3779B97F4A7C15ULL; }

 private:
  std::uint64_t value_ = 0;
};

TEST(Passwords, are_kept_as_argon2id_with_19_mib_two_passes_and_one_lane) {
  Counting random;
  auto const made = make_credentials("correct horse", Scram::with, random).value();
  EXPECT_TRUE(made.password_hash.starts_with("$argon2id$v=19$m=19456,t=2,p=1$"));
  EXPECT_TRUE(password_is_right(made.password_hash, "correct horse"));
  EXPECT_FALSE(password_is_right(made.password_hash, "correct horsE"));
  EXPECT_FALSE(password_is_right(made.password_hash, ""));
  EXPECT_FALSE(password_is_right("", "correct horse"));
  auto const again = make_credentials("correct horse", Scram::without, random).value();
  EXPECT_NE(again.password_hash, made.password_hash);
  EXPECT_FALSE(again.scram);
}

TEST(Passwords, give_scram_keys_of_the_same_password) {
  Counting random;
  auto const made = make_credentials("I\u00ADX", Scram::with, random).value();
  EXPECT_EQ(made.scram->iterations, scram_iterations);
  EXPECT_EQ(made.scram->salt.size(), salt_octets);
  auto const expected = sasl::scram::derive_keys("IX", made.scram->salt, scram_iterations);
  EXPECT_EQ(made.scram->stored_key, expected.stored_key);
  EXPECT_TRUE(password_is_right(made.password_hash, "IX"));
}

TEST(Passwords, are_refused_when_empty_long_or_with_control_characters) {
  Counting random;
  EXPECT_EQ(make_credentials("", Scram::with, random).error(), PasswordError::empty);
  EXPECT_EQ(make_credentials(std::string(1025, 'a'), Scram::with, random).error(),
            PasswordError::too_long);
  EXPECT_EQ(make_credentials("a\n", Scram::with, random).error(), PasswordError::prohibited);
  EXPECT_EQ(make_credentials("\xFF", Scram::with, random).error(), PasswordError::prohibited);
}

TEST(Passwords, are_not_checked_against_hashes_that_ask_for_too_much) {
  for (std::string_view const phc :
       {"$argon2id$v=19$m=99999999,t=2,p=1$c29tZXNhbHQ$aGFzaGhhc2g",
        "$argon2id$v=19$m=19456,t=99999,p=1$c29tZXNhbHQ$aGFzaGhhc2g",
        "$argon2id$v=19$m=19456,t=2,p=999$c29tZXNhbHQ$aGFzaGhhc2g", "$argon2id$$$$", "$$$$$",
        "$argon2i$v=19$m=4096,t=3,p=1$c29tZXNhbHQ$aGFzaGhhc2g", "plain"}) {
    EXPECT_FALSE(password_is_right(phc, "x")) << phc;
  }
}

TEST(FakeKeys, are_the_same_for_a_user_and_differ_between_users_and_stores) {
  auto const first = fake_scram_keys("secret", "Nobody@example.org");
  EXPECT_EQ(first.salt, fake_scram_keys("secret", "nobody@EXAMPLE.org").salt);
  EXPECT_NE(first.salt, fake_scram_keys("secret", "nobody2@example.org").salt);
  EXPECT_NE(first.salt, fake_scram_keys("other", "nobody@example.org").salt);
  EXPECT_EQ(first.salt.size(), salt_octets);
  EXPECT_EQ(first.iterations, scram_iterations);
}
}  // namespace
}  // namespace pb::accounts
