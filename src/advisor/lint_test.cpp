// lint_test.cpp: for each program its right files (ours) and at least five wrong ones, by line.
// Spec: docs/reference/command-line.md.
#include "advisor/lint.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <map>
#include <sstream>

#include "advisor/settings.hpp"
#include "base/ascii.hpp"
#include "text/terms.hpp"

namespace pb::advisor {
namespace {
std::string right_file(std::string_view program, Security security) {
  SettingsInput input{.host = "smtp.example.com", .user = "you@example.com"};
  input.security = security;
  input.port = security == Security::starttls ? 587 : 465;
  return settings(*find_program(program), input, text::Language::en).value_or("");
}

struct Wrong {
  std::string_view program;
  Security security;          // of the right file that is changed
  std::string_view from, to;  // the change
  Mistake mistake;
  std::string_view line;  // a piece of the line that is to be named
};
constexpr auto s = Security::starttls;
constexpr auto i = Security::implicit_tls;
using enum Mistake;
constexpr Wrong wrong[] = {
    {"msmtp", s, "port 587", "port 465", starttls_on_tls_port, "tls on"},
    {"msmtp", i, "port 465", "port 587", implicit_on_starttls_port, "tls_starttls off"},
    {"msmtp", s, "tls on", "tls off", no_encryption, "tls off"},
    {"msmtp", s, "tls_starttls on", "tls_certcheck off", checks_off, "tls_certcheck"},
    {"msmtp", s, "port 587", "port 25", server_port, "port 25"},
    {"msmtp", s, "host smtp", "host smtp://smtp", host_has_more, "host smtp:"},
    {"postfix", s, "]:587\nsmtp_sasl", "]:465\nsmtp_sasl", starttls_on_tls_port, "level"},
    {"postfix", i, "]:465\nsmtp_sasl", "]:587\nsmtp_sasl", implicit_on_starttls_port, "wrapper"},
    {"postfix", s, "= secure", "= may", optional_encryption, "= may"},
    {"postfix", s, "= secure", "= encrypt", checks_off, "= encrypt"},
    {"postfix", s, "= secure", "= none", no_encryption, "= none"},
    {"postfix", s, "]:587\nsmtp_sasl", "]\nsmtp_sasl", server_port, "relayhost"},
    {"wordpress", s, "587", "465", starttls_on_tls_port, "WPMS_SSL"},
    {"wordpress", i, "465", "587", implicit_on_starttls_port, "WPMS_SSL"},
    {"wordpress", s, "'tls'", "''", no_encryption, "WPMS_SSL"},
    {"wordpress", s, "587", "25", server_port, "WPMS_SMTP_PORT"},
    {"wordpress", s, "'smtp.ex", "'https://smtp.ex", host_has_more, "WPMS_SMTP_HOST"},
    {"phpmailer", s, "587", "465", starttls_on_tls_port, "SMTPSecure"},
    {"phpmailer", i, "465", "2525", implicit_on_starttls_port, "SMTPSecure"},
    {"phpmailer", s, "'tls'", "''", no_encryption, "SMTPSecure"},
    {"phpmailer", s, "587", "25", server_port, "->Port"},
    {"phpmailer", s, "$mail->SMTPAuth   = true;",
     "$mail->SMTPOptions = ['ssl' => ['verify_peer' => false]];", checks_off, "verify_peer"},
    {"nodemailer", s, "587", "465", starttls_on_tls_port, "requireTLS"},
    {"nodemailer", i, "465", "587", implicit_on_starttls_port, "secure: true"},
    {"nodemailer", s, "requireTLS: true", "pool: true", optional_encryption, "secure: false"},
    {"nodemailer", s, "requireTLS: true", "requireTLS: true, tls: { rejectUnauthorized: false }",
     checks_off, "rejectUnauthorized"},
    {"nodemailer", i, "465", "25", server_port, "port: 25"},
    {"python", s, "587", "465", starttls_on_tls_port, ".starttls("},
    {"python", i, "465", "587", implicit_on_starttls_port, "SMTP_SSL"},
    {"python", s, "smtp.starttls(", "smtp.noop(", no_encryption, "smtplib.SMTP("},
    {"python", s, "587", "25", server_port, "smtplib.SMTP("},
    {"python", i, "ssl.create_default_context()", "ssl._create_unverified_context()", checks_off,
     "_create_unverified"},
    {"django", s, "587", "465", starttls_on_tls_port, "EMAIL_USE_TLS"},
    {"django", i, "465", "587", implicit_on_starttls_port, "EMAIL_USE_SSL"},
    {"django", s, "EMAIL_USE_TLS = True", "EMAIL_USE_TLS = False", no_encryption, "EMAIL_USE_TLS"},
    {"django", s, "EMAIL_TIMEOUT = 30", "EMAIL_USE_SSL = True", both_kinds, "EMAIL_USE_SSL"},
    {"django", s, "587", "25", server_port, "EMAIL_PORT"},
    {"laravel", s, "587", "465", starttls_on_tls_port, "MAIL_SCHEME"},
    {"laravel", i, "465", "587", implicit_on_starttls_port, "MAIL_SCHEME"},
    {"laravel", s, "MAIL_SCHEME=smtp", "MAIL_ENCRYPTION=tls\nMAIL_SCHEME=smtp", old_key,
     "MAIL_ENCRYPTION=tls"},
    {"laravel", s, "587", "25", server_port, "MAIL_PORT"},
    {"laravel", s, "=smtp.ex", "=smtp.example.com:587/", host_has_more, "MAIL_HOST"},
    {"symfony", s, "587", "465", starttls_on_tls_port, "MAILER_DSN"},
    {"symfony", i, "465", "587", implicit_on_starttls_port, "MAILER_DSN"},
    {"symfony", s, "?require_tls=true", "", optional_encryption, "MAILER_DSN"},
    {"symfony", s, "require_tls=true", "require_tls=true&verify_peer=0", checks_off, "MAILER_DSN"},
    {"symfony", s, ":587", ":25", server_port, "MAILER_DSN"},
    {"rails", s, "587", "465", starttls_on_tls_port, "enable_starttls"},
    {"rails", i, "465", "587", implicit_on_starttls_port, "tls: true"},
    {"rails", s, ":always", ":auto", optional_encryption, "enable_starttls"},
    {"rails", s, "read_timeout: 30", "openssl_verify_mode: 'none'", checks_off, "openssl_verify"},
    {"rails", s, "587", "25", server_port, "port: 25"},
    {"spring", s, "587", "465", starttls_on_tls_port, "starttls.required"},
    {"spring", i, "465", "587", implicit_on_starttls_port, "ssl.enable"},
    {"spring", s, "starttls.required=true", "x=y", optional_encryption, "starttls.enable"},
    {"spring", s, "ssl.checkserveridentity=true", "ssl.trust=*", checks_off, "ssl.trust"},
    {"spring", s, "587", "25", server_port, "spring.mail.port"},
    {"javamail", s, "587", "465", starttls_on_tls_port, "starttls.required"},
    {"javamail", i, "465", "587", implicit_on_starttls_port, "ssl.enable"},
    {"javamail", s, "mail.smtp.starttls.required", "x", optional_encryption, "starttls.enable"},
    {"javamail", s, "checkserveridentity\", \"true", "checkserveridentity\", \"false", checks_off,
     "checkserveridentity"},
    {"javamail", s, "587", "25", server_port, "mail.smtp.port"},
    {"mutt", s, ":587", ":465", starttls_on_tls_port, "ssl_force_tls"},
    {"mutt", i, ":465", ":587", implicit_on_starttls_port, "smtp_url"},
    {"mutt", s, "ssl_force_tls = yes", "x = y", optional_encryption, "ssl_starttls"},
    {"mutt", s, "ssl_verify_host = yes", "ssl_verify_host = no", checks_off, "ssl_verify_host"},
    {"mutt", s, ":587", ":25", server_port, "smtp_url"},
    {"s-nail", s, ":587", ":465", starttls_on_tls_port, "mta="},
    {"s-nail", i, ":465", ":587", implicit_on_starttls_port, "mta="},
    {"s-nail", s, " smtp-use-starttls", "", no_encryption, "mta="},
    {"s-nail", s, "tls-verify=strict", "tls-verify=ignore", checks_off, "tls-verify"},
    {"s-nail", s, ":587", ":25", server_port, "mta="},
    {"curl", s, ":587", ":465", starttls_on_tls_port, "--ssl-reqd"},
    {"curl", i, ":465", ":587", implicit_on_starttls_port, "smtps:"},
    {"curl", s, "--ssl-reqd", "--ssl", optional_encryption, "--ssl"},
    {"curl", s, "--ssl-reqd ", "", no_encryption, "smtp:"},
    {"curl", s, "--ssl-reqd", "--ssl-reqd --insecure", checks_off, "--insecure"},
    {"curl", i, ":465", ":25", server_port, "smtps:"},
    {"swaks", s, "--port 587", "--port 465", starttls_on_tls_port, "--tls"},
    {"swaks", i, "--port 465", "--port 2525", implicit_on_starttls_port, "--tls-on-connect"},
    {"swaks", s, "--tls ", "--tls-optional ", optional_encryption, "--tls-optional"},
    {"swaks", s, "--tls ", "", no_encryption, "--port"},
    {"swaks", s, "--port 587", "--port 25", server_port, "--port"},
    {"swaks", s, "--server smtp", "--server smtp://smtp", host_has_more, "--server"},
    {"exim", s, "::587", "::465", starttls_on_tls_port, "hosts_require_tls"},
    {"exim", i, "::465", "::587", implicit_on_starttls_port, "protocol"},
    {"exim", s, "hosts_require_tls = *", "hosts_avoid_tls = *", no_encryption, "hosts_avoid_tls"},
    {"exim", s, "  hosts_require_tls = *\n", "", optional_encryption, "route_list"},
    {"exim", s, "::587", "", server_port, "route_list"},
};

TEST(Lint, finds_nothing_in_what_settings_writes) {
  for (auto const program : lint_programs()) {
    for (auto security : {s, i}) {
      auto const file = right_file(program, security);
      ASSERT_FALSE(file.empty()) << program;
      auto const report = lint(file, "");
      EXPECT_EQ(report.program, program);
      for (auto const& finding : report.findings)
        ADD_FAILURE() << program << " line " << finding.line << ' ' << name(finding.mistake) << '\n'
                      << file;
    }
  }
}

TEST(Lint, names_the_line_of_five_wrong_files_of_each_program) {
  std::map<std::string_view, int> files;
  for (auto const& one : wrong) {
    auto file = right_file(one.program, one.security);
    auto const at = file.find(one.from);
    ASSERT_NE(at, std::string::npos) << one.program << ' ' << one.from;
    file.replace(at, one.from.size(), one.to);
    auto const report = lint(file, one.program);
    auto const found = std::ranges::find(report.findings, one.mistake, &LintFinding::mistake);
    ++files[one.program];
    if (found == report.findings.end()) {
      ADD_FAILURE() << one.program << ": " << name(one.mistake) << " not found\n" << file;
      continue;
    }
    auto const line = ascii::split(file, '\n').at(found->line - 1);
    EXPECT_TRUE(line.contains(one.line))
        << one.program << ' ' << name(one.mistake) << ": line " << found->line << " is " << line;
  }
  for (auto const program : lint_programs()) EXPECT_GE(files[program], 5) << program;
}

TEST(Lint, keeps_to_the_terms) {
  std::ifstream file{PB_SOURCE_DIR "/docs/terms.md"};
  std::stringstream all;
  all << file.rdbuf();
  auto const terms = text::parse_terms(all.str());
  for (int mistake = 0; mistake <= static_cast<int>(old_key); ++mistake)
    for (auto const& complaint : text::complaints(text_of(static_cast<Mistake>(mistake)), terms))
      ADD_FAILURE() << complaint;
}

TEST(Lint, knows_no_program_in_a_poem_and_survives_anything) {
  EXPECT_TRUE(lint("so much depends\nupon\n", "").program.empty());
  for (auto const program : lint_programs()) {
    (void)lint(std::string(5000, '\''), program);
    (void)lint("smtp_url=\nMAILER_DSN=://\nport\nsmtplib.SMTP(,\nrelayhost=:", program);
  }
}
}  // namespace
}  // namespace pb::advisor
