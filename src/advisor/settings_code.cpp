// settings_code.cpp: settings of frameworks and libraries. The password comes from the environment.
// Spec: the libraries' own documents: PHPMailer 6, nodemailer 6, Python 3, Django 4, Laravel 11,
// Symfony 6, Rails 7, Spring Boot 3, Jakarta Mail 2, MailKit 4, Go 1.21, curl 7.20, swaks.
// Tests: settings_test.cpp
#include "advisor/settings_templates.hpp"

namespace pb::advisor {
namespace {
constexpr SettingsTemplate table[] = {
    {"wordpress", Quoting::php,
     R"(// wp-config.php, above "That's all" (plugin WP Mail SMTP)
define( 'WPMS_ON', true );
define( 'WPMS_MAILER', 'smtp' );
define( 'WPMS_SMTP_HOST', '@HOST@' );
define( 'WPMS_SMTP_PORT', @PORT@ );
define( 'WPMS_SSL', 'tls' ); // this word means STARTTLS
define( 'WPMS_SMTP_AUTOTLS', true );
define( 'WPMS_SMTP_AUTH', true );
define( 'WPMS_SMTP_USER', '@USER@' );
define( 'WPMS_SMTP_PASS', getenv( 'SMTP_PASSWORD' ) );
define( 'WPMS_MAIL_FROM', '@FROM@' );
define( 'WPMS_MAIL_FROM_FORCE', true );
)",
     R"(// wp-config.php, above "That's all" (plugin WP Mail SMTP)
define( 'WPMS_ON', true );
define( 'WPMS_MAILER', 'smtp' );
define( 'WPMS_SMTP_HOST', '@HOST@' );
define( 'WPMS_SMTP_PORT', @PORT@ );
define( 'WPMS_SSL', 'ssl' ); // SSL/TLS from the first byte
define( 'WPMS_SMTP_AUTH', true );
define( 'WPMS_SMTP_USER', '@USER@' );
define( 'WPMS_SMTP_PASS', getenv( 'SMTP_PASSWORD' ) );
define( 'WPMS_MAIL_FROM', '@FROM@' );
define( 'WPMS_MAIL_FROM_FORCE', true );
)"},
    {"wordpress-mu", Quoting::php,
     "<?php\n"
     "// wp-content/mu-plugins/smtp.php: WordPress sends through SMTP, without another plugin.\n"
     "add_action( 'phpmailer_init', function ( $mail ) {\n"
     "    $mail->isSMTP();\n"
     "    $mail->Host       = '@HOST@';\n"
     "    $mail->Port       = @PORT@;\n"
     "    $mail->SMTPSecure = 'tls'; // this word means STARTTLS\n"
     "    $mail->SMTPAuth   = true;\n"
     "    $mail->Username   = '@USER@';\n"
     "    $mail->Password   = getenv( 'SMTP_PASSWORD' );\n"
     "    $mail->setFrom( '@FROM@', get_bloginfo( 'name' ), false );\n"
     "} );\n",
     "<?php\n"
     "// wp-content/mu-plugins/smtp.php: WordPress sends through SMTP, without another plugin.\n"
     "add_action( 'phpmailer_init', function ( $mail ) {\n"
     "    $mail->isSMTP();\n"
     "    $mail->Host       = '@HOST@';\n"
     "    $mail->Port       = @PORT@;\n"
     "    $mail->SMTPSecure = 'ssl'; // SSL/TLS from the first byte\n"
     "    $mail->SMTPAuth   = true;\n"
     "    $mail->Username   = '@USER@';\n"
     "    $mail->Password   = getenv( 'SMTP_PASSWORD' );\n"
     "    $mail->setFrom( '@FROM@', get_bloginfo( 'name' ), false );\n"
     "} );\n"},
    {"phpmailer", Quoting::php,
     R"($mail = new PHPMailer\PHPMailer\PHPMailer(true);
$mail->isSMTP();
$mail->Host       = '@HOST@';
$mail->Port       = @PORT@;
$mail->SMTPSecure = 'tls'; // this word means STARTTLS
$mail->SMTPAuth   = true;
$mail->Username   = '@USER@';
$mail->Password   = getenv('SMTP_PASSWORD');
$mail->setFrom('@FROM@');
)",
     R"($mail = new PHPMailer\PHPMailer\PHPMailer(true);
$mail->isSMTP();
$mail->Host       = '@HOST@';
$mail->Port       = @PORT@;
$mail->SMTPSecure = 'ssl'; // SSL/TLS from the first byte
$mail->SMTPAuth   = true;
$mail->Username   = '@USER@';
$mail->Password   = getenv('SMTP_PASSWORD');
$mail->setFrom('@FROM@');
)"},
    {"nodemailer", Quoting::javascript,
     R"(const transport = require('nodemailer').createTransport({
  host: '@HOST@',
  port: @PORT@,
  secure: false, // STARTTLS ...
  requireTLS: true, // ... and never without
  auth: { user: '@USER@', pass: process.env.SMTP_PASSWORD },
});
)",
     R"(const transport = require('nodemailer').createTransport({
  host: '@HOST@',
  port: @PORT@,
  secure: true, // SSL/TLS from the first byte
  auth: { user: '@USER@', pass: process.env.SMTP_PASSWORD },
});
)"},
    {"python", Quoting::python,
     R"(import os, smtplib, ssl

with smtplib.SMTP('@HOST@', @PORT@, timeout=30) as smtp:
    smtp.starttls(context=ssl.create_default_context())
    smtp.login('@USER@', os.environ['SMTP_PASSWORD'])
    smtp.send_message(message)  # an email.message.EmailMessage
)",
     R"(import os, smtplib, ssl

