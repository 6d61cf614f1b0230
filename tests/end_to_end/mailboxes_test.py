"""mailboxes_test.py: who has no mailbox behind LMTP, or a full Maildir, is refused at RCPT.

Spec: RFC 2033 §4 (asked with RCPT, then RSET), RFC 3463 §3.3 (4.2.2), docs/queue-states.md.
"""

import contextlib
import smtplib
import unittest

from peer import Peer
from running import Plain, Server, send, until


class MailboxesTest(unittest.TestCase):
    def setUp(self):
        self.held = contextlib.ExitStack()
        self.addCleanup(self.held.close)

    def server(self, deliver, more=""):
        server = Server()
        self.held.callback(server.__exit__)
        server.config.write_text(server.config.read_text().replace(
            'name = "two.test"\ndeliver = "sandbox"', f'name = "two.test"\n{deliver}\n{more}'))
        return server

    def store(self, **on):
        peer = self.held.enter_context(Peer(on=on))
        peer.options.lmtp = True
        return peer

    def submit(self, server, recipient, sender="eve@else.test"):
        """The code that ended it."""
        with Plain("localhost", server.port["relay"], timeout=30) as client:
            try:
                send(client, sender, recipient)
                return 250
            except smtplib.SMTPResponseException as error:
                return error.smtp_code

    def asked(self, store):
        heard = b"".join(one.everything() for one in store.conversations)
        return heard.count(b"RCPT TO:<bob@two.test>"), heard.count(b"DATA")

    def test_a_recipient_that_the_store_knows_is_accepted_and_asked_for_once(self):
        store = self.store()
        server = self.server(f'deliver = "lmtp:127.0.0.1:{store.port}"')
        server.start("--config", server.config)
        self.assertEqual(self.submit(server, "bob@two.test"), 250)
        (message,) = store.messages(1)
        self.assertIn(b"Subject: test", message.content)
        self.assertEqual(self.submit(server, "bob@two.test"), 250)
        store.messages(1)
        probes = self.asked(store)[0] - 2  # each delivery says RCPT as well
        self.assertEqual(probes, 1, "the answer is remembered")

    def test_one_that_it_does_not_know_is_refused(self):
        store = self.store(RCPT="550 5.1.1 no such user")
        server = self.server(f'deliver = "lmtp:127.0.0.1:{store.port}"')
        server.start("--config", server.config)
        self.assertEqual(self.submit(server, "bob@two.test"), 550)
        self.assertEqual(self.submit(server, "bob@two.test"), 550)
        self.assertEqual(self.asked(store), (1, 0))

    def test_while_the_store_does_not_say_senders_come_later(self):
        store = self.store(RCPT="451 4.3.0 later")
        server = self.server(f'deliver = "lmtp:127.0.0.1:{store.port}"')
        server.start("--config", server.config)
        self.assertEqual(self.submit(server, "bob@two.test"), 451)
        store.__exit__()
        self.assertEqual(self.submit(server, "bob@two.test"), 451)

    def test_the_store_is_not_asked_where_any_recipient_is_taken(self):
        store = self.store(RCPT="550 5.1.1 no such user")
        server = self.server(f'deliver = "lmtp:127.0.0.1:{store.port}"', 'recipients = "any"')
        server.start("--config", server.config)
        self.assertEqual(self.submit(server, "bob@two.test"), 250)

    def test_a_full_maildir_is_said_at_rcpt(self):
        server = self.server("")
        server.add_user(Server.BOB, "--quota", "1 KiB")
        server.start("--config", server.config)
        for count in range(1, 7):
            self.assertEqual(self.submit(server, "bob@two.test"), 250)
            until(lambda: len(list((server.data / "mail").glob("two.test/*/new/*"))) == count,
                  "it arrives")
        # The sum of before is believed for a minute: a new server knows none.
        self.assertEqual(server.stop(), 0)
        server.start("--config", server.config)
        self.assertEqual(self.submit(server, "bob@two.test"), 452)


if __name__ == "__main__":
    unittest.main()
