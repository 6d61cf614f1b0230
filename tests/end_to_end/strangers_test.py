"""strangers_test.py: a thousand unknown recipients are a thousand refusals at RCPT, and nothing else.

Spec: RFC 5321 §3.3 (550 at RCPT), §6.2 (no bounce that RCPT could have prevented).
Not here: who may send to other domains (open_relay_test.py).
"""

import json
import unittest

from running import Server
from wire import Gone, Wire

COUNT = 1000
UNKNOWN = "550 5.1.1"


def refusals(server):
    """The replies to RCPT of COUNT addresses that nobody has; begins again where it is sent away."""
    waiting = [f"user{number}@one.test" for number in range(COUNT)]
    replies, sessions = [], 0
    while waiting:
        sessions += 1
        with Wire(server.port["relay"]) as wire:
            wire.greet()
            wire.say("MAIL FROM:<harvester@far.example>")
            try:
                while waiting:
                    code, text = wire.say(f"RCPT TO:<{waiting[-1]}>")
                    if code == 421:
                        break
                    replies.append(f"{code} {text}")
                    waiting.pop()
            except Gone:
                pass
    return replies, sessions


class StrangersTest(unittest.TestCase):
    def check_nothing_is_left(self, server):
        queued = json.loads(server.packetboat("queue", "list", "--json", check=True).stdout)
        self.assertEqual(queued.get("messages", []), [], queued)
        self.assertEqual(server.log_lines("accepted"), [])
        self.assertEqual(server.inbox(), [])
        journal = server.packetboat("journal", "replay", "--since", "86400", check=True).stdout
        self.assertEqual(journal.strip(), "")

    def test_each_is_refused_at_rcpt_with_the_limits_of_a_new_server(self):
        with Server() as server:
            replies, sessions = refusals(server)
            refused = [one for one in replies if one.startswith(UNKNOWN)]
            print(f"SUITE unknown recipients: present {COUNT} passed {len(refused)} excused 0 "
                  f"({sessions} sessions)")
            self.assertEqual(len(refused), COUNT, set(replies))
            self.check_nothing_is_left(server)

    def test_a_pipelined_thousand_in_one_session_is_refused_the_same(self):
        with Server(more="[limits]\nerrors = 10000\n") as server, \
                Wire(server.port["relay"]) as wire:
            wire.greet()
            wire.send("MAIL FROM:<>\r\n" +
                      "".join(f"RCPT TO:<u{i}@two.test>\r\n" for i in range(COUNT)) + "DATA\r\n")
            self.assertEqual(wire.reply()[0], 250)
            replies = [wire.reply() for _ in range(COUNT)]
            self.assertEqual({f"{code} {text[:5]}" for code, text in replies}, {UNKNOWN})
            self.assertIn(wire.reply()[0], (503, 554))
            self.check_nothing_is_left(server)


if __name__ == "__main__":
    unittest.main()
