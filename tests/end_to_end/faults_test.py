"""faults_test.py: every way in which a next hop, TLS or the DNS fails, once, by real servers that are
not ours: what becomes of the message, and the reason that the journal and `queue show` give.

Spec: RFC 5321 §4.2, §4.5.4.1, §5.1; RFC 7505; RFC 3207 §4.   Not here: the client's own dialogues.
"""

import json
import pathlib
import socket
import tempfile
import unittest

from dns_server import DNSKEY, DnsServer, RootKey
from outgoing import Case, Outgoing, words
from peer import Peer
from running import make_certificate, until

# action -> what is said or done at a point; expected before the end of data; expected there.
ACTIONS = {
    "4xx": ("451 4.3.0 not now", "deferred remote_deferred 451", "deferred remote_deferred 451"),
    "5xx": ("554 5.7.1 never", "bounced remote_refused 554", "bounced remote_refused 554"),
    "421": ("421 4.3.2 closing", "deferred service_closing 421", "deferred service_closing 421"),
    "garbage": ("garbage", "deferred remote_garbage", "deferred outcome_unknown"),
    "silence": ("silence", "deferred remote_timeout", "deferred outcome_unknown"),
    "close": ("close", "deferred connection_lost", "deferred outcome_unknown"),
    "reset": ("reset", "deferred connection_lost", "deferred outcome_unknown"),
}
POINTS = ("greeting", "EHLO", "MAIL", "RCPT", "DATA", "END")


def replies():
    """(name, on, expected) of every action at every point."""
    for action, (said, expected, at_the_end) in ACTIONS.items():
        for point in POINTS:
            wanted = at_the_end if point == "END" else expected
            if point in ("greeting", "EHLO") and action in ("4xx", "5xx", "421"):
                wanted = f"deferred greeting_refused {said[:3]}"
            if (point, action) == ("greeting", "reset"):
                # The reset may overtake the word that the connection is open.
                wanted = f"{wanted}|deferred connect_failed"
            on = {point: said, "HELO": said} if point == "EHLO" else {point: said}
            yield f"{action} at {point}", on, wanted, "PIPELINING,8BITMIME"
        yield f"{action} behind BDAT LAST", {"END": said}, at_the_end, "PIPELINING,CHUNKING"


class Played:
    """Peers and cases together: add() one after another, then check()."""

    def __init__(self, test):
        self.test, self.cases, self.wanted, self.peers = test, [], {}, {}

    def add(self, name, wanted, scheme="relay", host="127.0.0.1", more="", **peer):
        one = Peer(**peer).__enter__()
        self.test.addCleanup(one.__exit__)
        self.peers[name] = one
        self.add_case(Case(name, f"{scheme}://{host}:{one.port}", more), wanted)

    def add_case(self, case, wanted):
        self.cases.append(case)
        self.wanted[case.name] = wanted

    def check(self, server, title, seconds=40):
        outcomes = {name: words(entry) for name, entry in server.play(seconds).items()}
        wrong = {name: (outcome, self.wanted[name]) for name, outcome in outcomes.items()
                 if outcome not in self.wanted[name].split("|")}
        for name, outcome in outcomes.items():
            print(f"MATRIX {title}: {name:<34} {outcome}")
        print(f"SUITE {title} present {len(outcomes)} passed {len(outcomes) - len(wrong)} excused 0")
        self.test.assertEqual(wrong, {})
        self.check_queue(server, outcomes)

    def check_queue(self, server, outcomes):
        """What waits says why in `queue show`, too; what does not wait is not queued."""
        for case in self.cases:
            shown = json.loads(server.packetboat("queue", "show", case.id, "--json", check=True).stdout)
            kind, _, reason = outcomes[case.name].partition(" ")
            reason = reason.split(" ")[0]
            self.test.assertEqual(shown["queued"], kind == "deferred", case.name)
            if kind == "deferred":
                (recipient,) = shown["message"]["recipients"]
                self.test.assertEqual((recipient["state"], recipient["reason"]), (kind, reason))


class RepliesTest(unittest.TestCase):
    def test_every_reply_and_fault_at_every_point_of_a_session(self):
        played = Played(self)
        for name, on, wanted, caps in replies():
            played.add(name, wanted, on=on, caps=caps)
        nobody = socket.create_server(("127.0.0.1", 0))
        port = nobody.getsockname()[1]
        nobody.close()
        played.add_case(Case("nobody listens", f"relay://127.0.0.1:{port}"), "deferred connect_failed")
        deaf = socket.socket()
        deaf.bind(("127.0.0.1", 0))
        deaf.listen(0)
        waiting = [socket.socket() for _ in range(4)]  # the backlog is full: SYNs are dropped
        for one in (deaf, *waiting):
            self.addCleanup(one.close)
        for one in waiting:
            one.setblocking(False)
            one.connect_ex(deaf.getsockname())
        played.add_case(Case("no answer to connect", f"relay://127.0.0.1:{deaf.getsockname()[1]}"),
                        "deferred connect_timeout")
        with Outgoing(played.cases) as server:
            played.check(server, "replies and faults")


