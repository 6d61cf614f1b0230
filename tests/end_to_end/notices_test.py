"""notices_test.py: delay warnings, success reports and what a sender asked for, as messages and on the wire.

Spec: RFC 3461 §4.1, §5.2 (who says what when), RFC 3464; RFC 2852 (DELIVERBY), RFC 4865 (FUTURERELEASE),
RFC 6710 (MT-PRIORITY).   Not here: bounces (bounce_test.py), the queue alone (src/queue).
"""

import contextlib
import json
import time
import unittest

from bounce_test import Hops
from peer import Peer
from running import Server, first_sentence, until, wait_for_inbox
from wire import Wire

DSN_CAPS = "PIPELINING,8BITMIME,ENHANCEDSTATUSCODES,DSN"
LATER = {"RCPT": "451 4.7.1 come again"}


def fields_of(report):
    """Of the first recipient, from the part for machines."""
    return list(report.iter_parts())[1].get_payload()[1]


class OneHop:
    """one.test is captured here; mail for two.test goes to a peer that the test plays."""

    def __init__(self, held, peer, delivery=""):
        self.server = Server()
        held.callback(self.server.__exit__)
        text = self.server.config.read_text().replace(
            '[[domain]]\nname = "two.test"\ndeliver = "sandbox"\n', "")
        self.server.config.write_text(
            f'{text}[[route]]\ndomain = "two.test"\nvia = "relay://127.0.0.1:{peer.port}"\n'
            f'[networks]\ntrusted = ["127.0.0.2/32"]\n[delivery]\n{delivery}\n')
        self.server.add_user(Server.ALICE)
        self.server.start("--config", self.server.config)

    def submit(self, mail_options=(), options=(), subject="out"):
        with self.server.connect("submission", "starttls") as client:
            client.login(*Server.ALICE)
            client.ehlo_or_helo_if_needed()
            code, text = client.mail("alice@one.test", mail_options)
            assert code == 250, (code, text)
            code, text = client.rcpt("bob@two.test", options)
            assert code == 250, (code, text)
            code, text = client.data(f"From: alice@one.test\r\nSubject: {subject}\r\n\r\nHello.\r\n")
            assert code == 250, text
            return text.decode().split()[-1]

    def kinds(self, queue_id):
        done = self.server.packetboat("journal", "replay", "--json", check=True)
        entries = [json.loads(line) for line in done.stdout.splitlines()]
        return [entry["kind"] for entry in entries if entry.get("id") == queue_id]


