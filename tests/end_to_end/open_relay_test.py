"""open_relay_test.py: no stranger sends through us: every form, over sockets, on every listener.

Spec: RFC 5321 §7.9, §3.6.1; RFC 2505 §2.1.   The forms: tests/vectors/open_relay.tsv, shared with the
test of the policy itself.   Not here: what the queue does with mail that is taken.
"""

import json
import ssl
import unittest

from running import TOP, Running, free_ports, make_certificate
from wire import Gone, Wire, inet, proxy_v1, proxy_v2

STRANGER, STRANGER6 = "203.0.113.5", "2001:db8:99::5"
ALICE = ("alice@example.org", "correct horse")


def forms():
    lines = (TOP / "tests/vectors/open_relay.tsv").read_text(encoding="utf-8").splitlines()
    table = {"to": [], "from": [], "ehlo": []}
    for line in lines:
        if not line.startswith("#"):
            kind, form = line.split("\t", 1)
            table[kind].append(form)
    return table


class Host(Running):
    """example.org and caught.example are ours; four roles, and two listeners behind a balancer."""

    def __init__(self, networks):
        super().__init__()
        self.data, self.config = self.folder / "data", self.folder / "mail.toml"
        self.target = ("--config", self.config)
        self.ca, certificate, key = make_certificate(self.folder)
        self.port["proxied"], self.port["proxied-submission"], self.nowhere = free_ports(3)
        listeners = "".join(
            f'[[listener]]\nrole = "{role.replace("proxied-", "").replace("proxied", "relay")}"\n'
            f'address = "127.0.0.1:{port}"\nproxy_protocol = {str("proxied" in role).lower()}\n'
            for role, port in self.port.items())
        self.config.write_text(
            f'hostname = "mx.example.org"\ndata_dir = "{self.data}"\n{listeners}'
            f'[tls]\ncertificate = "{certificate}"\nkey = "{key}"\n'
            f'[[domain]]\nname = "example.org"\ndeliver = "sandbox"\n'
            f'[[domain]]\nname = "caught.example"\ndeliver = "sandbox"\ncatch_all = "{ALICE[0]}"\n'
            f'[[route]]\nvia = "relay://127.0.0.1:{self.nowhere}"\n'
            f'[limits]\nerrors = 10000\ncommands = 1000000\n[networks]\n{networks}\n')

    def __enter__(self):
        self.packetboat("user", "add", ALICE[0], "--password-stdin", input=ALICE[1] + "\n",
                        check=True)
        self.start("--config", self.config)
        return self

    def queue(self):
        return json.loads(self.packetboat("queue", "list", "--json", check=True).stdout)

    def visit(self, role, source=None, **talk):
        """A session as far as EHLO; raises Gone where it ends before."""
        for attempt in (1, 2):  # TLS at once on 587 is understood at the latest at the second try
            wire = Wire(self.port[role], source)
            try:
                self.introduce(wire, **talk)
                return wire
            except ssl.SSLError:
                wire.close()
                if attempt == 2:
                    raise
            except BaseException:
                wire.close()
                raise

    def introduce(self, wire, header=b"", ehlo="client.example", tls=None, xclient=None,
                  unasked=False):
        """tls: "starttls" or "implicit"; unasked: the header is answered as a command."""
        wire.send(header)
        if tls == "implicit":
            wire.under_tls(self.context())
        wire.greet(ehlo)
        if unasked:
            wire.reply()
        if tls == "starttls":
            wire.start_tls(self.context()).say(f"EHLO {ehlo}")
        if xclient and wire.say("XCLIENT " + xclient)[0] == 220:
            wire.say(f"EHLO {ehlo}")


def transaction(reverse_path, forward_path):
    utf8 = "" if (reverse_path + forward_path).isascii() else " SMTPUTF8"
    return f"MAIL FROM:{reverse_path}{utf8}\r\nRCPT TO:{forward_path}\r\nDATA\r\nRSET\r\n"


def strangers(table):
    """(who, what Host.visit() needs) on a host that trusts nobody."""
    yield "in the clear on 25", {"role": "relay"}
    yield "under STARTTLS on 25", {"role": "relay", "tls": "starttls"}
    for name in table["ehlo"]:
        yield f"who says EHLO {name}", {"role": "relay", "ehlo": name}
    for role in ("submission", "submission-alt"):
        yield f"in the clear on {role}", {"role": role}
        yield f"without a login on {role}", {"role": role, "tls": "starttls"}
        yield f"with TLS at once on {role}", {"role": role, "tls": "implicit"}
    yield "without a login on submissions", {"role": "submissions", "tls": "implicit"}
    yield "with XCLIENT that is not allowed", {"role": "relay", "xclient": "ADDR=127.0.0.1"}
    yield "with a PROXY line that nobody asked for", {
        "role": "relay", "header": proxy_v1("TCP4 127.0.0.1 127.0.0.1 40000 25"), "unasked": True}
    yield "with a PROXY line from no balancer of ours", {
        "role": "proxied", "header": proxy_v1("TCP4 127.0.0.1 127.0.0.1 40000 25")}


