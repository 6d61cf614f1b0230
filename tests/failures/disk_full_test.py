"""disk_full_test.py: the disk with the data directory fills up, and has room again.

Before it is full mail is refused with 452 and taken again, without a restart, when there is room; when a
write fails all the same nothing answered 250 is missing.   Needs root (a tmpfs). Writes that fail one by one,
on a simulated disk: power_cut_test.cpp and the simulator.
"""

import contextlib
import errno
import os
import subprocess
import unittest

from failures import Wire, all_arrived, crash_load, figure, message, running
from sink import Sink

DISK_MIB = 320
LOW_MIB = 40  # free: less than the 64 MiB that the server wants to be left


class DiskFullTest(unittest.TestCase):
    def setUp(self):
        if os.geteuid() != 0:
            running.skip(self.id(), "mounting a tmpfs needs root")
            self.skipTest("no root")
        self.held = contextlib.ExitStack()
        self.addCleanup(self.held.close)
        self.sink = self.held.enter_context(Sink())
        self.server = crash_load.make_server(self.sink, "warning")
        self.held.callback(self.server.__exit__)
        self.server.data.mkdir()
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m", "tmpfs", self.server.data],
                              capture_output=True, text=True, check=False)
        if made.returncode != 0:
            running.skip(self.id(), f"no tmpfs can be mounted here: {made.stderr.strip()}")
            self.skipTest("no tmpfs")
        self.held.callback(lambda: subprocess.run(["umount", "-l", self.server.data], check=False))
        self.ballast = self.server.data / "ballast"
        self.server.start("--config", self.server.config)

    def leave(self, octets):
        """Somebody else's file takes all but so much of the disk."""
        self.ballast.unlink(missing_ok=True)
        with open(self.ballast, "wb") as file:
            running.until(lambda: self.took(file, octets), "the disk is taken", 5)

    def took(self, file, octets):
        """False: the server wrote between the look at what is free and the taking of it."""
        space = os.statvfs(self.server.data)
        try:
            os.posix_fallocate(file.fileno(), 0, max(1, space.f_bavail * space.f_frsize - octets))
        except OSError as error:
            if error.errno != errno.ENOSPC:
                raise
            return False
        return True

    def code_now(self, token=99):
        with Wire(self.server.port["relay"]) as wire:
            wire.greet()
            return message(wire, token)

    def test_mail_is_deferred_while_there_is_no_room_and_taken_when_there_is(self):
        rounds = 3
        with crash_load.Load(self.server, 4, "disk") as load:
            for _ in range(rounds):
                load.wait_for(len(load.taken()) + 300)
                self.leave(LOW_MIB << 20)
                running.until(lambda: "disk_full" in self.server.packetboat("health").stdout, "it is noticed", 5)
                self.assertEqual(self.code_now(), 452)
                self.ballast.unlink()
                running.until(lambda: "status: ok" in self.server.packetboat("health").stdout, "room again", 5)
        refused = [why for sender in load.senders for why in sender.broken]
        self.assertTrue(all("452" in why for why in refused), refused[:5])
        figure("disk nearly full", f"{rounds} times, {len(load.taken())} messages taken, {len(refused)} told 452")
        self.assertEqual(all_arrived("a disk nearly full", self.server, self.sink, load.taken()), [])

    def test_a_write_that_fails_loses_nothing(self):
        with crash_load.Load(self.server, 4, "no space") as load:
            load.wait_for(300)
            self.leave(0)  # all at once: the server looks once a second
            running.until(lambda: "status: ok" not in self.server.packetboat("health").stdout, "it is noticed", 10)
            self.assertIsNone(self.server.process.poll(), "the server is gone")
            self.assertEqual(self.code_now(), 452)
            said = self.server.packetboat("health").stdout
            self.ballast.unlink()
            self.server.stop()
            self.server.start("--config", self.server.config)
            load.wait_for(len(load.taken()) + 300)
        why = next(line for line in said.splitlines() if "why" in line).strip()
        figure("disk full", f"noticed: {why}; {len(load.taken())} messages taken before and after")
        # What was sent and could not be settled on the full disk comes again, as after a crash.
        problems = all_arrived("a full disk", self.server, self.sink, load.taken())
        self.assertEqual([problem for problem in problems if problem.startswith("lost")], [])


if __name__ == "__main__":
    unittest.main()
