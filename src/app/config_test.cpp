// config_test.cpp: what a configuration says, and how each mistake in it is answered.
// Spec: config.hpp, docs/reference/configuration.md.
#include "app/config.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <sstream>

#include "app/config_keys.hpp"

namespace pb::app {
namespace {
using namespace std::chrono_literals;

constexpr std::string_view good = R"(
hostname = "mx.example.com"
data_dir = "/var/lib/packetboat"
[[listener]]
role = "relay"
address = "0.0.0.0:25"
[[listener]]
role = "submission"
address = "[::]:587"
security = "strict"
[tls]
certificate = "/etc/packetboat/fullchain.pem"
key = "/etc/packetboat/privkey.pem"
[[tls.sni]]
name = "mail.example.org"
certificate = "/etc/packetboat/org.pem"
key = "/etc/packetboat/org.key"
[networks]
trusted = ["127.0.0.0/8", "2001:db8::/32"]
[[domain]]
name = "example.com"
deliver = "lmtp:unix:/run/dovecot/lmtp"
aliases = "/etc/packetboat/aliases"
[limits]
message_size = "20 MiB"
recipients = 200
idle = "2m"
[[route]]
domain = "*"
via = ["submission://smtp.example.net:587", "submissions://smtp.example.net:465"]
[[credential]]
host = "smtp.example.net"
user = "me@example.com"
password_file = "/etc/packetboat/smarthost.secret"
[dns]
servers = ["127.0.0.1:5300"]
[delivery]
mx_port = 2526
retry = ["5m", "15m"]
expire_after = "2d"
)";

std::string problems_of(std::string_view toml) {
  std::string text;
  for (Problem const& problem : parse_config(toml, "mail.toml").problems)
    text += problem.line() + "\n";
  return text;
}
std::string with(std::string_view line) { return std::string{line} + "\n" + std::string{good}; }

TEST(Config, reads_every_section_into_one_value) {
  ConfigResult const result = parse_config(good, "mail.toml");
  ASSERT_NE(result.config, nullptr) << problems_of(good);
  Config const& config = *result.config;
  EXPECT_EQ(config.hostname, "mx.example.com");
  ASSERT_EQ(config.listeners.size(), 2U);
  EXPECT_EQ(config.listeners[1].address.text(), "[::]:587");
  EXPECT_EQ(config.listeners[1].security, smtp::server::Security::strict);
  ASSERT_EQ(config.certificates.size(), 2U);
  EXPECT_EQ(config.certificates[1].names, std::vector<std::string>{"mail.example.org"});
  EXPECT_EQ(config.networks.trusted.size(), 2U);
  EXPECT_EQ(config.limits.message_size, 20U << 20);
  EXPECT_EQ(config.limits.idle, 120'000U);
  EXPECT_EQ(config.limits.errors, Limits{}.errors);
  EXPECT_EQ(config.routes[0].via.size(), 2U);
  EXPECT_EQ(config.delivery.retry, (std::vector<Duration>{5min, 15min}));
  EXPECT_EQ(config.delivery.warn_after, 4h);
  EXPECT_EQ(config.delivery.wait_max, 10min);
  EXPECT_EQ(config.delivery.mx_port, 2526);
}

TEST(Config, an_unknown_key_is_an_error_with_its_place_and_the_nearest_name) {
  EXPECT_EQ(problems_of("hostname = \"mx.example.com\"\nlistner = 3\n"),
            "mail.toml:2:1: unknown key \"listner\"; did you mean \"listener\"?\n");
}

TEST(Config, an_unknown_key_in_a_section_is_compared_with_that_section) {
  std::string const text = problems_of("[[listener]]\nadress = \"0.0.0.0:25\"\n");
  EXPECT_EQ(text,
            "mail.toml:2:1: unknown key \"listener.adress\"; did you mean "
            "\"listener.address\"?\n");
}

TEST(Config, a_section_that_nobody_knows_is_told_once) {
  EXPECT_EQ(problems_of("[tarpit]\nwait = 3\nlonger = 4\n"),
            "mail.toml:1:2: unknown key \"tarpit\"\n");
}

TEST(Config, a_syntax_error_has_its_place) {
  EXPECT_TRUE(problems_of("hostname = mx.example.com\n").starts_with("mail.toml:1:"))
      << problems_of("hostname = mx.example.com\n");
}

TEST(Config, one_bracket_where_two_belong_is_said_so) {
  EXPECT_EQ(problems_of("[listener]\nrole = \"relay\"\n"),
            "mail.toml:1:2: write [[listener]]: it may stand many times\n");
  EXPECT_EQ(problems_of("[[limits]]\nrecipients = 200\n"),
            "mail.toml:1:1: write [limits]: it stands only once\n");
}

TEST(Config, wrong_values_say_what_to_write) {
  struct Case {
    std::string_view line, expected;
  };
  for (Case const& one : {
           Case{"threads = \"four\"", "threads: write a whole number, without quotes"},
           Case{"threads = 100000", "threads: it must be from 0 to 1024"},
           Case{"user = 5", "user: write it as a text in quotes"},
           Case{"user = \"\"", "user: it is empty"},
           Case{"limits.idle = 5", "limits.idle: write a number and a unit in quotes"},
           Case{"limits.message_size = \"1 KiB\"",
                "limits.message_size: it must be from 64 KiB to 4 GiB"},
           Case{"log.level = \"inf\"", "did you mean \"info\"?"},
           Case{"networks.xclient = [\"10.0.0.1/8\"]", "is no network"},
           Case{"dns.servers = [1, 2]", "dns.servers: write a list of texts in quotes"},
           Case{"user = 1979-05-27", "user: write a text in quotes"},
       }) {
    std::string const text = problems_of(std::string{one.line} + "\n");
    EXPECT_NE(text.find(one.expected), std::string::npos) << one.line << "\n" << text;
  }
}

TEST(Config, all_mistakes_are_told_at_once) {
  std::string const text = problems_of("threads = \"x\"\nuser = 5\nhost = \"a\"\n");
  EXPECT_EQ(std::ranges::count(text, '\n'), 3) << text;
}

TEST(Config, submission_without_a_certificate_says_the_lines_to_add) {
  std::string const text = problems_of(
      "hostname = \"a.example\"\ndata_dir = \"/d\"\n[[listener]]\nrole = \"submission\"\n"
      "address = \"127.0.0.1:587\"\n");
  EXPECT_NE(text.find("certificate = \"/etc/packetboat/fullchain.pem\""), std::string::npos)
      << text;
}

TEST(Config, relay_without_a_certificate_is_only_a_warning) {
  ConfigResult const result = parse_config(
      "hostname = \"a.example\"\ndata_dir = \"/d\"\n[[listener]]\nrole = \"relay\"\n"
      "address = \"127.0.0.1:25\"\n[[domain]]\nname = \"a.example\"\n",
      "mail.toml");
  EXPECT_NE(result.config, nullptr);
  ASSERT_EQ(result.problems.size(), 1U);
  EXPECT_EQ(result.problems[0].severity, Severity::warning);
}

TEST(Config, says_where_mail_for_postmaster_has_nowhere_to_go) {  // RFC 5321 §4.5.1
  std::string const relay =
      "hostname = \"a.example\"\ndata_dir = \"/d\"\n"
      "[[listener]]\nrole = \"relay\"\naddress = \"127.0.0.1:25\"\n";
  auto const says = [](std::string const& text) {
    ConfigResult const result = parse_config(text, "mail.toml");
    return std::ranges::any_of(result.problems, [](Problem const& one) {
      return one.text.find("postmaster") != std::string::npos;
    });
  };
  EXPECT_TRUE(says(relay));
  EXPECT_FALSE(says("postmaster = \"root@b.example\"\n" + relay));
  EXPECT_FALSE(says(relay + "[[domain]]\nname = \"a.example\"\n"));
  EXPECT_TRUE(says(relay + "[[domain]]\nname = \"a.example\"\ndeliver = \"lmtp:unix:/l\"\n"));
  EXPECT_TRUE(says("postmaster = \"two words\"\n" + relay));
}

TEST(Config, what_does_not_fit_together_is_refused) {
  struct Case {
    std::string_view line, expected;
  };
  for (Case const& one : {
           Case{"[[listener]]\nrole = \"relay\"\naddress = \"0.0.0.0:25\"", "stands in two"},
           Case{"[[listener]]\nrole = \"relay\"\naddress = \"0.0.0.0:26\"\nproxy_protocol = true",
                "needs networks.proxy"},
           Case{"[[domain]]\nname = \"EXAMPLE.com\"", "stands twice"},
           Case{"[[domain]]\nname = \"a b\"", "is no domain name"},
           Case{"[[domain]]\nname = \"b.example\"\ndeliver = \"|/bin/sh\"", "deliver ="},
           Case{"[[route]]\negress = \"west\"", "is the name of no [[egress]]"},
           Case{"[[route]]\nvia = \"smtp://a.example\"", "write mx, relay://"},
           Case{"[[route]]\nvia = \"submission://u:p@a.example:587\"",
                "leave user and password out"},
           Case{"[[credential]]\nhost = \"a\"\nuser = \"u\"", "password_file or password_env"},
       }) {
    std::string const text = problems_of(std::string{good} + std::string{one.line} + "\n");
    EXPECT_NE(text.find(one.expected), std::string::npos) << one.line << "\n" << text;
  }
}

TEST(Config, names_what_a_reload_cannot_change) {
  auto const before = parse_config(good, "a").config;
  auto const after = parse_config(with("threads = 2\nuser = \"mail\""), "a").config;
  ASSERT_TRUE(before && after);
  EXPECT_EQ(not_reloadable(*before, *after), (std::vector<std::string>{"threads", "user"}));
  EXPECT_TRUE(not_reloadable(*before, *before).empty());
  Config disk = *before;
  disk.limits.free_disk = 7;
  disk.dns.servers = {"127.0.0.1:53"};
  EXPECT_EQ(not_reloadable(*before, disk), (std::vector<std::string>{"dns", "limits.free_disk"}));
}

TEST(Config, names_the_sections_that_changed_and_moving_lines_changes_nothing) {
  auto const before = parse_config(good, "a").config;
  auto const moved = parse_config(with("# a comment\n\n"), "a").config;
  ASSERT_TRUE(before && moved);
  EXPECT_TRUE(changed(*before, *moved).empty());
  auto const after = parse_config(with("dns.trust_anchor = \"/k\""), "a").config;
  EXPECT_EQ(after, nullptr) << "TOML does not let a section be opened twice";
}

TEST(Config, the_documented_table_is_the_one_in_the_code) {
  std::ifstream in{PB_SOURCE_DIR "/docs/reference/configuration.md"};
  std::stringstream text;
  text << in.rdbuf();
  EXPECT_EQ(text.str(), configuration_reference())
      << "write it anew: packetboat check --reference > docs/reference/configuration.md";
}

TEST(Config, the_defaults_lie_within_their_own_bounds) {
  for (LimitRow const& row : limit_rows()) {
    EXPECT_GE(Limits{}.*row.value, row.lowest) << row.name;
    EXPECT_LE(Limits{}.*row.value, row.highest) << row.name;
  }
}

TEST(Config, deep_and_long_input_is_refused_without_harm) {
  std::string const deep = "a = " + std::string(5000, '[') + std::string(5000, ']');
  EXPECT_EQ(parse_config(deep, "x").config, nullptr);
  EXPECT_EQ(parse_config(std::string(1 << 16, '='), "x").config, nullptr);
  EXPECT_EQ(parse_config(std::string(1, '\0'), "x").config, nullptr);
}
}  // namespace
}  // namespace pb::app