def strangers_behind_us():
    """The same where 127.0.0.0/8 is trusted, and strangers come by way of it."""
    v4, v6 = f"TCP4 {STRANGER} 127.0.0.1 40000 25", f"TCP6 {STRANGER6} ::1 40000 25"
    headers = {"v1 IPv4": proxy_v1(v4), "v1 IPv6": proxy_v1(v6),
               "v1 UNKNOWN": proxy_v1("UNKNOWN"),
               "v1 UNKNOWN with words": proxy_v1("UNKNOWN 127.0.0.1 127.0.0.1 1 25"),
               "v2 IPv4": proxy_v2(1, 0x11, inet(STRANGER)),
               "v2 IPv6": proxy_v2(1, 0x21, inet(STRANGER6)),
               "v2 LOCAL": proxy_v2(0, 0), "v2 LOCAL with addresses":
               proxy_v2(0, 0x11, inet("127.0.0.1")), "v2 unspecified": proxy_v2(1, 0)}
    for name, header in headers.items():
        yield f"behind PROXY {name}", {"role": "proxied", "header": header}
    yield "behind PROXY v2 under STARTTLS", {"role": "proxied", "header": headers["v2 IPv4"],
                                             "tls": "starttls"}
    yield "behind PROXY v2 on submission", {"role": "proxied-submission", "tls": "starttls",
                                            "header": headers["v2 IPv4"]}
    yield "behind PROXY that tries XCLIENT", {"role": "proxied", "header": headers["v1 IPv4"],
                                              "xclient": "ADDR=127.0.0.1"}
    yield "behind PROXY v1, twice", {"role": "proxied",
                                     "header": proxy_v1(v4) + proxy_v1(v4.replace(STRANGER,
                                                                                  "127.0.0.1"))}
    yield "trusted, but not a balancer", {"role": "proxied", "header": headers["v1 IPv4"],
                                          "source": "127.0.0.2"}
    for words in (f"ADDR={STRANGER}", f"ADDR=IPV6:{STRANGER6}", "ADDR=[UNAVAILABLE]",
                  f"ADDR={STRANGER} NAME=mx.example.org HELO=mx.example.org"):
        yield f"by XCLIENT {words}", {"role": "relay", "xclient": words}
    yield "by XCLIENT with a login", {"role": "relay",
                                      "xclient": f"ADDR={STRANGER} LOGIN={ALICE[0]}"}
    for role, tls in (("submission", "starttls"), ("submissions", "implicit")):
        yield f"trusted, without a login on {role}", {"role": role, "tls": tls}


class OpenRelayTest(unittest.TestCase):
    """Counts every (visitor, reverse-path, forward-path); a visitor that is sent away is counted whole."""
    table = forms()

    def holes(self, host, visit):
        """(tried, the forms that were not refused)."""
        paths = [(a, b) for a in self.table["from"] for b in self.table["to"]]
        try:
            wire = host.visit(**visit)
        except Gone:
            return len(paths), []
        with wire:
            found = []
            step = len(self.table["to"])
            for at in range(0, len(paths), step):
                some = paths[at:at + step]
                wire.send("".join(transaction(*pair) for pair in some))
                found += [pair for pair in some if self.taken(wire, pair)]
        return len(paths), found

    def taken(self, wire, pair):
        codes = [wire.reply()[0] for _ in range(3)]
        if codes[2] == 354:
            return True  # the next commands are content: the caller fails anyway
        self.assertEqual(wire.reply()[0], 250, pair)
        self.assertTrue(all(code == 250 or 400 <= code < 600 for code in codes), (pair, codes))
        return codes[1] == 250 or codes[2] < 400

    def play(self, host, visitors, title):
        tried = 0
        for who, visit in visitors:
            with self.subTest(who=who):
                count, found = self.holes(host, visit)
                tried += count
                print(f"MATRIX open relay, a stranger {who:<52} {count} forms, {len(found)} pass")
                self.assertEqual(found, [])
        self.assertEqual(host.queue().get("messages", []), [])
        self.assertEqual(host.stop(), 0)  # the log is whole then
        self.assertEqual(host.log_lines("accepted"), [])
        print(f"SUITE open relay over sockets, {title}: present {tried} passed {tried} excused 0")

    def test_no_form_works_for_a_stranger_on_any_listener(self):
        self.assertGreaterEqual(len(self.table["to"]), 25)
        with Host('proxy = ["192.0.2.1"]') as host:
            self.play(host, strangers(self.table), "nobody is trusted")

    def test_no_form_works_by_way_of_a_trusted_balancer(self):
        with Host('trusted = ["127.0.0.0/8"]\nxclient = ["127.0.0.1"]\nproxy = ["127.0.0.1"]') as host:
            self.play(host, strangers_behind_us(), "behind a trusted network")

    def test_the_matrix_can_see_mail_pass(self):
        networks = 'trusted = ["127.0.0.0/8"]\nxclient = ["127.0.0.1"]\nproxy = ["127.0.0.1"]'
        trusted = proxy_v2(1, 0x11, inet("127.0.0.9"))
        with Host(networks) as host:
            for visit in ({"role": "relay"}, {"role": "proxied", "header": trusted},
                          {"role": "relay", "xclient": "ADDR=127.0.0.9"}):
                with host.visit(**visit) as wire:
                    wire.say("MAIL FROM:<>")
                    self.assertEqual(wire.say("RCPT TO:<victim@elsewhere.example>")[0], 250)
                    self.assertEqual(wire.say("DATA")[0], 354)
                    self.assertEqual(wire.say("Subject: x\r\n\r\nx\r\n.")[0], 250)
            self.assertEqual(host.stop(), 0)  # the log is whole then
            self.assertEqual(len(host.log_lines("accepted")), 3)


if __name__ == "__main__":
    unittest.main()
