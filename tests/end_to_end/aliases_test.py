"""aliases_test.py: mail to an alias goes to everyone behind it, here and elsewhere; bounces return.

Spec: RFC 5321 §3.9.1 (aliases), docs/reference/configuration.md (domain.aliases, delivery.srs_secret).
"""

import contextlib
import json
import smtplib
import unittest

from running import Server, Plain, send, until
from two_hops_test import two_servers

ALIASES = """team: alice, bob@two.test
out: bbo@two.test
loop: loop2
loop2: loop
"""


class AliasesTest(unittest.TestCase):
    def setUp(self):
        self.held = contextlib.ExitStack()
        self.addCleanup(self.held.close)

    def servers(self, secret=True):
        def more(other):
            text = (f'[[route]]\ndomain = "two.test"\n'
                    f'via = "relay://127.0.0.1:{other.port["relay"]}"\n')
            return text

        self.first, self.second = two_servers(more)
        for server in (self.first, self.second):
            self.held.callback(server.__exit__)
        aliases, hidden = self.first.folder / "aliases", self.first.folder / "srs"
        aliases.write_text(ALIASES)
        hidden.write_text("a long secret of ours\n")
        hidden.chmod(0o600)
        text = self.first.config.read_text().replace(
            'name = "one.test"\ndeliver = "sandbox"', f'name = "one.test"\naliases = "{aliases}"')
        if secret:
            text += f'[delivery]\nsrs_secret = "{hidden}"\n'
        self.first.config.write_text(text)

    def start(self):
        self.second.add_user(Server.BOB)
        self.second.start("--config", self.second.config)
        self.first.add_user(Server.ALICE)
        self.first.start("--config", self.first.config)

    def from_stranger(self, sender, recipient):
        with Plain("localhost", self.first.port["relay"], timeout=30) as client:
            return send(client, sender, recipient).split()[-1]

    def letters(self, server, domain):
        return sorted((server.data / "mail").glob(f"{domain}/*/new/*"))

    def entries(self, queue_id):
        done = self.first.packetboat("journal", "replay", "--json", check=True)
        entries = [json.loads(line) for line in done.stdout.splitlines()]
        return [entry for entry in entries if entry.get("id") == queue_id]

    def test_everyone_behind_an_alias_gets_it_elsewhere_under_our_address(self):
        self.servers()
        self.start()
        self.from_stranger("carol@else.test", "team+news@one.test")
        until(lambda: self.letters(self.first, "one.test"), "it is in alice's mailbox")
        until(lambda: self.letters(self.second, "two.test"), "it is in bob's mailbox")
        here = self.letters(self.first, "one.test")[0].read_text()
        there = self.letters(self.second, "two.test")[0].read_text()
        self.assertTrue(here.startswith("Return-Path: <carol@else.test>\nDelivered-To: alice@one.test"),
                        here)
        self.assertRegex(there, r"^Return-Path: <SRS0=[A-Z2-7]{8}=[A-Z2-7]{2}=else.test=carol@one.test>")

    def test_a_bounce_of_what_was_forwarded_goes_to_its_sender(self):
        self.servers()
        self.start()
        self.from_stranger("bob@two.test", "team@one.test")
        until(lambda: self.letters(self.second, "two.test"), "it is in bob's mailbox")
        path = self.letters(self.second, "two.test")[0].read_text().split("\n")[0]
        ours = path.removeprefix("Return-Path: <").removesuffix(">")
        queue_id = self.from_stranger("", ours)
        until(lambda: len(self.letters(self.second, "two.test")) == 2, "the bounce is back")
        self.assertEqual(self.entries(queue_id)[0]["recipient"], ["bob@two.test"])
        with self.assertRaises(smtplib.SMTPResponseException) as refused:
            self.from_stranger("bob@two.test", ours)
        self.assertEqual(refused.exception.smtp_code, 550)
        with self.assertRaises(smtplib.SMTPResponseException) as refused:
            self.from_stranger("", ours.replace("two.test=bob", "two.test=eve"))
        self.assertEqual(refused.exception.smtp_code, 550)

    def test_a_refusal_elsewhere_is_told_to_the_sender(self):
        self.servers()
        self.start()
        self.from_stranger("bob@two.test", "out@one.test")
        until(lambda: self.letters(self.second, "two.test"), "the report arrives")
        report = self.letters(self.second, "two.test")[0].read_text()
        self.assertIn("Your message to bbo@two.test was not delivered", report)
        self.assertIn("Original-Recipient: rfc822; out@one.test", report)

    def test_a_circle_ends(self):
        self.servers()
        self.start()
        queue_id = self.from_stranger("bob@two.test", "loop@one.test")
        until(lambda: any(entry["kind"] == "bounced" for entry in self.entries(queue_id)), "it ends")

    def test_check_warns_of_forwarding_without_a_secret(self):
        self.servers(secret=False)
        done = self.first.packetboat("check")
        self.assertIn("set delivery.srs_secret", done.stdout + done.stderr)
        self.assertEqual(done.returncode, 0)
        (self.first.folder / "aliases").write_text("team: |/bin/program\n")
        done = self.first.packetboat("check")
        self.assertIn("aliases run no programs", done.stdout + done.stderr)
        self.assertNotEqual(done.returncode, 0)


if __name__ == "__main__":
    unittest.main()
