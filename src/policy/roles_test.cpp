// roles_test.cpp: the table of roles is in the documentation, and sessions follow it.
// Spec: docs/reference/roles.md.
#include "policy/roles.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace pb::policy {
namespace {
using sasl::MechanismName;

TEST(Roles, are_in_the_documentation_as_they_are_in_the_code) {
  std::ifstream file{PB_SOURCE_DIR "/docs/reference/roles.md"};
  std::ostringstream text;
  text << file.rdbuf();
  EXPECT_NE(text.str().find(roles_table()), std::string::npos)
      << "docs/reference/roles.md must hold this table:\n"
      << roles_table();
}

TEST(Roles, give_sessions_what_they_may_offer) {
  smtp::server::Settings settings;
  apply_role(settings, Role::relay, Sandbox::no);
  EXPECT_FALSE(settings.auth_offered);
  EXPECT_FALSE(settings.tls_required);
  EXPECT_TRUE(settings.mechanisms.empty());
  for (Role const role : {Role::submission, Role::submissions, Role::submission_alt}) {
    apply_role(settings, role, Sandbox::no);
    EXPECT_TRUE(settings.auth_offered);
    EXPECT_TRUE(settings.tls_required);
    EXPECT_FALSE(settings.auth_in_clear);
    EXPECT_EQ(settings.mechanisms.front(), MechanismName::scram_sha_256_plus);
    EXPECT_EQ(settings.mechanisms.size(), 5U);
  }
}

TEST(Roles, in_the_sandbox_take_plain_and_login_in_the_clear) {
  smtp::server::Settings settings;
  apply_role(settings, Role::submission, Sandbox::yes);
  EXPECT_TRUE(settings.auth_in_clear);
  EXPECT_FALSE(settings.tls_required);
  EXPECT_EQ(settings.mechanisms, (std::vector{MechanismName::plain, MechanismName::login}));
}
}  // namespace
}  // namespace pb::policy