context = ssl.create_default_context()
with smtplib.SMTP_SSL('@HOST@', @PORT@, timeout=30, context=context) as smtp:
    smtp.login('@USER@', os.environ['SMTP_PASSWORD'])
    smtp.send_message(message)  # an email.message.EmailMessage
)"},
    {"django", Quoting::python,
     R"(# settings.py; Django 3.2 does not check certificates: take a later one
import os

EMAIL_BACKEND = 'django.core.mail.backends.smtp.EmailBackend'
EMAIL_HOST = '@HOST@'
EMAIL_PORT = @PORT@
EMAIL_USE_TLS = True  # this word means STARTTLS
EMAIL_HOST_USER = '@USER@'
EMAIL_HOST_PASSWORD = os.environ['SMTP_PASSWORD']
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = '@FROM@'
)",
     R"(# settings.py; Django 3.2 does not check certificates: take a later one
import os

EMAIL_BACKEND = 'django.core.mail.backends.smtp.EmailBackend'
EMAIL_HOST = '@HOST@'
EMAIL_PORT = @PORT@
EMAIL_USE_SSL = True  # SSL/TLS from the first byte
EMAIL_HOST_USER = '@USER@'
EMAIL_HOST_PASSWORD = os.environ['SMTP_PASSWORD']
EMAIL_TIMEOUT = 30
DEFAULT_FROM_EMAIL = '@FROM@'
)"},
    {"laravel", Quoting::shell,
     "# .env (Laravel 11 or later; delete MAIL_ENCRYPTION)\n"
     "MAIL_MAILER=smtp\nMAIL_SCHEME=smtp\nMAIL_HOST=@HOST@\nMAIL_PORT=@PORT@\n"
     "MAIL_USERNAME=@USER@\nMAIL_PASSWORD=\nMAIL_FROM_ADDRESS=@FROM@\n"
     "# config/mail.php, mailers.smtp: 'require_tls' => true\n",
     "# .env (Laravel 11 or later; delete MAIL_ENCRYPTION)\n"
     "MAIL_MAILER=smtp\nMAIL_SCHEME=smtps\nMAIL_HOST=@HOST@\nMAIL_PORT=@PORT@\n"
     "MAIL_USERNAME=@USER@\nMAIL_PASSWORD=\nMAIL_FROM_ADDRESS=@FROM@\n"},
    {"symfony", Quoting::url,
     "# .env: write the password percent-encoded. Before Symfony 7.3 require_tls is not known and\n"
     "# the mail goes out in the clear where STARTTLS is taken away: take port 465 there.\n"
     "MAILER_DSN=\"smtp://@USER@:PASSWORD@@HOST@:@PORT@?require_tls=true\"\n",
     "# .env: write the password percent-encoded\n"
     "MAILER_DSN=\"smtps://@USER@:PASSWORD@@HOST@:@PORT@\"\n"},
    {"rails", Quoting::ruby,
     R"(# config/environments/production.rb
config.action_mailer.delivery_method = :smtp
config.action_mailer.smtp_settings = {
  address: '@HOST@',
  port: @PORT@,
  enable_starttls: :always,
  user_name: '@USER@',
  password: ENV.fetch('SMTP_PASSWORD'),
  authentication: :plain,
  open_timeout: 10,
  read_timeout: 30
}
)",
     R"(# config/environments/production.rb
