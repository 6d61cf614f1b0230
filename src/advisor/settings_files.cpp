// settings_files.cpp: configuration files of servers, mail programs and discovery.
// Spec: draft-ietf-mailmaint-autoconfig, MS-OXDSCLI (POX), Apple com.apple.mail.managed, msmtp(1),
// postconf(5), Exim specification, RFC 6186, RFC 8314 §5.1.
// Tests: settings_test.cpp
#include "advisor/settings_templates.hpp"

namespace pb::advisor {
namespace {
// An account has to have an incoming server too; Apple's programs begin with STARTTLS on 587 and
// with TLS on 465 when OutgoingMailServerUseSSL is true. Nobody's password stands in it.
constexpr std::string_view mobileconfig = R"(<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<!-- Look at the incoming server: it is needed too, and may have another name.
     Sign the profile, or people are warned when they install it. -->
<dict>
  <key>PayloadType</key><string>Configuration</string>
  <key>PayloadVersion</key><integer>1</integer>
  <key>PayloadIdentifier</key><string>@DOMAIN@.mail.profile</string>
  <key>PayloadUUID</key><string>@UUID1@</string>
  <key>PayloadDisplayName</key><string>Mail of @DOMAIN@</string>
  <key>PayloadContent</key>
  <array>
    <dict>
      <key>PayloadType</key><string>com.apple.mail.managed</string>
      <key>PayloadVersion</key><integer>1</integer>
      <key>PayloadIdentifier</key><string>@DOMAIN@.mail.account</string>
      <key>PayloadUUID</key><string>@UUID2@</string>
      <key>EmailAccountType</key><string>EmailTypeIMAP</string>
      <key>EmailAccountDescription</key><string>@DOMAIN@</string>
      <key>EmailAddress</key><string>@FROM@</string>
      <key>IncomingMailServerAuthentication</key><string>EmailAuthPassword</string>
      <key>IncomingMailServerHostName</key><string>@INCOMING@</string>
      <key>IncomingMailServerPortNumber</key><integer>993</integer>
      <key>IncomingMailServerUseSSL</key><true/>
      <key>IncomingMailServerUsername</key><string>@USER@</string>
      <key>OutgoingMailServerAuthentication</key><string>EmailAuthPassword</string>
      <key>OutgoingMailServerHostName</key><string>@HOST@</string>
      <key>OutgoingMailServerPortNumber</key><integer>@PORT@</integer>
      <key>OutgoingMailServerUseSSL</key><true/>
      <key>OutgoingMailServerUsername</key><string>@USER@</string>
      <key>OutgoingPasswordSameAsIncomingPassword</key><true/>
    </dict>
  </array>
</dict>
</plist>
)";

constexpr SettingsTemplate table[] = {
    {"mobileconfig", Quoting::xml, mobileconfig, mobileconfig},
    {"autoconfig", Quoting::xml,
     R"(<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="@DOMAIN@">
    <domain>@DOMAIN@</domain>
    <displayName>@DOMAIN@</displayName>
    <outgoingServer type="smtp">
      <hostname>@HOST@</hostname>
      <port>@PORT@</port>
      <socketType>STARTTLS</socketType>
      <username>%EMAILADDRESS%</username>
      <authentication>password-cleartext</authentication>
    </outgoingServer>
  </emailProvider>
</clientConfig>
)",
     R"(<?xml version="1.0" encoding="UTF-8"?>
<clientConfig version="1.1">
  <emailProvider id="@DOMAIN@">
    <domain>@DOMAIN@</domain>
    <displayName>@DOMAIN@</displayName>
    <outgoingServer type="smtp">
      <hostname>@HOST@</hostname>
      <port>@PORT@</port>
      <socketType>SSL</socketType>
      <username>%EMAILADDRESS%</username>
      <authentication>password-cleartext</authentication>
    </outgoingServer>
  </emailProvider>
</clientConfig>
)"},
    {"autodiscover", Quoting::xml,
     R"(<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <Account>
      <AccountType>email</AccountType>
      <Action>settings</Action>
      <Protocol>
        <Type>SMTP</Type>
        <Server>@HOST@</Server>
        <Port>@PORT@</Port>
        <LoginName>@USER@</LoginName>
        <DomainRequired>off</DomainRequired>
        <SPA>off</SPA>
        <Encryption>TLS</Encryption>
        <AuthRequired>on</AuthRequired>
        <UsePOPAuth>off</UsePOPAuth>
        <SMTPLast>off</SMTPLast>
      </Protocol>
    </Account>
  </Response>
</Autodiscover>
)",
     R"(<?xml version="1.0" encoding="utf-8"?>
<Autodiscover xmlns="http://schemas.microsoft.com/exchange/autodiscover/responseschema/2006">
  <Response xmlns="http://schemas.microsoft.com/exchange/autodiscover/outlook/responseschema/2006a">
    <Account>
      <AccountType>email</AccountType>
      <Action>settings</Action>
      <Protocol>
        <Type>SMTP</Type>
        <Server>@HOST@</Server>
        <Port>@PORT@</Port>
        <LoginName>@USER@</LoginName>
        <DomainRequired>off</DomainRequired>
        <SPA>off</SPA>
        <SSL>on</SSL>
        <Encryption>SSL</Encryption>
        <AuthRequired>on</AuthRequired>
        <UsePOPAuth>off</UsePOPAuth>
        <SMTPLast>off</SMTPLast>
      </Protocol>
    </Account>
  </Response>
</Autodiscover>
)"},
    {"srv", Quoting::none,
     "; In the zone of @DOMAIN@ (RFC 6186)\n"
     "_submission._tcp.@DOMAIN@.  3600 IN SRV 0 1 @PORT@ @HOST@.\n",
     "; In the zone of @DOMAIN@ (RFC 8314 section 5.1)\n"
     "_submissions._tcp.@DOMAIN@. 3600 IN SRV 0 1 @PORT@ @HOST@.\n"},
    {"msmtp", Quoting::none,
     "# ~/.msmtprc, chmod 600\n"
     "account packetboat\n"
     "host @HOST@\n"
     "port @PORT@\n"
     "from @FROM@\n"
     "auth on\n"
     "user @USER@\n"
     "passwordeval \"secret-tool lookup smtp @HOST@\"\n"
     "tls on\n"
     "tls_starttls on\n"
     "tls_trust_file system\n"
     "\n"
     "account default : packetboat\n",
     "# ~/.msmtprc, chmod 600\n"
     "account packetboat\n"
     "host @HOST@\n"
     "port @PORT@\n"
     "from @FROM@\n"
     "auth on\n"
     "user @USER@\n"
     "passwordeval \"secret-tool lookup smtp @HOST@\"\n"
     "tls on\n"
     "tls_starttls off\n"
     "tls_trust_file system\n"
     "\n"
     "account default : packetboat\n"},
    {"postfix", Quoting::none,
     "# /etc/postfix/main.cf\n"
     "relayhost = [@HOST@]:@PORT@\n"
     "smtp_sasl_auth_enable = yes\n"
     "smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd\n"
     "smtp_sasl_security_options = noanonymous\n"
     "smtp_sasl_tls_security_options = noanonymous\n"
     "smtp_tls_security_level = secure\n"
     "smtp_tls_CApath = /etc/ssl/certs\n"
     "\n"
     "# /etc/postfix/sasl_passwd, chmod 600, then: postmap /etc/postfix/sasl_passwd\n"
     "# [@HOST@]:@PORT@ @USER@:PASSWORD\n",
     "# /etc/postfix/main.cf (Postfix 3.0 or later)\n"
     "relayhost = [@HOST@]:@PORT@\n"
     "smtp_sasl_auth_enable = yes\n"
     "smtp_sasl_password_maps = hash:/etc/postfix/sasl_passwd\n"
     "smtp_sasl_security_options = noanonymous\n"
     "smtp_sasl_tls_security_options = noanonymous\n"
     "smtp_tls_wrappermode = yes\n"
     "smtp_tls_security_level = secure\n"
     "smtp_tls_CApath = /etc/ssl/certs\n"
     "\n"
     "# /etc/postfix/sasl_passwd, chmod 600, then: postmap /etc/postfix/sasl_passwd\n"
     "# [@HOST@]:@PORT@ @USER@:PASSWORD\n"},
    {"exim", Quoting::none,
     "# routers section, first\n"
     "smarthost:\n"
     "  driver = manualroute\n"
     "  domains = ! +local_domains\n"
     "  transport = smarthost_smtp\n"
     "  route_list = * @HOST@::@PORT@\n"
     "  no_more\n"
     "# transports section\n"
     "smarthost_smtp:\n"
     "  driver = smtp\n"
     "  hosts_require_tls = *\n"
     "  hosts_require_auth = *\n"
     "  tls_verify_certificates = system\n"
     "  tls_verify_hosts = *\n"
     "# authenticators section; the password stands in a file that only Exim reads\n"
     "smarthost_login:\n"
     "  driver = plaintext\n"
     "  public_name = PLAIN\n"
     "  client_send = ^@USER@^${readfile{/etc/exim4/smarthost.password}{}}\n",
     "# routers section, first\n"
     "smarthost:\n"
     "  driver = manualroute\n"
     "  domains = ! +local_domains\n"
     "  transport = smarthost_smtps\n"
     "  route_list = * @HOST@::@PORT@\n"
     "  no_more\n"
     "# transports section\n"
     "smarthost_smtps:\n"
     "  driver = smtp\n"
     "  protocol = smtps\n"
     "  hosts_require_auth = *\n"
     "  tls_verify_certificates = system\n"
     "  tls_verify_hosts = *\n"
     "# authenticators section; the password stands in a file that only Exim reads\n"
     "smarthost_login:\n"
     "  driver = plaintext\n"
     "  public_name = PLAIN\n"
     "  client_send = ^@USER@^${readfile{/etc/exim4/smarthost.password}{}}\n"},
    {"mutt", Quoting::url,
     "# ~/.muttrc\n"
     "set from = \"@FROM@\"\n"
     "set smtp_url = \"smtp://@USER@@@HOST@:@PORT@\"\n"
     "set ssl_starttls = yes\n"
     "set ssl_force_tls = yes\n"
     "set ssl_verify_host = yes\n",
     "# ~/.muttrc\n"
     "set from = \"@FROM@\"\n"
     "set smtp_url = \"smtps://@USER@@@HOST@:@PORT@\"\n"
     "set ssl_force_tls = yes\n"
     "set ssl_verify_host = yes\n"},
    {"s-nail", Quoting::url,
     "# ~/.mailrc; the password stands in ~/.netrc, chmod 600\n"
     "set v15-compat\n"
     "set mta=smtp://@USER@@@HOST@:@PORT@ smtp-use-starttls smtp-auth=plain\n"
     "set from=@FROM@ netrc-lookup tls-verify=strict\n",
     "# ~/.mailrc; the password stands in ~/.netrc, chmod 600\n"
     "set v15-compat\n"
     "set mta=smtps://@USER@@@HOST@:@PORT@ smtp-auth=plain\n"
     "set from=@FROM@ netrc-lookup tls-verify=strict\n"},
};
}  // namespace
std::span<SettingsTemplate const> settings_templates() { return table; }
}  // namespace pb::advisor
