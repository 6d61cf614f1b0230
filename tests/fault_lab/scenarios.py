"""The faults of the laboratory. Each says how to build it, what probe must call it, and a witness."""
import ssl
from dataclasses import dataclass, field

from cryptography.x509.oid import ExtendedKeyUsageOID

from servers import Listener, Smtp, answer_first_bytes, raw, trickle

MAIL_PORTS = [587, 2525, 465, 25]


@dataclass
class Scenario:
    name: str
    fault: str | None            # of the port (or of the name); None: healthy
    build: callable              # build(lab, s)
    port: int | None = None      # the port whose fault counts; None: the random one
    args: list = field(default_factory=list)
    env: dict = field(default_factory=dict)
    note: str | None = None      # must stand in notes
    advice: int | None = None    # the advised port
    exit: int | None = None
    witness: str | None = None   # what a raw client sees; see witness.py
    family: str = "ipv4"
    alone: bool = False          # counts what the whole namespace does: runs by itself
    # Filled by run.py:
    host: str = ""
    ip: str = ""
    ip6: str = ""
    controls: list = field(default_factory=list)  # [(host, ip)]
    random_port: int = 0
    target: str = ""


def smtp(**change):
    """A server on the random port of the target, healthy ones on the controls."""
    implicit = change.pop("implicit", False)
    leaf = change.pop("leaf", {})
    context = change.pop("context", {})

    def build(lab, s):
        lab.healthy_controls(s)
        options = dict(leaf)
        names = options.pop("names", [s.host])
        pem = lab.certs.leaf(names, **{k: v(lab) if callable(v) else v for k, v in options.items()})
        talk = Smtp(s.host, lab.certs.context(pem, **context), implicit, **change)
        lab.listen(s.ip, s.random_port, talk)
    return build


def plain(talk):
    def build(lab, s):
        lab.healthy_controls(s)
        lab.listen(s.ip, s.random_port, talk)
    return build


def mail_ports(*rules, **change):
    """Healthy servers on the four ports of target and controls, then rules of the firewall."""
    def build(lab, s):
        lab.four_ports(s, **change)
        for rule in rules:
            lab.nft(rule.format(ip=s.ip, ip6=s.ip6, a=s.controls[0][1], b=s.controls[1][1]))
    return build


def dns(answer):
    def build(lab, s):
        lab.dns.answers[s.host] = answer
    return build


def redirect(lab, s):
    pem = lab.certs.leaf(["relay.webhost.example"])
    talk = Smtp("relay.webhost.example", lab.certs.context(pem))
    for ip in [s.ip] + [ip for _, ip in s.controls]:
        lab.listen(ip, s.random_port, talk)


def portal(lab, s):
    page = answer_first_bytes("HTTP/1.1 302 Found\r\nLocation: http://login.invalid/\r\n\r\n")
    for ip in [s.ip] + [ip for _, ip in s.controls]:
        lab.listen(ip, s.random_port, page)


def middlebox(lab, s):
    smtp()(lab, s)
    lab.listen(s.ip, 9, raw(""))


def wrong_clock(lab, s):
    for host, ip in [(s.host, s.ip)] + s.controls:
        pem = lab.certs.leaf([host], days=(-100, -10))
        lab.listen(ip, s.random_port, Smtp(host, lab.certs.context(pem)))


def same_antivirus(lab, s):
    for host, ip in [(s.host, s.ip)] + s.controls:
        pem = lab.certs.leaf([host], issuer=lab.certs.shield, send=[lab.certs.shield.certificate])
        lab.listen(ip, s.random_port, Smtp(host, lab.certs.context(pem)))


def literal(lab, s):
    smtp()(lab, s)
    s.target = s.ip


def loopback(lab, s):
    s.target = "127.0.0.1"


def stripped_on_ipv6(lab, s):
    lab.healthy_controls(s)
    pem = lab.certs.leaf([s.host])
    lab.listen(s.ip, s.random_port, Smtp(s.host, lab.certs.context(pem)))
    lab.dual(s)
    lab.listen(s.ip6, s.random_port, Smtp(s.host, starttls=False))


