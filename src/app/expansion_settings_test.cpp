// expansion_settings_test.cpp: aliases to outside want a secret, and a secret wants to be long.
// Spec: expansion_settings.hpp.
#include "app/expansion_settings.hpp"

#include <gtest/gtest.h>

namespace pb::app {
namespace {
LoadedConfig loaded(std::string const& aliases, std::string const& secret) {
  std::string text =
      "hostname = \"a.example\"\ndata_dir = \"/var/lib/x\"\n[[listener]]\nrole = \"relay\"\n"
      "address = \"127.0.0.1:25\"\n[[domain]]\nname = \"us.example\"\naliases = \"aliases\"\n";
  if (!secret.empty()) text += "[delivery]\nsrs_secret = \"secret\"\n";
  return loaded_from("mail.toml", text, {{"aliases", aliases}, {"secret", secret}});
}

TEST(ExpansionSettings, aliases_to_outside_without_a_secret_are_warned_of) {
  auto const problems = check_expansion(loaded("team: alice, bob@else.example\n", ""));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].severity, Severity::warning);
  EXPECT_NE(problems[0].text.find("team: bob@else.example"), std::string::npos);
  EXPECT_NE(problems[0].text.find("delivery.srs_secret"), std::string::npos);
  EXPECT_TRUE(check_expansion(loaded("team: alice, bob@US.example\n", "")).empty());
}

TEST(ExpansionSettings, a_secret_is_sixteen_octets_or_more) {
  EXPECT_TRUE(check_expansion(loaded("team: bob@else.example\n", "0123456789abcdef\n")).empty());
  auto const problems = check_expansion(loaded("", "short\n"));
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_EQ(problems[0].severity, Severity::error);
}

TEST(ExpansionSettings, an_accounts_name_leads_to_its_address) {
  accounts::Account clerk;
  clerk.name = "clerk";
  clerk.aliases = {"desk@us.example"};
  accounts::DomainRules rules;
  rules.name = "us.example";
  auto const snapshot =
      std::make_shared<runtime::DirectorySnapshot>(std::make_shared<accounts::Directory const>(
          std::vector{clerk}, std::vector{rules}, "a.example"));
  auto const expansion = expansion_of(loaded("office: clerk\n", ""), snapshot);
  mail::Envelope envelope;
  envelope.forward_paths = {{{"office", {"us.example"}}, {}, {}}};
  EXPECT_EQ(delivery::expand(envelope, expansion, Instant{}).forward_paths[0].mailbox.text(),
            "desk@us.example");
}
}  // namespace
}  // namespace pb::app
