// found_servers_test.cpp: hosts are found in the files of programs, secrets are not.
// Spec: found_servers.hpp.
#include "cli/found_servers.hpp"

#include <gtest/gtest.h>

namespace pb::cli {
namespace {
std::string first(std::string_view text) {
  auto const found = servers_in("file", text);
  return found.empty() ? "" : found.front().host + " " + std::to_string(found.front().port);
}

TEST(FoundServers, are_read_from_the_files_of_the_usual_programs) {
  EXPECT_EQ(first("account x\nhost smtp.example.com\nport 465\nuser me\n"), "smtp.example.com 465");
  EXPECT_EQ(first("# relayhost = [no.example]\nrelayhost = [smtp.example.com]:587\n"),
            "smtp.example.com 587");
  EXPECT_EQ(first("define( 'WPMS_SMTP_HOST', 'smtp.example.com' );\n"
                  "define('WPMS_SMTP_PORT', 2525);\n"),
            "smtp.example.com 2525");
  EXPECT_EQ(first("MAIL_HOST=\"smtp.example.com\"\r\nMAIL_PORT=587\r\n"), "smtp.example.com 587");
  EXPECT_EQ(first("MAIL_PORT=587\n"), "");
}

TEST(FoundServers, never_hold_what_stands_before_the_host_of_a_url) {
  auto const found =
      servers_in(".env", "MAILER_DSN=smtps://me:p@ss:word@smtp.example.com:465?x=1\n");
  ASSERT_EQ(found.size(), 1U);
  EXPECT_EQ(found[0].host, "smtp.example.com");
  EXPECT_EQ(found[0].port, 465);
}

TEST(FoundServers, what_is_no_host_name_is_left_out) {
  EXPECT_EQ(first("host \x1b[2Jevil\n"), "");
  EXPECT_EQ(first("MAIL_HOST=null\n"), "");
  EXPECT_EQ(first("define('WPMS_SMTP_HOST'\n"), "");
  EXPECT_EQ(first("relayhost =\n"), "");
}
}  // namespace
}  // namespace pb::cli