def broken_ipv6(lab, s):
    lab.healthy_controls(s)
    pem = lab.certs.leaf([s.host])
    lab.listen(s.ip, s.random_port, Smtp(s.host, lab.certs.context(pem)))
    lab.dual(s)
    lab.nft(f"input ip6 daddr {s.ip6} tcp dport {s.random_port} drop")


def no_ipv6_route(lab, s):
    smtp()(lab, s)
    lab.dns.answers[s.host] = [s.ip, "2001:db8:ffff::25"]


def dead_address(lab, s):
    smtp()(lab, s)
    extra = [lab.extra_address(s, n) for n in (1, 2)]
    lab.listen(extra[0], s.random_port, raw("220 second ESMTP\r\n"))
    lab.nft(f"input ip daddr {extra[1]} drop")
    lab.dns.answers[s.host] = [s.ip] + extra


def no_network(lab, s):
    outside = [f"203.0.113.{n}" for n in (10, 20, 30)]
    s.target = outside[0]
    s.controls = [(outside[1], outside[1]), (outside[2], outside[2])]


def prohibited(lab, s):
    s.target = "198.51.100.77"
    lab.run("ip", "route", "replace", "prohibit", "198.51.100.77/32")


def search_domain(lab, s):
    smtp()(lab, s)
    lab.dns.answers[s.host + ".corp.test"] = [s.ip]
    lab.dns.answers[s.host] = "nxdomain"


def differing(lab, s):
    smtp()(lab, s)
    lab.hosts[s.host] = s.ip
    lab.dns.answers[s.host] = ["192.0.2.200"]


SHIELD = {"issuer": lambda lab: lab.certs.shield, "send": lambda lab: [lab.certs.shield.certificate]}
STRANGER = {"issuer": lambda lab: lab.certs.stranger,
            "send": lambda lab: [lab.certs.stranger.certificate]}
OLD = {"minimum": ssl.TLSVersion.TLSv1, "maximum": ssl.TLSVersion.TLSv1_1}
LOGIN = {"env": {"PACKETBOAT_PASSWORD": "correct-horse"}, "args": ["--login", "anna@example.com"]}