config.action_mailer.delivery_method = :smtp
config.action_mailer.smtp_settings = {
  address: '@HOST@',
  port: @PORT@,
  tls: true,
  user_name: '@USER@',
  password: ENV.fetch('SMTP_PASSWORD'),
  authentication: :plain,
  open_timeout: 10,
  read_timeout: 30
}
)"},
    {"spring", Quoting::none,
     "# application.properties\n"
     "spring.mail.host=@HOST@\nspring.mail.port=@PORT@\nspring.mail.username=@USER@\n"
     "spring.mail.password=${SMTP_PASSWORD}\nspring.mail.properties.mail.smtp.auth=true\n"
     "spring.mail.properties.mail.smtp.starttls.enable=true\n"
     "spring.mail.properties.mail.smtp.starttls.required=true\n"
     "spring.mail.properties.mail.smtp.ssl.checkserveridentity=true\n",
     "# application.properties\n"
     "spring.mail.host=@HOST@\nspring.mail.port=@PORT@\nspring.mail.username=@USER@\n"
     "spring.mail.password=${SMTP_PASSWORD}\nspring.mail.properties.mail.smtp.auth=true\n"
     "spring.mail.properties.mail.smtp.ssl.enable=true\n"
     "spring.mail.properties.mail.smtp.ssl.checkserveridentity=true\n"},
    {"javamail", Quoting::java,
     R"(Properties p = new Properties();
p.put("mail.smtp.host", "@HOST@");
p.put("mail.smtp.port", "@PORT@");
p.put("mail.smtp.auth", "true");
p.put("mail.smtp.starttls.enable", "true");
p.put("mail.smtp.starttls.required", "true");
p.put("mail.smtp.ssl.checkserveridentity", "true");
Session session = Session.getInstance(p, new Authenticator() {
  protected PasswordAuthentication getPasswordAuthentication() {
    return new PasswordAuthentication("@USER@", System.getenv("SMTP_PASSWORD"));
  }
});
)",
     R"(Properties p = new Properties();
p.put("mail.smtp.host", "@HOST@");
p.put("mail.smtp.port", "@PORT@");
p.put("mail.smtp.auth", "true");
p.put("mail.smtp.ssl.enable", "true");
p.put("mail.smtp.ssl.checkserveridentity", "true");
Session session = Session.getInstance(p, new Authenticator() {
  protected PasswordAuthentication getPasswordAuthentication() {
    return new PasswordAuthentication("@USER@", System.getenv("SMTP_PASSWORD"));
  }
});
)"},
    {"mailkit", Quoting::java,
     R"(using var client = new MailKit.Net.Smtp.SmtpClient();
client.Connect("@HOST@", @PORT@, MailKit.Security.SecureSocketOptions.StartTls);
client.Authenticate("@USER@", Environment.GetEnvironmentVariable("SMTP_PASSWORD"));
client.Send(message);
client.Disconnect(true);
)",
     R"(using var client = new MailKit.Net.Smtp.SmtpClient();
client.Connect("@HOST@", @PORT@, MailKit.Security.SecureSocketOptions.SslOnConnect);
client.Authenticate("@USER@", Environment.GetEnvironmentVariable("SMTP_PASSWORD"));
client.Send(message);
client.Disconnect(true);
)"},
    {"go", Quoting::java,
     R"(c, err := smtp.Dial("@HOST@:@PORT@")
if err != nil {
	return err
}
defer c.Close()
if err = c.StartTLS(&tls.Config{ServerName: "@HOST@"}); err != nil {
	return err // never go on without TLS
}
err = c.Auth(smtp.PlainAuth("", "@USER@", os.Getenv("SMTP_PASSWORD"), "@HOST@"))
)",
     R"(conn, err := tls.Dial("tcp", "@HOST@:@PORT@", &tls.Config{ServerName: "@HOST@"})
if err != nil {
	return err
}
c, err := smtp.NewClient(conn, "@HOST@")
if err != nil {
	return err
}
defer c.Close()
err = c.Auth(smtp.PlainAuth("", "@USER@", os.Getenv("SMTP_PASSWORD"), "@HOST@"))
)"},
    {"curl", Quoting::shell,
     "curl --ssl-reqd --url smtp://@HOST@:@PORT@ --user @USER@ \\\n"
     "  --mail-from @FROM@ --mail-rcpt friend@example.org --upload-file message.eml\n",
     "curl --url smtps://@HOST@:@PORT@ --user @USER@ \\\n"
     "  --mail-from @FROM@ --mail-rcpt friend@example.org --upload-file message.eml\n"},
    {"swaks", Quoting::shell,
     "# swaks before 2023 checks who signed the certificate, not its name\n"
     "swaks --server @HOST@ --port @PORT@ --tls --tls-verify --auth PLAIN --auth-user @USER@ \\\n"
     "  --from @FROM@ --to friend@example.org\n",
     "# swaks before 2023 checks who signed the certificate, not its name\n"
     "swaks --server @HOST@ --port @PORT@ --tls-on-connect --tls-verify --auth PLAIN \\\n"
     "  --auth-user @USER@ --from @FROM@ --to friend@example.org\n"},
};
}  // namespace
std::span<SettingsTemplate const> application_templates() { return table; }
}  // namespace pb::advisor