class TlsTest(unittest.TestCase):
    def test_what_fails_in_tls_goes_in_the_clear_to_an_mx_and_never_with_a_password(self):
        played = Played(self)
        with Outgoing([]) as only_certificates:
            ours = (only_certificates.certificate, only_certificates.key)
            folder = only_certificates.folder / "stranger"
            folder.mkdir()
            _, *theirs = make_certificate(folder)
            self.play_all(played, ours, theirs, only_certificates)

    def play_all(self, played, ours, theirs, certificates):
        for action in ("garbage", "close", "silence", "reset"):
            on = {"HANDSHAKE": action}
            played.add(f"{action} in the handshake, relay", "delivered  250", certificate=ours, on=on)
            reason = {"silence": "remote_timeout", "garbage": "tls_failed"}.get(action, "tls_failed")
            played.add(f"{action} in the handshake, with a user", f"deferred {reason}", "submission",
                       "localhost", certificate=ours, on=on)
        for point in ("STARTTLS", "AUTH"):
            for action in ("421", "garbage", "silence", "close", "reset"):
                said, wanted, _ = ACTIONS[action]
                played.add(f"{action} at {point}, with a user", wanted, "submission", "localhost",
                           certificate=ours, caps="PIPELINING,AUTH PLAIN", on={point: said})
        for said in ("454 4.7.0 not now", "502 5.5.1 no"):
            played.add(f"{said[:3]} to STARTTLS, relay", "delivered  250", certificate=ours,
                       on={"STARTTLS": said})
            played.add(f"{said[:3]} to STARTTLS, with a user", f"deferred policy_tls_required {said[:3]}",
                       "submission", "localhost", certificate=ours, on={"STARTTLS": said})
        caps = "PIPELINING,AUTH PLAIN"
        played.add("a stranger's certificate, relay", "delivered  250", certificate=theirs)
        played.add("a stranger's certificate, with a user", "deferred untrusted_certificate",
                   "submission", "localhost", certificate=theirs, caps=caps)
        played.add("535 to AUTH", "deferred credentials_refused 535", "submission", "localhost",
                   certificate=ours, caps=caps, on={"AUTH": "535 5.7.8 no"})
        played.add("454 to AUTH", "deferred remote_deferred 454", "submission", "localhost",
                   certificate=ours, caps=caps, on={"AUTH": "454 4.7.0 later"})
        played.add("a login over a certificate that holds", "delivered  250", "submission",
                   "localhost", certificate=ours, caps=caps)
        secret = certificates.folder / "secret"
        secret.write_text("pa55word-of-the-test\n")
        secret.chmod(0o600)
        server = Outgoing(played.cases, f'[[credential]]\nhost = "localhost"\nuser = "us"\n'
                                        f'password_file = "{secret}"\n')
        server.ca = certificates.ca
        with server:
            played.check(server, "TLS faults")
        for name, peer in played.peers.items():
            if "with a user" in name and "at AUTH" not in name:
                self.assertEqual([one.everything().count(b"AUTH") for one in peer.conversations],
                                 [0] * len(peer.conversations), name)


class DnsTest(unittest.TestCase):
    def test_what_does_not_validate_is_bogus_and_never_a_bounce(self):
        played = Played(self)
        for name in ("nosuch.test", "bogus.test"):
            played.add_case(Case(name), "deferred dns_bogus")
            played.cases[-1].domain = name
        with tempfile.TemporaryDirectory() as folder:
            root = RootKey(pathlib.Path(folder))
            with DnsServer({"bogus.test": {"MX": [(10, "mx.bogus.test")]}}, root) as dns, \
                    Outgoing(played.cases, f'[dns]\nservers = ["{dns.address}"]\n'
                                           f'trust_anchor = "{root.anchor}"\n') as server:
                until(lambda: ("", DNSKEY) in dns.asked, "the forwarder is tested for DNSSEC")
                for _ in range(3):  # its answer is on the way; nothing tells when it was taken
                    server.packetboat("health", check=True)
                played.check(server, "DNSSEC")

    def test_a_resolver_that_says_nothing_at_all_is_a_timeout(self):
        played = Played(self)
        played.add_case(Case("anywhere"), "deferred dns_timeout")
        with DnsServer({"": "silent"}) as dns, \
                Outgoing(played.cases, f'[dns]\nservers = ["{dns.address}"]\n') as server:
            played.check(server, "DNS silence", 100)

    def test_only_no_data_and_no_such_domain_bounce(self):
        played = Played(self)
        zone = {"null.test": {"MX": [(0, ".")]}, "loop.test": {"MX": [(10, "mx.loop.test")]},
                "mx.loop.test": {"A": ["127.0.0.1"]}, "empty.test": {"TXT": ["nothing to reach"]},
                "lame.test": {"MX": [(10, "mx.lame.test")]}, "mx.lame.test": {"TXT": ["no address"]},
                "servfail.test": "servfail", "refused.test": "refused", "silent.test": "silent",
                "half.test": {"MX": [(10, "mx.servfail.test")]}, "mx.servfail.test": "servfail"}
        wanted = {"servfail.test": "deferred dns_failed", "refused.test": "deferred dns_failed",
                  "silent.test": "deferred dns_failed", "half.test": "deferred dns_failed",
                  "nosuch.test": "bounced domain_not_found", "null.test": "bounced null_mx",
                  "empty.test": "bounced no_address", "lame.test": "bounced no_address",
                  "loop.test": "bounced mail_loop"}
        for domain, outcome in wanted.items():
            case = Case(domain)
            case.domain = domain
            played.add_case(case, outcome)
        with DnsServer(zone) as dns:
            server = Outgoing(played.cases, f'[dns]\nservers = ["{dns.address}"]\n')
            text = server.config.read_text()
            server.config.write_text(text.replace("[delivery]\n",
                                                  f"[delivery]\nmx_port = {server.port['relay']}\n"))
            with server:
                played.check(server, "DNS faults", 60)
                # This forwarder strips DNSSEC: said once, and its answers are taken as they are.
                self.assertEqual(len(server.log_lines("dnssec_unavailable")), 1)


if __name__ == "__main__":
    unittest.main()