SCENARIOS = [
    # Awkward healthy servers: none of these is called broken.
    Scenario("healthy", None, smtp()),
    Scenario("healthy implicit TLS", None, smtp(implicit=True)),
    Scenario("greeting after 4 s", None, smtp(greeting_delay=4), note="greeting-slow"),
    Scenario("three-line greeting", None,
             smtp(greeting="220-{name}\r\n220-no spam\r\n220 ESMTP ready")),
    Scenario("1.2 s a command", None, smtp(command_delay=1.2)),
    Scenario("RSA certificate", None, smtp(leaf={"key": lambda lab: lab.certs.rsa_key(2048)})),
    Scenario("ECDSA only, TLS 1.3 only", None, smtp(context={"minimum": ssl.TLSVersion.TLSv1_3})),
    Scenario("lower-case keywords", None, smtp(lower=True)),
    Scenario("takes both at once", None, smtp(either=True)),
    Scenario("escape sequences in the banner", None,
             smtp(greeting="220 {name} \x1b[31mred\x1b[0m \x07ESMTP")),
    Scenario("a third parallel connection is dropped", None, smtp(parallel=2)),
    Scenario("421 while another connection is open", None, smtp(busy_above=1)),
    Scenario("certificate ends in 5 days", None, smtp(leaf={"days": (-30, 5)}),
             note="cert-expires-soon"),
    # What answers
    Scenario("silent", "silent-after-connect", plain(raw("")), witness="greeting:timeout"),
    Scenario("web server", "web-server-answers",
             plain(answer_first_bytes("HTTP/1.1 400 Bad Request\r\n\r\n")),
             witness="greeting:timeout"),
    Scenario("web server that speaks", "web-server-answers",
             plain(raw("HTTP/1.1 302 Found\r\n\r\n")), witness="greeting:HTTP/"),
    Scenario("IMAP", "other-service-answers", plain(raw("* OK ready.\r\n")), witness="greeting:* OK"),
    Scenario("POP3", "other-service-answers", plain(raw("+OK ready\r\n")), witness="greeting:+OK"),
    Scenario("SSH", "other-service-answers", plain(raw("SSH-2.0-lab\r\n")), witness="greeting:SSH"),
    Scenario("closed on connect", "closed-on-connect", plain(raw("", "close")),
             witness="greeting:closed"),
    Scenario("reset on connect", "reset-on-connect", plain(raw("", "reset")),
             witness="greeting:reset"),
    Scenario("554 greeting", "greeting-refused", smtp(greeting="554 5.7.1 no service for you"),
             witness="greeting:554"),
    Scenario("421 greeting", "greeting-try-later", smtp(greeting="421 4.3.2 overloaded"),
             witness="greeting:421"),
    Scenario("421 too many", "too-many-connections",
             smtp(greeting="421 4.7.0 Too many connections from you"), witness="greeting:421"),
    Scenario("not SMTP", "greeting-not-smtp", plain(raw("hello there\r\n")),
             witness="greeting:hello"),
    Scenario("a byte every 2 s", "greeting-not-smtp", plain(trickle(b"2", 2)), witness="greeting:2"),
    # EHLO
    Scenario("EHLO refused", "ehlo-refused", smtp(ehlo_code="501 5.5.4 bad name"),
             witness="ehlo:501"),
    Scenario("EHLO unanswered", "ehlo-no-answer", smtp(ehlo="silent"), witness="ehlo:timeout"),
    Scenario("EHLO answered by drops", "ehlo-no-answer", smtp(ehlo="trickle"), witness="ehlo:2"),
    Scenario("EHLO without end", "ehlo-endless", smtp(ehlo="endless"), witness="ehlo:250-X-MORE"),
    Scenario("closed at EHLO", "closed-after-ehlo", smtp(ehlo="close"), witness="ehlo:closed"),
    # STARTTLS
    Scenario("no STARTTLS", "starttls-not-offered", smtp(starttls=False), witness="ehlo:8BITMIME"),
    Scenario("keyword masked", "starttls-stripped", smtp(starttls_word="XXXXXXXA"), exit=3,
             witness="ehlo:XXXXXXXA"),
    Scenario("banner masked", "starttls-stripped",
             smtp(starttls=False, greeting="220 " + "*" * 40), exit=3, witness="greeting:220 ***"),
    Scenario("stripped on IPv6 only", "starttls-stripped", stripped_on_ipv6, family="ipv6", exit=3,
             witness="ehlo:8BITMIME & ehlo:!STARTTLS"),
    Scenario("STARTTLS 454", "starttls-refused",
             smtp(starttls_answer="454 4.7.0 TLS not available due to local problem"),
             witness="starttls:454"),
    Scenario("STARTTLS unanswered", "starttls-no-answer", smtp(starttls_answer="silent"),
             witness="starttls:timeout"),
    Scenario("closed at STARTTLS", "tls-closed", smtp(starttls_answer="close"),
             witness="starttls:closed"),
    Scenario("reply injected before TLS", "starttls-injection", smtp(inject_reply=True), exit=3,
             witness="starttls:injected"),
    Scenario("command kept across TLS", "starttls-injection", smtp(keeps_plaintext=True),
             args=["--deep"], exit=3, witness="kept:250 2.0.0 ok"),
    # Handshake
    Scenario("closed in the handshake", "tls-closed", smtp(tls="close"), witness="tls:EOF"),
    Scenario("reset in the handshake", "tls-reset", smtp(tls="reset"), witness="tls:reset"),
    Scenario("silent in the handshake", "tls-silent", smtp(tls="silent"), witness="tls:timed out"),
    Scenario("plain text in the handshake", "tls-not-spoken", smtp(tls="garbage"),
             witness="tls:wrong version"),
    Scenario("alert in the handshake", "tls-refused", smtp(tls="alert"), witness="tls:alert"),
    Scenario("closed in the handshake, implicit", "tls-closed", smtp(tls="close", implicit=True),
             witness="tls-first:EOF"),
    Scenario("TLS 1.1 only", "tls-version-too-old", smtp(context=OLD), witness="tls:protocol"),
    Scenario("no common cipher", "tls-no-common-cipher",
             smtp(context={"ciphers": "AES128-SHA", "maximum": ssl.TLSVersion.TLSv1_2}),
             witness="tls:handshake failure"),
    Scenario("RSA 1024", "tls-weak-key",
             smtp(leaf={"key": lambda lab: lab.certs.rsa_key(1024)},
                  context={"ciphers": "DEFAULT:@SECLEVEL=0"}), exit=2, witness="tls:key too weak"),
    Scenario("client certificate wanted", "tls-client-certificate-wanted",
             smtp(context={"client_certificate": True}), witness="after-tls:certificate required"),
    # Certificate
    Scenario("no intermediate", "cert-missing-intermediate", smtp(leaf={"send": []}),
             witness="tls:local issuer"),
    Scenario("antivirus certificate", "cert-intercepted", smtp(leaf=SHIELD), exit=3,
             witness="tls:self-signed certificate in certificate chain"),
    Scenario("one issuer for all hosts", "cert-intercepted", same_antivirus, exit=3,
             witness="tls:self-signed certificate in certificate chain"),
    Scenario("unknown issuer", "cert-unknown-issuer", smtp(leaf=STRANGER), exit=3,
             witness="tls:self-signed certificate in certificate chain"),
    Scenario("self-signed", "cert-self-signed", smtp(leaf={"self_signed": True}), exit=3,
             witness="tls:self-signed certificate"),
    Scenario("expired", "cert-expired", smtp(leaf={"days": (-90, -3)}), exit=3,
             witness="tls:expired"),
    Scenario("not yet valid", "cert-not-yet-valid", smtp(leaf={"days": (3, 90)}), exit=3,
             witness="tls:not yet valid"),
    Scenario("clock wrong", "clock-wrong", wrong_clock, witness="tls:expired"),
    Scenario("other name", "cert-name-mismatch", smtp(leaf={"names": ["mail.other.example"]}),
             exit=3, witness="tls:Hostname mismatch"),
    Scenario("address typed", "cert-for-name-not-address", literal,
             witness="tls:IP address mismatch"),
    Scenario("for clients only", "cert-not-for-servers",
             smtp(leaf={"usage": ExtendedKeyUsageOID.CLIENT_AUTH}), exit=3,
             witness="tls:unsuitable certificate purpose"),
    Scenario("no trusted issuers here", "cert-ca-store-old", smtp(), args=["--ca-file", "EMPTY"],
             exit=4, witness="tls-no-issuers:unable to get local issuer"),
    # Login
    Scenario("no AUTH after TLS", "auth-not-offered", smtp(auth=""),
             witness="within:8BITMIME & within:!AUTH"),
    Scenario("NTLM only", "auth-no-password-method", smtp(auth="NTLM GSSAPI"),
             witness="within:AUTH NTLM"),
    Scenario("AUTH offered in the clear", None, smtp(auth_clear="PLAIN LOGIN"),
             note="auth-offered-in-clear"),
    Scenario("EHLO refused within TLS", "ehlo-refused", smtp(ehlo_tls_code="501 5.5.4 no"),
             witness="within:501"),
    Scenario("password works", None, smtp(), **LOGIN),
    Scenario("wrong password", "login-refused",
             smtp(auth_reply="535 5.7.8 Error: authentication failed"), witness="login:535", **LOGIN),
    Scenario("app password wanted", "app-password-required",
             smtp(auth_reply="534 5.7.9 Application-specific password required"), witness="login:534", **LOGIN),
    Scenario("SMTP AUTH off", "smtp-auth-disabled",
             smtp(auth_reply="535 5.7.139 SmtpClientAuthentication is disabled for the Tenant"),
             witness="login:535 5.7.139", **LOGIN),
    Scenario("too many logins", "too-many-logins",
             smtp(auth_reply="454 4.7.0 Too many login attempts"), witness="login:454", **LOGIN),
    Scenario("authorization code", "authorization-code-required",
             smtp(auth_reply="535 Login Fail. Please enter your authorization code to login."),
             witness="login:authorization code", **LOGIN),
    # Between here and there
    Scenario("redirected", "smtp-redirected", redirect, exit=3, witness="tls:Hostname mismatch"),
    Scenario("captive portal", "captive-portal", portal, exit=3, witness="speak:302"),
    Scenario("middlebox takes all", "middlebox-answers-all", middlebox, exit=3,
             witness="closed-port:open"),
    Scenario("587 dropped", "port-blocked-here", mail_ports("input tcp dport 587 ip daddr "
             "{{ {ip}, {a}, {b} }} drop"), port=587, advice=2525, exit=1, witness="tcp:timeout"),
    Scenario("25 and 465 dropped", "ports-465-and-25-blocked",
             mail_ports("input tcp dport {{ 25, 465 }} ip daddr {{ {ip}, {a}, {b} }} drop"),
             port=465, advice=587, exit=0, witness="tcp:timeout"),
    Scenario("25, 465 and 587 dropped", "all-submission-ports-blocked",
             mail_ports("input tcp dport {{ 25, 465, 587 }} ip daddr {{ {ip}, {a}, {b} }} drop"),
             port=587, advice=2525, exit=1, witness="tcp:timeout"),
    Scenario("this host drops", "host-silent", mail_ports("input tcp dport 587 ip daddr {ip} drop"),
             port=587, advice=2525, exit=1, witness="tcp:timeout"),
    Scenario("port unreachable", "port-refused-by-icmp",
             mail_ports("input tcp dport 587 ip daddr {ip} reject with icmp type port-unreachable"),
             port=587, exit=1, witness="tcp:refused"),
    Scenario("host unreachable", "host-unreachable",
             mail_ports("input tcp dport 587 ip daddr {ip} reject with icmp type host-unreachable"),
             port=587, exit=1, witness="tcp:113"),
    Scenario("net unreachable", "network-unreachable",
             mail_ports("input tcp dport 587 ip daddr {ip} reject with icmp type net-unreachable"),
             port=587, exit=1, witness="tcp:101"),
    Scenario("administratively prohibited", "firewall-refuses",
             mail_ports("input tcp dport 587 ip daddr {ip} reject with icmp type admin-prohibited"),
             port=587, exit=1, witness="tcp:113"),
    Scenario("nothing listens", "connection-refused", lambda lab, s: lab.healthy_controls(s),
             witness="tcp:refused"),
    Scenario("all refused here", "this-computer-refuses-all",
             mail_ports("output tcp dport {{ 9, 25, 443, 465, 587, 2525 }} "
                        "ip daddr {{ {ip}, {a}, {b} }} reject with tcp reset"),
             port=587, exit=4, witness="tcp:refused"),
    Scenario("dropped on the way out", "local-firewall",
             mail_ports("output tcp dport 587 ip daddr {{ {ip}, {a}, {b} }} drop"), port=587,
             advice=2525, exit=1, witness="tcp:timeout", alone=True),
    Scenario("prohibit route", "local-policy", prohibited, exit=4, witness="tcp:13"),
    Scenario("no network", "no-network", no_network, exit=4, witness="tcp:101"),
    Scenario("localhost", "loopback-refused", loopback, witness="tcp:refused"),
    Scenario("IPv6 dropped", "ipv6-broken", broken_ipv6, family="ipv6", witness="tcp:timeout"),
    Scenario("no IPv6 here", None, no_ipv6_route, note="ipv6-no-route"),
    Scenario("large packets lost", "tls-silent",
             mail_ports("input tcp sport 587 ip saddr {ip} meta length > 700 drop"), port=587,
             exit=1, witness="tls:timed out"),
    Scenario("one dead address of three", None, dead_address, note="one-address-dead"),
    # Names
    Scenario("name does not exist", "name-not-found", dns("nxdomain"), exit=4, witness="dns:3/0"),
    Scenario("name without address", "name-has-no-address", dns([]), exit=4, witness="dns:0/0"),
    Scenario("DNS fails", "dns-server-failed", dns("servfail"), exit=4, witness="dns:2/0"),
    Scenario("DNS silent", "dns-no-answer", dns("silent"), exit=4, witness="dns:timeout"),
    Scenario("DNSSEC bogus", "dnssec-bogus", dns("bogus"), exit=4,
             witness="dns:2/0 & dns-unchecked:0/1"),
    Scenario("space in the name", "name-malformed",
             lambda lab, s: setattr(s, "target", "smtp .example.com"), witness="name:gaierror"),
    Scenario("scheme in the name", "name-malformed",
             lambda lab, s: setattr(s, "target", "smtp://mail.example.com"),
             witness="name:gaierror"),
    Scenario("search domain", None, search_domain, note="search-domain-added"),
    Scenario("hosts file differs", None, differing, note="dns-answers-differ"),
]
