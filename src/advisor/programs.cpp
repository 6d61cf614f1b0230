// programs.cpp: the table of programs and their words.
// Spec: programs.hpp. "TLS" means STARTTLS on many screens, "SSL" means SSL/TLS from the start.
// Tests: settings_test.cpp
#include "advisor/programs.hpp"

#include "base/ascii.hpp"

namespace pb::advisor {
namespace {
using enum ProgramKind;
constexpr Program table[] = {
    {"thunderbird", "Thunderbird", mail_client, "STARTTLS", "SSL/TLS"},
    {"outlook", "Outlook", mail_client, "STARTTLS", "SSL/TLS"},
    {"apple-mail", "Apple Mail", mail_client, "Use TLS/SSL, port 587", "Use TLS/SSL, port 465"},
    {"iphone", "iPhone Mail", mail_client, "Use SSL, Server Port 587", "Use SSL, Server Port 465"},
    {"gmail-send-as", "Gmail \"Send mail as\"", mail_client, "Secured connection using TLS",
     "Secured connection using SSL"},
    {"foxmail", "Foxmail", mail_client, "STARTTLS", "SSL"},
    {"wordpress", "WordPress (WP Mail SMTP)", website, "Encryption: TLS", "Encryption: SSL"},
    {"wp-mail-smtp", "WP Mail SMTP", website, "Encryption: TLS", "Encryption: SSL"},
    {"fluent-smtp", "FluentSMTP", website, "Encryption: TLS", "Encryption: SSL"},
    {"post-smtp", "Post SMTP", website, "Security: STARTTLS", "Security: SMTPS"},
    {"wordpress-mu", "WordPress (mu-plugin)", website, "SMTPSecure = 'tls'", "SMTPSecure = 'ssl'"},
    {"synology", "Synology DSM", device, "Secure connection (SSL/TLS), port 587",
     "Secure connection (SSL/TLS), port 465"},
    {"printer", "Printer or scanner", device, "STARTTLS", "SSL"},
    {"phpmailer", "PHPMailer", application, "SMTPSecure = 'tls'", "SMTPSecure = 'ssl'"},
    {"nodemailer", "nodemailer", application, "secure: false, requireTLS: true", "secure: true"},
    {"python", "Python smtplib", application, "SMTP(...).starttls(context=...)",
     "SMTP_SSL(..., context=...)"},
    {"django", "Django", application, "EMAIL_USE_TLS = True", "EMAIL_USE_SSL = True"},
    {"laravel", "Laravel", application, "MAIL_SCHEME=smtp", "MAIL_SCHEME=smtps"},
    {"symfony", "Symfony Mailer", application, "smtp://", "smtps://"},
    {"rails", "Rails", application, "enable_starttls: :always", "tls: true"},
    {"spring", "Spring Boot", application, "mail.smtp.starttls.required", "mail.smtp.ssl.enable"},
    {"javamail", "Java Mail", application, "mail.smtp.starttls.required", "mail.smtp.ssl.enable"},
    {"mailkit", ".NET MailKit", application, "SecureSocketOptions.StartTls",
     "SecureSocketOptions.SslOnConnect"},
    {"go", "Go", application, "smtp.NewClient, then StartTLS", "tls.Dial, then smtp.NewClient"},
    {"curl", "curl", application, "smtp:// --ssl-reqd", "smtps://"},
    {"swaks", "swaks", application, "--tls", "--tls-on-connect"},
    {"msmtp", "msmtp", application, "tls_starttls on", "tls_starttls off"},
    {"mutt", "mutt", mail_client, "smtp:// with ssl_force_tls", "smtps://"},
    {"s-nail", "s-nail", mail_client, "smtp:// with smtp-use-starttls", "smtps://"},
    {"postfix", "Postfix", server, "smtp_tls_security_level = secure",
     "smtp_tls_wrappermode = yes"},
    {"exim", "Exim", server, "hosts_require_tls = *", "protocol = smtps"},
    {"autoconfig", "Thunderbird autoconfig", server, "STARTTLS", "SSL"},
    {"autodiscover", "Outlook autodiscover", server, "TLS", "SSL"},
    {"mobileconfig", "Apple .mobileconfig", server, "OutgoingMailServerUseSSL, port 587",
     "OutgoingMailServerUseSSL, port 465"},
    {"srv", "SRV records", server, "_submission._tcp", "_submissions._tcp"},
};
}  // namespace

std::span<Program const> programs() { return table; }
Program const* find_program(std::string_view id_or_name) {
  for (auto const& row : table) {
    if (ascii::iequals(row.id, id_or_name) || ascii::iequals(row.name, id_or_name)) return &row;
  }
  return nullptr;
}
std::string_view word(Program const& program, Security security) {
  switch (security) {
    case Security::starttls:
      return program.starttls;
    case Security::implicit_tls:
      return program.implicit_tls;
    case Security::none:
    case Security::cleartext:
      return {};
  }
  return {};
}
}  // namespace pb::advisor
