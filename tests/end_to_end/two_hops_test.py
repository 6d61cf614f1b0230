"""two_hops_test.py: a message goes in on 587 of one server and ends in a Maildir of another."""

import contextlib
import json
import os
import pathlib
import unittest

from dns_server import DnsServer
from running import Server, send, until


def two_servers(first_more, second_more=None):
    """(one.test's server, two.test's server); the second's port 25 is where the first's MX leads. The second
    verifies what it gets when it is told of a DNS (second_more)."""
    second = Server(more=second_more or "", verify=second_more is not None)
    text = second.config.read_text().replace('name = "two.test"\ndeliver = "sandbox"',
                                             'name = "two.test"')
    second.config.write_text(text.replace("mx.one.test", "mx.two.test"))
    first = Server()
    text = first.config.read_text().replace('[[domain]]\nname = "two.test"\ndeliver = "sandbox"\n', "")
    first.config.write_text(text + first_more(second))
    return first, second


def letters(server, account):
    return sorted(pathlib.Path(server.data, "mail", "two.test", account, "new").glob("*"))


class TwoHopsTest(unittest.TestCase):
    def run_through(self, first, second):
        second.add_user(Server.BOB)
        second.start("--config", second.config)
        first.add_user(Server.ALICE)
        first.start("--config", first.config)
        reply = first.submit("submission", "starttls", Server.ALICE[0], Server.BOB[0], "two hops",
                             Server.ALICE)
        folder = pathlib.Path(second.data) / "mail"
        until(lambda: [one for one in folder.glob("two.test/*/new/*")], "the letter arrives")
        (letter,) = folder.glob("two.test/*/new/*")
        return reply, letter.read_text()

    def check_letter(self, reply, letter):
        lines = letter.splitlines()
        self.assertEqual(lines[0], "Return-Path: <alice@one.test>")
        self.assertEqual(lines[1], "Delivered-To: bob@two.test")
        self.assertIn("Subject: two hops", letter)
        self.assertEqual(letter.count("Received: "), 2)
        self.assertIn("with ESMTPSA", letter)
        self.assertIn("with ESMTPS", letter)
        self.assertIn(reply.split()[-1], letter)

    def test_by_a_named_next_hop(self):
        first, second = two_servers(lambda other: f'[[route]]\ndomain = "two.test"\n'
                                                  f'via = "relay://127.0.0.1:{other.port["relay"]}"\n')
        with_closed = (first, second)
        try:
            self.check_letter(*self.run_through(first, second))
        finally:
            for one in with_closed:
                one.__exit__()

    def test_by_mx_from_our_own_zone(self):
        zone = {"two.test": {"MX": [(10, "mx.two.test")]}, "mx.two.test": {"A": ["127.0.0.1"]}}
        with DnsServer(zone) as dns:
            first, second = two_servers(lambda other: f'[dns]\nservers = ["{dns.address}"]\n'
                                                      f'[delivery]\nmx_port = {other.port["relay"]}\n')
            try:
                self.check_letter(*self.run_through(first, second))
            finally:
                first.__exit__()
                second.__exit__()

    def test_a_second_connection_to_a_smarthost_resumes_tls_when_its_roots_are_trusted(self):
        for pinned, handshakes in ((False, ["verified", "resumed verified"]), (True, ["verified"] * 2)):
            with self.subTest(pinned=pinned), contextlib.ExitStack() as held:
                first, second = two_servers(lambda other: smarthost(other, pinned))
                for server in (first, second):
                    held.callback(server.__exit__)
                second.add_user(Server.BOB)
                second.packetboat("user", "allow", Server.BOB[0], "*", check=True)
                second.start("--config", second.config)
                first.add_user(Server.ALICE)
                first.environment = {**os.environ, "SSL_CERT_FILE": str(second.ca)}
                first.start("--config", first.config)
                for count in (1, 2):
                    first.submit("submissions", "implicit", Server.ALICE[0], Server.BOB[0], "again",
                                 Server.ALICE)
                    until(lambda: len(second.log_lines("session")) == count, "the connection has ended")
                done = first.packetboat("journal", "replay", "--json", check=True)
                said = [json.loads(line) for line in done.stdout.splitlines()]
                found = [one["tls"] for one in said if one["kind"] == "transcript" and "tls" in one]
                self.assertEqual([text.split(" ", 2)[2] for text in found], handshakes)

    def test_through_a_smarthost_with_a_login(self):
        first, second = two_servers(lambda other: smarthost(other, pinned=True))
        try:
            second.add_user(Server.BOB)
            second.packetboat("user", "allow", Server.BOB[0], "*", check=True)
            second.start("--config", second.config)
            first.add_user(Server.ALICE)
            first.start("--config", first.config)
            first.submit("submissions", "implicit", Server.ALICE[0], Server.BOB[0], "smart",
                         Server.ALICE)
            folder = pathlib.Path(second.data) / "mail"
            until(lambda: [one for one in folder.glob("two.test/*/new/*")], "the letter arrives")
            (letter,) = folder.glob("two.test/*/new/*")
            self.assertEqual(letter.read_text().count("with ESMTPSA"), 2)
        finally:
            first.__exit__()
            second.__exit__()


def smarthost(other, pinned):
    """All mail goes through the other's port 587, as bob."""
    secret = other.folder / "secret"
    secret.write_text(Server.BOB[1] + "\n")
    secret.chmod(0o600)
    verify = f'tls_verify = "fingerprint:{fingerprint(other)}"\n' if pinned else ""
    return (f'[[route]]\nvia = "submission://localhost:{other.port["submission"]}"\n{verify}'
            f'[[credential]]\nhost = "localhost"\nuser = "{Server.BOB[0]}"\n'
            f'password_file = "{secret}"\n')


def fingerprint(server):
    import subprocess
    done = subprocess.run(["openssl", "x509", "-in", str(server.certificate), "-noout", "-sha256",
                           "-fingerprint"], check=True, capture_output=True, text=True)
    return done.stdout.strip().split("=")[1].replace(":", "").lower()


if __name__ == "__main__":
    unittest.main()