class NoticesTest(unittest.TestCase):
    def setUp(self):
        self.held = contextlib.ExitStack()
        self.addCleanup(self.held.close)

    def hop(self, delivery="", **peer):
        self.peer = self.held.enter_context(Peer(**peer))
        return OneHop(self.held, self.peer, delivery)

    def test_a_delay_is_told_once_and_the_message_goes_on(self):
        hop = self.hop('retry = ["200ms"]\nwarn_after = "500ms"', on=dict(LATER))
        hop.submit()
        report = wait_for_inbox(hop.server)
        self.assertEqual(report["Subject"], "Your message is delayed")
        self.assertEqual(first_sentence(report),
                         "Your message to bob@two.test has not been delivered yet: the mail server "
                         "of two.test asked us to try again later.")
        fields = fields_of(report)
        self.assertEqual(fields["Action"], "delayed")
        self.assertEqual(fields["Status"], "4.7.1")
        self.assertIn("Will-Retry-Until", fields)
        self.peer.options.on.clear()
        (message,) = self.peer.messages(1)
        self.assertIn(b"Subject: out", message.content)
        self.assertEqual(len(hop.server.inbox()), 1)

    def test_who_asked_for_failures_only_hears_of_no_delay(self):
        hop = self.hop('retry = ["100ms"]\nwarn_after = "150ms"', on=dict(LATER))
        queue_id = hop.submit(options=["NOTIFY=FAILURE"])
        until(lambda: hop.kinds(queue_id).count("deferred") > 4, "some tries behind the warning's time")
        self.assertEqual(hop.server.inbox(), [])

    def test_a_hop_without_dsn_makes_us_say_that_it_was_handed_on(self):
        hop = self.hop()
        hop.submit(["RET=HDRS", "ENVID=Q+2D7"], ["NOTIFY=SUCCESS", "ORCPT=rfc822;Bob+40two.test"])
        report = wait_for_inbox(hop.server)
        self.assertIn("Your message to bob@two.test was handed to 127.0.0.1", first_sentence(report))
        top = list(report.iter_parts())[1].get_payload()[0]
        self.assertEqual(top["Original-Envelope-Id"], "Q-7")
        fields = fields_of(report)
        self.assertEqual(fields["Action"], "relayed")
        self.assertEqual(fields["Original-Recipient"], "rfc822; Bob@two.test")
        self.assertEqual(fields["Status"], "2.0.0")
        (message,) = self.peer.messages(1)
        self.assertNotIn("NOTIFY", message.to[0])

    def test_a_hop_with_dsn_is_given_all_of_it_and_says_the_rest(self):
        hop = self.hop(caps=DSN_CAPS)
        queue_id = hop.submit(["RET=FULL", "ENVID=Q+2D7"],
                              ["NOTIFY=SUCCESS,DELAY", "ORCPT=rfc822;Bob+40two.test"])
        (message,) = self.peer.messages(1)
        self.assertIn("RET=FULL", message.sender)
        self.assertIn("ENVID=Q+2D7", message.sender)
        self.assertIn("NOTIFY=SUCCESS,DELAY", message.to[0])
        self.assertIn("ORCPT=rfc822;Bob+40two.test", message.to[0])
        until(lambda: "delivered" in hop.kinds(queue_id), "it is settled")
        self.assertEqual(hop.server.inbox(), [])

    def test_delivery_here_is_confirmed_to_who_asked(self):
        hops = Hops(self.held, answers=True)
        with hops.first.connect("submission", "starttls") as client:
            client.login(*Server.ALICE)
            client.ehlo_or_helo_if_needed()
            client.mail("alice@one.test")
            client.rcpt("bob@two.test", ["NOTIFY=SUCCESS"])
            client.data("From: alice@one.test\r\n\r\nHello.\r\n")
        report = wait_for_inbox(hops.first)
        self.assertEqual(report["Subject"], "Your message was delivered")
        self.assertEqual(fields_of(report)["Action"], "delivered")

    def test_what_is_held_for_later_waits(self):
        hop = self.hop()
        began = time.monotonic()
        hop.submit(["HOLDFOR=2"])
        self.peer.messages(1)
        self.assertGreaterEqual(time.monotonic() - began, 1.9)

    def test_what_is_late_comes_back_or_causes_a_notice_as_the_sender_wished(self):
        hop = self.hop('retry = ["300ms"]', on=dict(LATER))
        hop.submit(["BY=1;N"])
        report = wait_for_inbox(hop.server)
        self.assertEqual(fields_of(report)["Action"], "delayed")
        hop.server.packetboat("inbox", "clear", check=True)
        self.peer.options.on.clear()
        self.peer.messages(1)
        # The hop does not know of the wish: from here on nobody looks at the time (RFC 2852 §4.1.4).
        report = wait_for_inbox(hop.server)
        self.assertEqual(fields_of(report)["Action"], "relayed")
        hop.server.packetboat("inbox", "clear", check=True)
        # By-mode R may not go to a hop that cannot keep the promise (RFC 2852 §4.1.3).
        hop.submit(["BY=600;R"])
        report = wait_for_inbox(hop.server)
        self.assertEqual(fields_of(report)["Action"], "failed")

    def test_wishes_go_on_to_a_hop_that_knows_them(self):
        hop = self.hop(caps=DSN_CAPS + ",DELIVERBY,MT-PRIORITY")
        hop.submit(["BY=600;R", "MT-PRIORITY=4"])
        (message,) = self.peer.messages(1)
        self.assertRegex(message.sender, r" BY=(600|59\d);R MT-PRIORITY=4")
        self.assertRegex(message.content, rb"PRIORITY 4;")

    def test_strangers_are_offered_none_of_it_and_trusted_networks_all(self):
        hop = self.hop()
        words = ("FUTURERELEASE", "DELIVERBY", "MT-PRIORITY")
        with Wire(hop.server.port["relay"]) as wire:
            _, (_, said) = wire.greet()
            for word in words:
                self.assertNotIn(word, said)
            for parameter in ("HOLDFOR=5", "BY=600;R", "MT-PRIORITY=1"):
                self.assertEqual(wire.say(f"MAIL FROM:<a@b.example> {parameter}")[0], 555)
        with Wire(hop.server.port["relay"], source="127.0.0.2") as wire:
            _, (_, said) = wire.greet()
            for word in words:
                self.assertIn(word, said)
            self.assertEqual(wire.say("MAIL FROM:<a@b.example> HOLDFOR=5 MT-PRIORITY=1")[0], 250)


if __name__ == "__main__":
    unittest.main()
