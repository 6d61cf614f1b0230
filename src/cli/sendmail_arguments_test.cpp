// sendmail_arguments_test.cpp: the command lines that PHP, cron, mutt and git use are understood.
// Spec: sendmail(1).
#include "cli/sendmail_arguments.hpp"

#include <gtest/gtest.h>

namespace pb::cli {
namespace {
std::expected<SendmailArguments, std::string> parse(std::vector<std::string> const& words) {
  return parse_sendmail(words);
}

TEST(SendmailArguments, of_php_cron_mutt_and_git) {
  auto const php = *parse({"-t", "-i", "-fwww@one.test"});
  EXPECT_TRUE(php.from_header && php.dot_is_text);
  EXPECT_EQ(php.from, "www@one.test");
  auto const cron = *parse({"-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root"});
  EXPECT_EQ(cron.full_name, "CronDaemon");
  EXPECT_EQ(cron.recipients, std::vector<std::string>{"root"});
  auto const mutt = *parse({"-oem", "-oi", "-f", "a@one.test", "--", "b@two.test", "-x@two.test"});
  EXPECT_TRUE(mutt.dot_is_text);
  EXPECT_EQ(mutt.recipients, (std::vector<std::string>{"b@two.test", "-x@two.test"}));
  auto const both = *parse({"-ti"});
  EXPECT_TRUE(both.from_header && both.dot_is_text);
}

TEST(SendmailArguments, modes_and_dsn) {
  EXPECT_EQ(parse({"-bs"})->mode, SendmailMode::smtp);
  EXPECT_EQ(parse({"-bp"})->mode, SendmailMode::list);
  EXPECT_EQ(parse({"-q30m"})->mode, SendmailMode::flush);
  EXPECT_EQ(parse({"-bi"})->mode, SendmailMode::aliases);
  auto const dsn = *parse({"-N", "failure,delay", "-R", "hdrs", "-V", "id1", "a@b.test"});
  EXPECT_TRUE(dsn.notify.specified && dsn.notify.failure && dsn.notify.delay);
  EXPECT_FALSE(dsn.notify.success || dsn.notify.never);
  EXPECT_EQ(dsn.dsn_return, mail::DsnReturn::headers);
  EXPECT_EQ(dsn.envelope_id, "id1");
}

TEST(SendmailArguments, the_null_path_and_lists) {
  EXPECT_EQ(*parse({"-f", "<>", "a@b.test,c@d.test"})->from, "");
  EXPECT_EQ(parse({"-f", "<>", "a@b.test,c@d.test"})->recipients.size(), 2U);
}

TEST(SendmailArguments, unknown_o_is_ignored_and_the_rest_refused) {
  EXPECT_TRUE(parse({"-odi", "-o", "Timeout=3", "-U", "-G", "-n", "-Am", "-L", "tag", "a@b.test"}));
  EXPECT_FALSE(parse({"-f"}));
  EXPECT_FALSE(parse({"-N", "sometimes"}));
  EXPECT_FALSE(parse({"-N", "never,success"}));
  EXPECT_FALSE(parse({"-R", "all"}));
  EXPECT_FALSE(parse({"-bd"}));
}
}  // namespace
}  // namespace pb::cli
