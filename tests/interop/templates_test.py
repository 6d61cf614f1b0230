#!/usr/bin/env python3
"""templates_test.py: settings of programs that cannot run here are read by the vendor's own tool or against its schema, for 587,
465 and 2525; each check also refuses a spoilt copy, or it would check nothing. Programs that do run: programs_test.py.
"""

import json
import pathlib
import plistlib
import shutil
import subprocess
import sys
import tempfile

from matrix import Matrix
from server import BINARY, skip

HERE = pathlib.Path(__file__).resolve().parent
HOST, USER = "smtp.one.test", "alice@one.test"
PORTS = (587, 465, 2525)
matrix = Matrix("templates")


def settings(program, port):
    done = subprocess.run([BINARY, "settings", HOST, "--for", program, "--port", str(port), "--user", USER],
                          capture_output=True, text=True, timeout=30)
    assert done.returncode == 0, done.stderr
    return done.stdout


def tool(*words, text=None):
    done = subprocess.run([str(word) for word in words], input=text, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, (done.stdout + done.stderr)[-400:]
    return done.stdout


def srv(text, port, folder):
    zone = folder / "zone"
    zone.write_text("$TTL 3600\n@ IN SOA ns.one.test. hostmaster.one.test. 1 3600 900 86400 300\n@ IN NS ns.one.test.\n"
                    "ns IN A 192.0.2.1\nsmtp IN A 192.0.2.2\n" + text)
    shown = tool("named-checkzone", "-D", "one.test", zone)
    name = "_submissions" if port == 465 else "_submission"
    assert any(line.split() == [f"{name}._tcp.one.test.", "3600", "IN", "SRV", "0", "1", str(port), f"{HOST}."]
               for line in shown.splitlines()), shown


def by_schema(name):
    def check(text, port, folder):
        file = folder / f"{name}.xml"
        file.write_text(text)
        tool("xmllint", "--noout", "--nonet", "--relaxng", HERE / f"schemas/{name}.rng", file)
        assert f"{port}<" in text.replace(" ", "")
    return check


# Apple's schema of com.apple.mail.managed: key, type, and its range where it has one; the required ones.
APPLE = {"EmailAccountType": ("EmailTypeIMAP", "EmailTypePOP"), "EmailAccountDescription": str, "EmailAccountName": str,
         "EmailAddress": str, "IncomingMailServerHostName": str, "IncomingMailServerPortNumber": int,
         "IncomingMailServerUseSSL": bool, "IncomingMailServerUsername": str, "OutgoingMailServerHostName": str,
         "OutgoingMailServerPortNumber": int, "OutgoingMailServerUseSSL": bool, "OutgoingMailServerUsername": str,
         "OutgoingPasswordSameAsIncomingPassword": bool}
APPLE_LOGIN = ("EmailAuthNone", "EmailAuthPassword", "EmailAuthCRAMMD5", "EmailAuthNTLM", "EmailAuthHTTPMD5")
APPLE |= {"IncomingMailServerAuthentication": APPLE_LOGIN, "OutgoingMailServerAuthentication": APPLE_LOGIN}
APPLE_REQUIRED = {"EmailAccountType", "IncomingMailServerAuthentication", "IncomingMailServerHostName",
                  "OutgoingMailServerAuthentication", "OutgoingMailServerHostName"}
PAYLOAD = {"PayloadType": str, "PayloadVersion": int, "PayloadIdentifier": str, "PayloadUUID": str, "PayloadDisplayName": str}


def mobileconfig(text, port, folder):
    file = folder / "mail.mobileconfig"
    file.write_text(text)
    tool("plistutil", "-i", file, "-o", folder / "mail.bin")
    profile = plistlib.loads((folder / "mail.bin").read_bytes())
    assert profile["PayloadType"] == "Configuration" and profile["PayloadVersion"] == 1
    (mail,) = profile["PayloadContent"]
    assert mail["PayloadType"] == "com.apple.mail.managed" and mail["PayloadUUID"] != profile["PayloadUUID"]
    assert APPLE_REQUIRED <= set(mail), APPLE_REQUIRED - set(mail)
    for key, value in mail.items():
        rule = {**APPLE, **PAYLOAD}[key]
        assert value in rule if isinstance(rule, tuple) else type(value) is rule, f"{key}: {value!r}"
    assert (mail["OutgoingMailServerPortNumber"], mail["OutgoingMailServerUseSSL"]) == (port, True)


# What WP Mail SMTP calls its constants.
WP_MAIL_SMTP = {"WPMS_ON", "WPMS_MAILER", "WPMS_SMTP_HOST", "WPMS_SMTP_PORT", "WPMS_SSL", "WPMS_SMTP_AUTH", "WPMS_SMTP_AUTOTLS",
                "WPMS_SMTP_USER", "WPMS_SMTP_PASS", "WPMS_MAIL_FROM", "WPMS_MAIL_FROM_FORCE"}


def wordpress(text, port, folder):
    file = folder / "wp-config.php"
    file.write_text("<?php\n" + text + "echo json_encode(get_defined_constants(true)['user']);\n")
    tool("php", "-l", file)
    defined = json.loads(tool("php", file))
    assert set(defined) <= WP_MAIL_SMTP, set(defined) - WP_MAIL_SMTP
    assert (defined["WPMS_SMTP_PORT"], defined["WPMS_SSL"]) == (port, "ssl" if port == 465 else "tls"), defined


def laravel(text, port, folder):
    """Laravel's own reader of .env, then what its mail manager gives to Symfony Mailer."""
    (folder / ".env").write_text(text)
    program = folder / "laravel.php"
    program.write_text("""<?php
require '/usr/share/php/Dotenv/autoload.php';
require '/usr/share/php/Symfony/Component/Mailer/autoload.php';
$env = Dotenv\\Dotenv::createArrayBacked($argv[1])->load();
$dsn = new Symfony\\Component\\Mailer\\Transport\\Dsn($env['MAIL_SCHEME'], $env['MAIL_HOST'], $env['MAIL_USERNAME'],
    'secret', (int) $env['MAIL_PORT']);
$transport = (new Symfony\\Component\\Mailer\\Transport\\Smtp\\EsmtpTransportFactory())->create($dsn);
$stream = $transport->getStream();
echo implode(' ', [$stream->getHost(), $stream->getPort(), $stream->isTLS() ? 'tls' : 'starttls', $transport->getUsername()]);
""")
    shown = tool("php", program, folder)
    assert shown == f"{HOST} {port} {'tls' if port == 465 else 'starttls'} {USER}", shown


# program, check, what it needs, how a copy is spoilt
CHECKS = [
    ("srv", srv, "named-checkzone", "bind9-utils", ("SRV 0 1", "SRV 0 x")),
    ("autoconfig", by_schema("autoconfig"), "xmllint", "libxml2-utils", ("socketType", "sockettype")),
    ("thunderbird", by_schema("autoconfig"), "xmllint", "libxml2-utils", ("password-cleartext", "password")),
    ("autodiscover", by_schema("autodiscover"), "xmllint", "libxml2-utils", ("<SPA>off</SPA>", "")),
    ("mobileconfig", mobileconfig, "plistutil", "libplist-utils", ("OutgoingMailServerHostName", "OutgoingHost")),
    ("wordpress", wordpress, "php", "php-cli", ("WPMS_SSL", "WPMS_ENCRYPTION")),
    ("laravel", laravel, "/usr/share/php/Dotenv/autoload.php", "php-vlucas-phpdotenv", ("MAIL_SCHEME=smtp", "MAIL_SCHEME=smtps")),
]


def check(name, function, needed):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        for port in PORTS:
            with matrix.cell(name, str(port), needed.split("/")[-1]):
                function(settings(name, port), port, folder)


def check_spoilt(name, function, spoil):
    with matrix.cell(name, "spoilt", "is refused"), tempfile.TemporaryDirectory() as folder:
        text = settings(name, 587)
        assert spoil[0] in text, f"{spoil[0]} is not in it"
        try:
            function(text.replace(*spoil), 587, pathlib.Path(folder))
        except (AssertionError, KeyError, ValueError):
            return
        raise AssertionError("it was taken")


def main():
    for name, function, needed, package, spoil in CHECKS:
        if not (pathlib.Path(needed).exists() if needed.startswith("/") else shutil.which(needed)):
            skip(f"interop templates: {name}", f"missing package ({package})")
            continue
        check(name, function, needed)
        check_spoilt(name, function, spoil)
    return matrix.finish()


if __name__ == "__main__":
    sys.exit(main())
