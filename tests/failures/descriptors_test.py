"""descriptors_test.py: file descriptors run out: by sessions, by bodies, by deliveries, by an operator.

Whoever comes then is told 421 or waits; who is there goes on; nothing spins; nothing acknowledged is lost
or given up for it; the store never fails for it; and with free descriptors all is as before.
"""

import contextlib
import resource
import socket
import unittest

from failures import (Admin, Wire, all_arrived, content, cpu_share, crash_load, descriptors, figure, greeted, limited,
                      message, running)
from sink import Sink

LIMIT = 512
SPARE = 64  # about what the store keeps for itself, and what starts and stops meanwhile
IDLE_SHARE = 0.10  # of one core, while nothing can be done


class DescriptorsTest(unittest.TestCase):
    def setUp(self):
        self.held = contextlib.ExitStack()
        self.addCleanup(self.held.close)
        self.sink = self.held.enter_context(Sink())

    def server(self, more="", limit=LIMIT):
        server = crash_load.make_server(self.sink, "warning", more)
        self.held.callback(server.__exit__)
        server.start("--config", server.config,
                     preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (limit, limit)))
        return server

    def fill(self, server):
        """Connections until 20 are told 421: those that were greeted."""
        open_ones, refused = [], 0
        while refused < 20:
            wire, code = greeted(server.port["relay"])
            if code == 220:
                wire.say("EHLO few.test")
                open_ones.append(wire)
                self.held.callback(wire.close)
                continue
            self.assertEqual(code, 421, "who is one too many is told so")
            refused += 1
            wire.close()
        return open_ones

    @staticmethod
    def welcome(server):
        wire, code = greeted(server.port["relay"])
        wire.close()
        return code == 220

    def assert_healthy(self, server):
        self.assertIn("status: ok", server.packetboat("health").stdout)

    def assert_as_before(self, name, server, taken):
        """Everybody is welcome again; what was acknowledged arrives, and so does new mail."""
        running.until(lambda: self.welcome(server), "there is room again", 10)
        self.assert_healthy(server)
        with crash_load.Load(server, 2, name, first=50) as load:
            load.wait_for(300)
        self.assertEqual(all_arrived(name, server, self.sink, taken + load.taken()), [])

    def test_who_is_one_too_many_is_told_421_and_the_others_send_mail(self):
        server = self.server()
        sessions = self.fill(server)
        idle = cpu_share(server.process, 2)
        self.assertLess(idle, IDLE_SHARE, "full, and busy for nothing")
        for number, wire in enumerate(sessions):
            self.assertEqual(message(wire, number * 100, octets=100_000), 250)
        for wire in sessions:
            wire.close()
        self.assert_as_before("sessions without end", server, [(number * 100, 1)
                                                               for number in range(len(sessions))])
        figure("no descriptor for a session", f"{len(sessions)} sessions with {LIMIT} descriptors, then 421; "
               f"{idle:.1%} of a core while full; each session sent 100 KB")

    def test_bodies_on_disk_leave_the_store_its_descriptors(self):
        server = self.server("[limits]\ndescriptors_reserve = 64\n")
        administrator = self.held.enter_context(contextlib.closing(Admin(server)))
        sessions = self.fill(server)
        for number, wire in enumerate(sessions):
            for line in ("MAIL FROM:<a@crash.test>", "RCPT TO:<u0@sink.test>", "DATA"):
                wire.say(line)
            wire.send(content(number * 100, 360_000))  # so much is on the disk at once
        running.until(lambda: len(descriptors(server.process)) > LIMIT - SPARE, "they are used up", 20)
        used, codes = len(descriptors(server.process)), []
        self.assertEqual(administrator.ask("POST", "/store/compact"), 200, "the store opens new files")
        for wire in sessions:
            wire.send(b".\r\n")
            codes.append(wire.reply()[0])
            wire.close()
        self.assertLessEqual(set(codes), {250, 451, 452})
        self.assert_healthy(server)
        taken = [(number * 100, 1) for number, code in enumerate(codes) if code == 250]
        self.assert_as_before("bodies without end", server, taken)
        figure("no descriptor for a body", f"{used} of {LIMIT} used by {len(sessions)} sessions that each write "
               f"a body: {len(taken)} taken, {len(codes) - len(taken)} deferred")

    def test_silent_next_hops_leave_the_store_and_the_sessions_theirs(self):
        tarpits = [self.held.enter_context(socket.create_server(("127.0.0.1", 0), backlog=512))
                   for _ in range(100)]  # four connections each to begin with
        routes = "".join(f'[[route]]\ndomain = "s{number}.test"\n'
                         f'via = "relay://127.0.0.1:{tarpit.getsockname()[1]}"\n'
                         for number, tarpit in enumerate(tarpits))
        server = self.server("", limit=400)
        server.config.write_text(server.config.read_text().replace("[[route]]", routes + "[[route]]", 1))
        self.assertEqual(server.packetboat("reload").returncode, 0)
        with Wire(server.port["relay"]) as wire:
            wire.greet()
            for number in range(4 * len(tarpits)):
                for line in ("MAIL FROM:<bob@two.test>", f"RCPT TO:<x@s{number % len(tarpits)}.test>", "DATA"):
                    wire.say(line)
                wire.send("Subject: waits\r\n\r\n.\r\n")
                self.assertEqual(wire.reply()[0], 250, f"message {number}")
            used = len(descriptors(server.process))
            idle = cpu_share(server.process, 2)
            self.assertLess(idle, IDLE_SHARE, "waits, and is busy for nothing")
        self.assert_healthy(server)
        for tarpit in tarpits:
            tarpit.close()
        self.assert_as_before("silent next hops", server, [])
        figure("no descriptor for a delivery", f"{4 * len(tarpits)} messages to next hops that never greet, {used} "
               f"of 400 descriptors used, {idle:.1%} of a core while waiting")

    def test_none_at_all_is_left_and_some_come_back(self):
        """The limit falls far below what is in use: accept(2) finds none, nor does the admin socket."""
        server = self.server()
        with crash_load.Load(server, 4, "none at all") as load:
            load.wait_for(200)
            with limited(server.process, resource.RLIMIT_NOFILE, 16):
                before = len(load.taken())
                clients = [self.held.enter_context(Wire(server.port["relay"])) for _ in range(20)]
                administrator = self.held.enter_context(socket.socket(socket.AF_UNIX))
                administrator.connect(str(server.data / "admin.sock"))
                cpu_share(server.process, 3)
                for sender in load.senders:
                    sender.pause.set()
                cpu_share(server.process, 0.5)
                idle = cpu_share(server.process, 3)
                meanwhile = len(load.taken()) - before
                for sender in load.senders:
                    sender.pause.clear()
            for wire in clients:
                self.assertEqual(wire.reply()[0], 220, "who waited is greeted")
        self.assertLess(idle, IDLE_SHARE, "waits for descriptors, and is busy for nothing")
        self.assert_as_before("no descriptor at all", server, load.taken())
        figure("no descriptor at all", f"{meanwhile} messages taken meanwhile over open sessions, {idle:.1%} of a "
               "core with 20 connections and an administrator waiting")


if __name__ == "__main__":
    unittest.main()
