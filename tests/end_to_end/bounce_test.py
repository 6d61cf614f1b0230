"""bounce_test.py: who sent a message is told, in words and for machines, when it is not delivered.

Spec: RFC 3461 §4.1, §5.2 (who is told), RFC 3464 (how), RFC 5321 §6.1 (never about <>).
"""

import contextlib
import json
import unittest

from running import Server, first_sentence, until, wait_for_inbox
from two_hops_test import two_servers


class Hops:
    """one.test keeps what comes for it in the inbox; two.test's port 25 is its next hop, and knows the way back
    when it `answers`."""

    def __init__(self, held, language="en", answers=False):
        self.first, self.second = two_servers(
            lambda other: f'[[route]]\ndomain = "two.test"\n'
                          f'via = "relay://127.0.0.1:{other.port["relay"]}"\n')
        for server in (self.first, self.second):
            held.callback(server.__exit__)
        text = self.first.config.read_text()
        self.first.config.write_text(text.replace(
            'name = "one.test"\n', f'name = "one.test"\nlanguage = "{language}"\n'))
        if answers:
            text = self.second.config.read_text().replace(
                '[[domain]]\nname = "one.test"\ndeliver = "sandbox"\n', "")
            self.second.config.write_text(f'{text}[[route]]\ndomain = "one.test"\n'
                                          f'via = "relay://127.0.0.1:{self.first.port["relay"]}"\n')
        self.second.add_user(Server.BOB)
        self.second.start("--config", self.second.config)
        self.first.add_user(Server.ALICE)
        self.first.start("--config", self.first.config)

    def submit(self, recipients, sender=Server.ALICE[0], options=()):
        with self.first.connect("submission", "starttls") as client:
            client.login(*Server.ALICE)
            client.ehlo_or_helo_if_needed()
            assert client.mail(sender)[0] == 250
            for recipient in recipients:
                assert client.rcpt(recipient, options)[0] == 250
            code, text = client.data("From: alice@one.test\r\nSubject: out\r\n\r\nHello.\r\n")
            assert code == 250, text
            return text.decode().split()[-1]

    def events(self, queue_id):
        """Of the journal, about one message: their kinds."""
        done = self.first.packetboat("journal", "replay", "--json", check=True)
        entries = [json.loads(line) for line in done.stdout.splitlines()]
        return [entry["kind"] for entry in entries if entry.get("id") == queue_id]


class BounceTest(unittest.TestCase):
    def setUp(self):
        self.held = contextlib.ExitStack()
        self.addCleanup(self.held.close)

    def report_in(self, language):
        hops = Hops(self.held, language)
        hops.submit(["bbo@two.test"])
        return wait_for_inbox(hops.first)

    def test_a_mistyped_mailbox_brings_a_bounce(self):
        report = self.report_in("en")
        self.assertEqual(first_sentence(report), "Your message to bbo@two.test was not delivered: "
                                                 "there is no mailbox bbo@two.test.")
        self.assertEqual(report["Auto-Submitted"], "auto-replied")
        self.assertEqual(report["From"].addresses[0].addr_spec, "postmaster@mx.one.test")
        self.assertEqual(report["To"], "alice@one.test")
        self.assertEqual(report.get_content_type(), "multipart/report")
        parts = list(report.iter_parts())
        self.assertEqual([part.get_content_type() for part in parts],
                         ["text/plain", "message/delivery-status", "text/rfc822-headers"])
        fields = parts[1].get_payload()[1]
        self.assertEqual(fields["Final-Recipient"], "rfc822; bbo@two.test")
        self.assertEqual(fields["Action"], "failed")
        self.assertEqual(fields["Status"], "5.1.1")
        self.assertIn("550 5.1.1", fields["Diagnostic-Code"])
        self.assertIn("Subject: out", parts[2].get_content())

    def test_in_traditional_chinese(self):
        self.assertEqual(first_sentence(self.report_in("zh-Hant")),
                         "您寄給 bbo@two.test 的郵件未能送達：沒有 bbo@two.test 這個信箱。")

    def test_in_simplified_chinese(self):
        self.assertEqual(first_sentence(self.report_in("zh-Hans")),
                         "您发给 bbo@two.test 的邮件未能送达：没有 bbo@two.test 这个邮箱。")

    def test_one_report_for_all_that_failed_and_none_for_who_got_it(self):
        hops = Hops(self.held)
        hops.submit(["bbo@two.test", "bob@two.test", "bib@two.test"])
        report = wait_for_inbox(hops.first)
        failed = [fields["Final-Recipient"] for fields in
                  list(report.iter_parts())[1].get_payload()[1:]]
        self.assertEqual(failed, ["rfc822; bbo@two.test", "rfc822; bib@two.test"])

    def test_nobody_is_told_about_a_message_of_nobody_nor_against_notify(self):
        hops = Hops(self.held)
        ids = [hops.submit(["bbo@two.test"], sender=""),
               hops.submit(["bbo@two.test"], options=["NOTIFY=NEVER"]),
               hops.submit(["bbo@two.test"], options=["NOTIFY=SUCCESS"])]
        for queue_id in ids:
            until(lambda: "bounced" in hops.events(queue_id), "it is settled")
            self.assertNotIn("reported", hops.events(queue_id))
        self.assertEqual(hops.first.inbox(), [])


if __name__ == "__main__":
    unittest.main()
