"""postmaster_test.py: mail for postmaster and abuse is taken and has somewhere to go, named or not.

Spec: RFC 5321 §4.5.1, RFC 2142 §5; docs/reference/configuration.md (postmaster).
"""

import contextlib
import unittest

from running import Plain, Server, send, until


class PostmasterTest(unittest.TestCase):
    def setUp(self):
        self.held = contextlib.ExitStack()
        self.addCleanup(self.held.close)

    def start(self, before=""):
        self.server = Server(before=before)
        self.held.callback(self.server.__exit__)
        text = self.server.config.read_text().replace('\ndeliver = "sandbox"', "")
        self.server.config.write_text(text)
        self.server.add_user(Server.ALICE)
        self.server.start("--config", self.server.config)

    def write_to(self, recipient):
        with Plain("localhost", self.server.port["relay"], timeout=30) as client:
            send(client, "stranger@far.example", recipient)

    def letter(self, folder):
        place = self.server.data / "mail" / folder / "new"
        until(lambda: list(place.glob("*")), f"a letter in {folder}")
        (letter,) = place.glob("*")
        return letter.read_text()

    def test_nobody_is_named_and_each_domain_has_its_mailbox(self):
        self.start()
        self.write_to("Postmaster@two.test")
        self.assertIn("Delivered-To: Postmaster@two.test", self.letter("two.test/postmaster"))
        self.write_to("abuse@one.test")
        self.assertIn("Delivered-To: abuse@one.test", self.letter("one.test/postmaster"))

    def test_without_a_domain_it_is_of_the_first(self):
        self.start()
        self.write_to("postmaster")
        self.assertIn("Delivered-To: postmaster@one.test", self.letter("one.test/postmaster"))

    def test_who_is_named_gets_it(self):
        self.start('postmaster = "alice@one.test"')
        self.write_to("abuse@mx.one.test")
        self.assertIn("Delivered-To: alice@one.test", self.letter("one.test/alice@one.test"))

    def test_check_says_where_there_is_nowhere_to_go(self):
        self.server = Server()
        self.held.callback(self.server.__exit__)
        text = self.server.config.read_text()
        self.server.config.write_text(text[:text.index("[[domain]]")])
        done = self.server.packetboat("check")
        self.assertIn("postmaster", done.stdout + done.stderr)
        self.assertIn("nowhere to go", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
