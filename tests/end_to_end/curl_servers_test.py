"""curl_servers_test.py: the 92 servers of curl's SMTP tests, played at our client.

Each file's server is a smarthost (with a user where curl had one) and our client must bring exactly
the file's octets through DATA, or say by name why not; never a password or that user's mail in the
clear (RFC 8314 §3). Suite: smtp/curl-smtp-tests.   Not here: what curl's command line asks of curl.
"""

import base64
import re
import unittest

from curl_tests import CurlTest
from outgoing import Case, Outgoing, words
from peer import Peer
from suites import Count, suite_folder

USER, PASSWORD = "user", "secret"
SECRETS = [PASSWORD.encode(), base64.b64encode(PASSWORD.encode()), base64.b64encode(USER.encode()),
           base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()), b"n,,n="]
OURS = {"PLAIN", "LOGIN", "SCRAM-SHA-256", "SCRAM-SHA-256-PLUS"}
DELIVERED = "delivered  250"
# Servers that offer what we have, and then do what curl's own order of commands asks for: they answer
# 334 with no base64 to an initial response, or forget LOGIN's second question (RFC 4954 §4).
LOGINS = {"test904": DELIVERED, "test919": DELIVERED, "test980": "deferred credentials_refused 535"}
CANCELLED = {"test903": 500, "test920": 500, "test935": 501, "test936": 501, "test937": 501,
             "test938": 500, "test953": 500, "test954": 500}


def expected_as_it_is(test):
    """By what the file makes its server say; a user's mail wants TLS before anything else."""
    said = dict(test.replies)
    if test.has_user and "EHLO" in said:
        return "deferred greeting_refused 500"
    if test.has_user:
        return "deferred policy_tls_required" + (" 454" if "STARTTLS" in said else "")
    local_parts = test.sender.split("@")[0] + test.recipient.split("@")[0]
    if not local_parts.isascii() and "SMTPUTF8" not in test.capabilities:
        return "bounced utf8_address_unsupported"  # RFC 6531 §3.5: 5.6.7
    return f"bounced remote_refused {said['MAIL'][:3]}" if said.get("MAIL", "2")[0] == "5" else DELIVERED


def expected_under_tls(test):
    if "EHLO" in dict(test.replies):
        return "deferred greeting_refused 500"
    if not OURS & set(test.mechanisms.split()):
        return "deferred credentials_refused"
    code = CANCELLED.get(test.name)
    return f"deferred credentials_refused {code}" if code else LOGINS.get(test.name, "?")


def stuffed(content):
    return re.sub(rb"(?m)^\.", b"..", content) + b".\r\n"


class CurlServersTest(unittest.TestCase):
    def setUp(self):
        folder = suite_folder(self, "smtp/curl-smtp-tests")
        self.tests = [CurlTest(path) for path in sorted(folder.glob("test*"))]

    def play(self, tests, via):
        """{name: (outcome, its peer)}; via(test, port) is the next hop's URL."""
        cases, peers = [], {}
        server = Outgoing([])
        secret = server.folder / "secret"
        secret.write_text(PASSWORD + "\n")
        secret.chmod(0o600)
        for test in tests:
            url = via(test, 0)
            peer = Peer(talk=test.talk, certificate=(server.certificate, server.key),
                        implicit=url.startswith("submissions")).__enter__()
            self.addCleanup(peer.__exit__)
            peers[test.name] = peer
            cases.append(self.case(test, via(test, peer.port), len(cases)))
        playing = Outgoing(cases, f'[[credential]]\nhost = "localhost"\nuser = "{USER}"\n'
                                  f'password_file = "{secret}"\n')
        playing.ca = server.ca
        with server, playing:
            outcomes = playing.play()
            self.assertNotIn(PASSWORD, playing.log_text())
        return {test.name: (words(outcomes[test.name]), peers[test.name]) for test in tests}

    @staticmethod
    def case(test, url, number):
        """With the file's addresses where they hold UTF-8; each case needs a domain of its own."""
        case = Case(test.name, url, content=test.message)
        local_part, domain = test.recipient.split("@")
        case.local_part = local_part
        case.domain = f"case{number}.test" if domain.isascii() else f"{domain[:-3]}{number}.test"
        if not test.sender.isascii():
            case.sender = test.sender
        return case

    def check(self, title, played, expected):
        count = Count(f"smtp/curl-smtp-tests, {title}")
        for test in self.tests:
            if test.name in played:
                outcome, peer = played[test.name]
                count.record(test.name, self.problem(test, outcome, peer, expected))
        sums = {}
        for outcome, _ in played.values():
            sums[outcome] = sums.get(outcome, 0) + 1
        for outcome, number in sorted(sums.items()):
            print(f"MATRIX curl-smtp-tests, {title}: {number:3} {outcome}")
        count.finish(self)

    def problem(self, test, outcome, peer, expected):
        clear = b"".join(one.in_clear() for one in peer.conversations)
        told = [secret for secret in SECRETS if secret in clear]
        if told:
            return f"in the clear: {told}"
        if outcome != expected(test):
            return f"{outcome}, expected {expected(test)}"
        wire = b"".join(getattr(one, "wire", b"") for one in peer.conversations)
        if outcome.startswith("delivered") and not wire.endswith(stuffed(test.message)):
            return f"the octets differ: {wire[-80:]!r}"
        if test.has_user and test.message in clear:
            return "the user's mail went in the clear"
        return ""

    def test_in_the_clear_no_password_is_told_and_every_octet_comes_through(self):
        def via(test, port):
            if test.implicit_tls:
                return f"submissions://127.0.0.1:{port}"
            return f"submission://localhost:{port}" if test.has_user else f"relay://127.0.0.1:{port}"

        self.check("as the files have it", self.play(self.tests, via),
                   expected_as_it_is)

    def test_under_tls_each_login_ends_with_a_name(self):
        with_user = [test for test in self.tests if test.has_user]
        played = self.play(with_user, lambda test, port: f"submissions://localhost:{port}")
        self.check("logins under TLS", played, expected_under_tls)


if __name__ == "__main__":
    unittest.main()
