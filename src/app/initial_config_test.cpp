// initial_config_test.cpp: the first configuration is good as it is written.
// Spec: initial_config.hpp.
#include "app/initial_config.hpp"

#include <gtest/gtest.h>

#include "app/config.hpp"

namespace pb::app {
namespace {
TEST(InitialConfig, is_read_without_a_problem_and_says_what_was_wanted) {
  InitialConfig wanted;
  wanted.hostname = "mail.example.com";
  ConfigResult const result = parse_config(initial_config(wanted), "new.toml");
  ASSERT_NE(result.config, nullptr) << result.problems[0].line();
  EXPECT_TRUE(result.problems.empty());
  EXPECT_EQ(result.config->listeners.size(), 8U);
  ASSERT_EQ(result.config->domains.size(), 1U);
  EXPECT_EQ(result.config->domains[0].name, "example.com");
}

TEST(InitialConfig, takes_domains_deliver_and_a_smarthost_with_a_login) {
  InitialConfig wanted;
  wanted.hostname = "mail.example.com";
  wanted.domains = {"a.example", "b.example"};
  wanted.deliver = "lmtp:unix:/run/lmtp \"quoted\"";
  wanted.smarthost = "submission://smtp.example.net:587";
  wanted.smarthost_user = "me";
  wanted.smarthost_password_file = "/etc/secret";
  auto const config = parse_config(initial_config(wanted), "new.toml").config;
  ASSERT_NE(config, nullptr);
  EXPECT_EQ(config->domains[1].deliver, wanted.deliver);
  EXPECT_EQ(config->routes[0].via[0], wanted.smarthost);
  EXPECT_EQ(config->credentials[0].host, "smtp.example.net");
}

TEST(InitialConfig, a_name_of_two_labels_is_its_own_domain) {
  EXPECT_EQ(domain_of("mail.example.com"), "example.com");
  EXPECT_EQ(domain_of("example.com"), "example.com");
}
}  // namespace
}  // namespace pb::app
