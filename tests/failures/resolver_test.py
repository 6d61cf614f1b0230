"""resolver_test.py: the resolver stops answering in the middle of everything.

Mail that needs no DNS keeps its pace; strangers, whose SPF, DKIM and DMARC nobody can look up, are answered
within a bounded time and never refused for it; when it answers again all is as before.   Not here: what
becomes of a message whose MX cannot be looked up (faults_test.py).
"""

import contextlib
import threading
import time
import unittest

from failures import DnsServer, Gone, Wire, all_arrived, crash_load, figure, running
from sink import Sink

STRANGERS = 40  # at the same time
ANSWERED_WITHIN = 60  # seconds
SHARE = 0.5  # of the rate, of mail that needs no DNS
SECONDS = 4  # of a measurement


class Stranger(threading.Thread):
    """One message from a domain that nobody has asked for yet; `code` and `seconds` are its fate."""

    def __init__(self, server, number):
        super().__init__(daemon=True)
        self.server, self.domain = server, f"stranger{number}.test"
        self.source = f"127.0.7.{1 + number % 200}"
        self.code, self.seconds = 0, None

    def run(self):
        start = time.monotonic()
        try:
            with Wire(self.server.port["relay"], self.source, 2 * ANSWERED_WITHIN) as wire:
                wire.greet()
                for line in (f"MAIL FROM:<a@{self.domain}>", "RCPT TO:<bob@two.test>", "DATA"):
                    self.code = wire.say(line)[0]
                    if self.code >= 400:
                        break
                else:
                    wire.send(f"From: a@{self.domain}\r\nSubject: hello\r\n\r\nHello.\r\n.\r\n")
                    self.code = wire.reply()[0]
        except (Gone, TimeoutError):
            self.code = 0
        self.seconds = time.monotonic() - start


class ResolverTest(unittest.TestCase):
    def setUp(self):
        self.held = contextlib.ExitStack()
        self.addCleanup(self.held.close)
        self.sink = self.held.enter_context(Sink())
        self.dns = self.held.enter_context(DnsServer({}))
        self.server = running.Server(
            verify=True, before='[networks]\ntrusted = ["127.0.0.1/32"]\n[log]\nlevel = "warning"\n',
            more=f'[dns]\nservers = ["{self.dns.address}"]\n[[route]]\ndomain = "sink.test"\n'
                 f'via = "relay://127.0.0.1:{self.sink.port}"\n[delivery]\nretry = ["1s"]\n')
        self.held.enter_context(self.server)

    def strangers(self, first):
        made = [Stranger(self.server, first + number) for number in range(STRANGERS)]
        for one in made:
            one.start()
        return made

    def slowest(self, made):
        """The longest that one waited; each has its answer, and it is not for ever."""
        for one in made:
            one.join(2 * ANSWERED_WITHIN)
        for one in made:
            self.assertIn(one.code, (250, 451), f"{one.domain} was answered {one.code}")
            self.assertLess(one.seconds, ANSWERED_WITHIN, one.domain)
        return max(one.seconds for one in made)

    @staticmethod
    def rate(load):
        before, start = len(load.taken()), time.monotonic()
        time.sleep(SECONDS)
        return (len(load.taken()) - before) / (time.monotonic() - start)

    def test_mail_flows_while_nobody_answers(self):
        with crash_load.Load(self.server, 2, "resolver") as load:
            load.wait_for(100)
            with_dns = self.rate(load)
            at_first = self.slowest(self.strangers(0))
            self.dns.zone[""] = "silent"
            waiting = self.strangers(1000)
            without = self.rate(load)
            silent = self.slowest(waiting)
            taken = sum(one.code == 250 for one in waiting)
            del self.dns.zone[""]
            running.until(lambda: self.slowest(self.strangers(int(time.monotonic() * 100) % 10**9)) < 5,
                          "strangers are answered as before", 60)
        figure("silent resolver", f"{STRANGERS} strangers at once: {at_first:.1f} s with DNS, {silent:.1f} s without, "
               f"{taken} taken; other mail at {without:.0f} a second, {with_dns:.0f} with DNS")
        self.assertGreaterEqual(without, SHARE * with_dns)
        self.assertEqual(all_arrived("a silent resolver", self.server, self.sink, load.taken()), [])


if __name__ == "__main__":
    unittest.main()
