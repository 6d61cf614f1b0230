"""clock_jump_test.py: the time of day is set forward and back while the server runs.

No session breaks, no id is given twice, nothing is lost or sent twice; and a message that waits for its
next attempt does not wait for a clock that was set back to come to where it was.
clock_shift.c stands between the unmodified binary and the C library.
"""

import contextlib
import os
import pathlib
import shutil
import struct
import subprocess
import unittest

from failures import Wire, all_arrived, crash_load, figure, message, running
from sink import Sink

HOUR, DAY = 3600, 86400
RETRY_WITHIN = 20  # seconds; the ladder says 1 s


class ClockJumpTest(unittest.TestCase):
    def setUp(self):
        compiler = shutil.which("clang-19") or shutil.which("cc")
        if compiler is None:
            running.skip(self.id(), "no C compiler")
            self.skipTest("no C compiler")
        self.held = contextlib.ExitStack()
        self.addCleanup(self.held.close)
        self.sink = self.held.enter_context(Sink())
        self.server = crash_load.make_server(self.sink, "warning")
        self.held.callback(self.server.__exit__)
        library, self.place = self.server.folder / "clock_shift.so", self.server.folder / "shift"
        subprocess.run([compiler, "-shared", "-fPIC", "-O1", "-o", library,
                        pathlib.Path(__file__).with_name("clock_shift.c")], check=True)
        self.place.write_bytes(bytes(8))
        self.server.environment = {**os.environ, "LD_PRELOAD": str(library), "PB_CLOCK_SHIFT": str(self.place),
                                   "ASAN_OPTIONS": "verify_asan_link_order=0"}

    def shift(self, seconds):
        with open(self.place, "r+b") as file:
            file.write(struct.pack("=q", seconds))

    def start(self):
        self.server.start("--config", self.server.config)

    def test_mail_flows_through_jumps_of_an_hour_and_a_day(self):
        self.start()
        jumps = 0
        with crash_load.Load(self.server, 4, "clock") as load:
            for number in range(20):
                load.wait_for(len(load.taken()) + 100)
                self.shift((0, HOUR, -HOUR, DAY, -DAY)[number % 5])
                jumps += 1
        self.shift(0)
        figure("clock jumps", f"{jumps} jumps of an hour or a day under load, {len(load.taken())} messages taken")
        self.assertEqual([why for sender in load.senders for why in sender.broken], [])
        self.assertEqual(all_arrived("clock jumps", self.server, self.sink, load.taken()), [])

    def waits_for_its_next_hop(self, jump):
        """A message that was deferred once is tried again soon after the jump."""
        (port,) = running.free_ports(1)
        text = self.server.config.read_text()
        self.server.config.write_text(text.replace(f"127.0.0.1:{self.sink.port}", f"127.0.0.1:{port}"))
        self.start()
        with Wire(self.server.port["relay"]) as wire:
            wire.greet()
            self.assertEqual(message(wire, 7), 250)
        running.until(lambda: "connect_failed" in self.server.packetboat("queue", "list").stdout,
                      "it is deferred")
        self.shift(jump)
        self.server.config.write_text(text)
        self.assertEqual(self.server.packetboat("reload").returncode, 0)
        running.until(lambda: not self.sink.ask("missing", [(7, 1)]), "it is tried again", RETRY_WITHIN)

    def test_a_clock_set_back_a_day_does_not_hold_mail_for_a_day(self):
        self.waits_for_its_next_hop(-DAY)

    def test_a_clock_set_forward_an_hour_wakes_what_is_due(self):
        self.waits_for_its_next_hop(HOUR)


if __name__ == "__main__":
    unittest.main()
