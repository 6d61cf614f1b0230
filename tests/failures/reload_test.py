"""reload_test.py: the configuration changes again and again in the middle of everything.

No session breaks, no message is lost or sent twice, each reload takes effect, and none leaves descriptors or
memory behind.   Not here: what each setting does (serve_test.py).
"""

import contextlib
import signal
import socket
import time
import unittest

from failures import (Wire, all_arrived, crash_load, descriptors, figure, memory_mib, running)
from sink import Sink

RELOADS = 120
MEMORY_MORE_MIB = 4
DESCRIPTORS_MORE = 2  # a listener that comes and goes


class ReloadTest(unittest.TestCase):
    def setUp(self):
        self.held = contextlib.ExitStack()
        self.addCleanup(self.held.close)
        self.sink = self.held.enter_context(Sink())
        self.server = self.held.enter_context(crash_load.make_server(self.sink, "warning"))
        (self.extra,) = running.free_ports(1)
        self.plain = self.server.config.read_text()

    def configure(self, number):
        """Another configuration each time: limits, a wait, a listener, a network, certificates."""
        mebibytes = 10 + number % 20
        more = f'[limits]\nmessage_size = "{mebibytes} MiB"\nsilence = "{1 + number % 5}s"\n'
        if number % 2:
            more += f'[[listener]]\nrole = "relay"\naddress = "127.0.0.1:{self.extra}"\n'
        if number % 10 == 0:
            running.make_certificate(self.server.folder, ca=self.server.ca)
        text = self.plain.replace('retry = ["1s"]', f'retry = ["1s"]\nwait_max = "{30 + number % 30}s"')
        text = text.replace('"127.0.0.0/8"', f'"127.0.0.0/8", "10.{number % 200}.0.0/16"')
        self.server.config.write_text(text + more)
        return mebibytes

    def reload(self, number):
        """By signal and by command in turn; every eighth is wrong and must change nothing."""
        if number % 8 == 7:
            self.server.config.write_text(self.plain + "[limits]\nmesage_size = 1\n")
            self.assertEqual(self.server.packetboat("reload").returncode, 78)
            return
        size = self.configure(number)
        if number % 4 == 0:
            self.server.process.send_signal(signal.SIGHUP)
        else:
            done = self.server.packetboat("reload")
            self.assertEqual(done.returncode, 0, done.stderr)
        running.until(lambda: self.size_offered() == size << 20, "the new limit is offered", 10)
        with socket.socket() as probe:
            open_now = probe.connect_ex(("127.0.0.1", self.extra)) == 0
        self.assertEqual(open_now, number % 2 == 1, "the listener comes and goes")

    def size_offered(self):
        with Wire(self.server.port["relay"]) as wire:
            _, (_, text) = wire.greet()
        return int(next(line for line in text.splitlines() if line.startswith("SIZE ")).split()[1])

    def test_nothing_breaks_and_nothing_is_left_behind(self):
        with crash_load.Load(self.server, 4, "reload") as load:
            load.wait_for(500)
            start, before = time.monotonic(), len(load.taken())
            for number in range(RELOADS):
                self.reload(number)
            seconds, taken = time.monotonic() - start, len(load.taken()) - before
        # What a store that warms up takes is no reload's: so a second round, without mail.
        files, memory = len(descriptors(self.server.process)), memory_mib(self.server.process)
        for number in range(RELOADS):
            self.reload(number)
        files = len(descriptors(self.server.process)) - files
        memory = memory_mib(self.server.process) - memory
        figure("reloads under load", f"{RELOADS} in {seconds:.1f} s while {taken} messages were taken; as many "
               f"again without mail cost {memory:+.1f} MiB and {files:+d} descriptors")
        self.assertEqual([why for sender in load.senders for why in sender.broken], [])
        self.assertLess(memory, MEMORY_MORE_MIB, "a reload leaves memory behind")
        self.assertLessEqual(files, DESCRIPTORS_MORE, "a reload leaves descriptors behind")
        self.assertEqual(all_arrived("reloads", self.server, self.sink, load.taken()), [])


if __name__ == "__main__":
    unittest.main()
