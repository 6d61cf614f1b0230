"""queue_test.py: seeing and steering what is queued: packetboat queue, journal and explain.

Spec: docs/queue-states.md, docs/reference/command-line.md. The next hop is a port where nobody
answers, so that messages wait.
"""

import contextlib
import json
import socket
import subprocess
import unittest

from running import BINARY, Server, free_ports, until
from two_hops_test import two_servers


class QueueTest(unittest.TestCase):
    def setUp(self):
        self.held = contextlib.ExitStack()
        self.addCleanup(self.held.close)
        (self.closed,) = free_ports(1)
        self.first, self.second = two_servers(
            lambda other: f'[[route]]\ndomain = "two.test"\nvia = "relay://127.0.0.1:{self.closed}"\n')
        for server in (self.first, self.second):
            self.held.callback(server.__exit__)
        self.first.add_user(Server.ALICE)
        self.first.start("--config", self.first.config)

    def submit(self, recipient="bob@two.test"):
        reply = self.first.submit("submission", "starttls", Server.ALICE[0], recipient, "waits",
                                  Server.ALICE)
        return reply.split()[-1]

    def queue(self, *arguments):
        return self.first.packetboat("queue", *arguments)

    def listed(self, *arguments):
        return json.loads(self.queue("list", "--json", *arguments).stdout)["messages"]

    def state(self, queue_id):
        for message in self.listed():
            if message["id"] == queue_id:
                return message["recipients"][0]["state"]
        return "gone"

    def deferred(self, recipient="bob@two.test"):
        queue_id = self.submit(recipient)
        until(lambda: self.state(queue_id) == "deferred", "it is deferred")
        return queue_id

    def entries(self, queue_id):
        done = self.first.packetboat("journal", "replay", "--json")
        entries = [json.loads(line) for line in done.stdout.splitlines()]
        return [entry for entry in entries if entry["id"] == queue_id]

    def kinds(self, queue_id):
        return [entry["kind"] for entry in self.entries(queue_id)]

    def start_second(self):
        self.second.add_user(Server.BOB)
        self.second.start("--config", self.second.config)

    def letters(self):
        return list((self.second.data / "mail").glob("two.test/*/new/*"))

    def test_list_show_and_stats_say_what_waits_and_why(self):
        queue_id = self.deferred()
        (message,) = self.listed("--domain", "two.test")
        self.assertEqual(message["id"], queue_id)
        self.assertEqual(message["recipients"][0]["reason"], "connect_failed")
        self.assertEqual(self.listed("--domain", "else.test"), [])
        self.assertEqual(len(self.listed("--to", "bob@two.test")), 1)
        self.assertEqual(len(self.listed("--account", "alice@one.test")), 1)
        self.assertEqual(self.listed("--older-than", "3600"), [])
        self.assertEqual(self.listed("--older-than", "1d"), [])
        wrong = self.queue("list", "--older-than", "soon")
        self.assertEqual(wrong.returncode, 64)
        self.assertIn('"soon" is no time such as 90m, 1d or 3600', wrong.stderr)
        self.assertIn("connect_failed", self.queue("list").stdout)
        shown = self.queue("show", queue_id).stdout
        self.assertIn("bob@two.test: deferred, next attempt", shown)
        self.assertRegex(shown, r"retry_at=\d{4}-\d\d-\d\dT")
        raw = self.queue("show", queue_id, "--raw").stdout
        self.assertTrue(raw.startswith("Received: "), raw)
        self.assertIn("Subject: waits", raw)
        stats = json.loads(self.queue("stats", "--json").stdout)
        self.assertEqual((stats["messages"], stats["deferred"]), (1, 1))
        self.assertEqual(stats["by_domain"][0]["domain"], "two.test")

    def test_hold_release_and_retry(self):
        queue_id = self.deferred()
        self.assertIn("hold: 1 recipient", self.queue("hold", queue_id).stdout)
        self.assertEqual(self.state(queue_id), "held")
        self.assertIn("an operator holds it", self.first.packetboat("explain", queue_id).stdout)
        self.assertEqual(self.queue("release", "--domain", "two.test").returncode, 0)
        until(lambda: self.state(queue_id) == "deferred", "it was tried again")
        before = len([kind for kind in self.kinds(queue_id) if kind == "deferred"])
        self.assertEqual(self.queue("retry", "--all").returncode, 0)
        until(lambda: len([k for k in self.kinds(queue_id) if k == "deferred"]) > before,
              "it was tried at once")
        self.assertIn("held", self.kinds(queue_id))
        self.assertIn("released", self.kinds(queue_id))
        self.assertIn("retried", self.kinds(queue_id))
        self.assertTrue([e for e in self.entries(queue_id) if e["kind"] == "held"][0]["actor"])

    def test_bounce_tells_the_sender_and_delete_does_not(self):
        bounced, deleted = self.deferred(), self.deferred("eve@two.test")
        self.assertEqual(self.queue("delete", deleted).returncode, 0)
        self.assertEqual(self.state(deleted), "gone")
        self.assertEqual(self.queue("bounce", bounced).returncode, 0)
        until(self.first.inbox, "the bounce is in the sender's mailbox")
        self.assertEqual(self.state(bounced), "gone")
        (report,) = self.first.inbox()
        text = self.first.packetboat("inbox", "raw", report["id"]).stdout
        self.assertIn("Your message to bob@two.test was not delivered", text)
        self.assertIn("removed", self.kinds(deleted))
        self.assertNotIn("reported", self.kinds(deleted))
        done = self.queue("bounce", bounced)
        self.assertEqual(done.returncode, 1, "nothing was there to bounce")

    def test_reroute_sends_by_another_way_now(self):
        self.start_second()
        queue_id = self.deferred()
        done = self.queue("reroute", queue_id, "--via",
                          f"relay://127.0.0.1:{self.second.port['relay']}")
        self.assertEqual(done.returncode, 0, done.stderr)
        until(self.letters, "it is delivered by the other way")
        self.assertIn("rerouted", self.kinds(queue_id))
        self.assertIn("delivered", self.kinds(queue_id))

    def test_what_was_in_flight_when_the_server_died_three_times_is_held(self):
        with socket.create_server(("127.0.0.1", self.closed)) as silent:
            silent.settimeout(30)
            queue_id = self.submit()
            for _ in range(3):
                connection, _ = silent.accept()  # no greeting: the attempt goes on
                with connection:
                    self.first.process.kill()
                    self.first.process.wait()
                self.first.start("--config", self.first.config)
            until(lambda: self.state(queue_id) == "held", "the third crash in flight holds it")
        (message,) = self.listed()
        self.assertEqual(message["recipients"][0]["reason"], "crashed_in_flight")
        self.assertEqual(self.kinds(queue_id).count("crashed"), 3)

    def test_tail_prints_what_happens_from_now_on(self):
        with subprocess.Popen([BINARY, "journal", "tail", "--json", "--count", "2", "--config",
                               self.first.config], stdout=subprocess.PIPE, text=True) as tail:
            with contextlib.suppress(AssertionError):
                until(lambda: tail.poll() is not None, "it waits", seconds=1)
            queue_id = self.submit()
            out, _ = tail.communicate(timeout=30)
        entries = [json.loads(line) for line in out.splitlines()]
        self.assertEqual(entries[0]["kind"], "accepted")
        self.assertEqual({entry["id"] for entry in entries}, {queue_id})

    def test_without_a_server_it_is_read_and_not_changed(self):
        queue_id = self.deferred()
        self.assertEqual(self.first.stop(), 0)
        self.assertEqual(self.state(queue_id), "deferred")
        self.assertIn("accepted", self.kinds(queue_id))
        self.assertIn("next attempt", self.queue("show", queue_id).stdout)
        done = self.queue("hold", queue_id)
        self.assertEqual(done.returncode, 69)
        self.assertIn("no server runs", done.stderr)

    def test_explain_a_message(self):
        queue_id = self.deferred()
        done = self.first.packetboat("explain", queue_id)
        self.assertEqual(done.returncode, 0, done.stderr)
        for part in (f"{queue_id} from <alice@one.test>", "bob@two.test: deferred (connect_failed)",
                     "what binds now: the retry ladder", "next attempt: 20",
                     "what would change it: their server must answer again", "accepted", "transcript"):
            self.assertIn(part, done.stdout)
        self.assertNotIn("AUTH", done.stdout)
        told = json.loads(self.first.packetboat("explain", "--message", queue_id, "--json").stdout)
        self.assertEqual(told["schema"], "packetboat.explain-message/1")
        self.assertEqual(told["now"][0]["limit"], "retry_ladder")
        self.assertEqual([entry["kind"] for entry in told["timeline"]][0], "accepted")
        self.assertEqual(self.queue("delete", queue_id).returncode, 0)
        done = self.first.packetboat("explain", queue_id)
        self.assertIn("is not queued any more", done.stdout)
        self.assertIn("removed", done.stdout)
        self.assertEqual(self.first.packetboat("explain", "0000000000001").returncode, 1)

    def test_explain_a_domain(self):
        self.deferred()
        self.deferred("eve@two.test")
        done = self.first.packetboat("explain", "two.test")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("two.test: 2 recipients are queued", done.stdout)
        self.assertIn("connect_failed", done.stdout)
        self.assertIn("what binds now:", done.stdout)
        self.assertIn("packetboat probe two.test", done.stdout)
        told = json.loads(self.first.packetboat("explain", "--domain", "two.test", "--json").stdout)
        self.assertEqual(told["queued"]["recipients"], 2)
        self.assertIn(f"127.0.0.1:{self.closed}", told["site"]["site"])


if __name__ == "__main__":
    unittest.main()
