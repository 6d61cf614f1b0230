"""log_pipe_test.py: nobody reads the pipe that the log goes to.

The server goes on taking and delivering mail in bounded memory, is reloaded and stopped as ever, and says
how many lines were lost when somebody reads again.   Not here: the writer itself (log_writer_test.cpp).
"""

import fcntl
import json
import os
import signal
import threading
import time
import unittest

from failures import all_arrived, crash_load, figure, memory_mib, running
from sink import Sink

MESSAGES = 2000
MEMORY_MORE_MIB = 24  # two buffers of 4 MiB, and what a store that warms up takes


class Reader(threading.Thread):
    """Reads a pipe to its end once it may; `text` is what came."""

    def __init__(self, descriptor):
        super().__init__(daemon=True)
        self.descriptor, self.text = descriptor, b""

    def run(self):
        while data := os.read(self.descriptor, 1 << 20):
            self.text += data

    def lines(self):
        return [json.loads(line) for line in self.text.decode().splitlines()]


class LogPipeTest(unittest.TestCase):
    def setUp(self):
        self.sink = Sink().__enter__()
        self.addCleanup(self.sink.__exit__)
        self.server = crash_load.make_server(self.sink, log_level="debug")
        self.addCleanup(self.server.__exit__)
        self.server.add_user(running.Server.ALICE)
        self.read_end, self.write_end = os.pipe()
        self.addCleanup(os.close, self.read_end)
        fcntl.fcntl(self.write_end, fcntl.F_SETPIPE_SZ, 4096)
        self.server.start("--config", self.server.config, stdout=self.write_end, stderr=self.write_end)
        os.close(self.write_end)

    def health(self):
        done = self.server.packetboat("health", "--json", check=True)
        return json.loads(done.stdout)

    def take(self, load, count):
        """Until so many more messages are acknowledged; how many a second."""
        start = time.monotonic()
        load.wait_for(len(load.taken()) + count)
        return count / (time.monotonic() - start)

    def test_mail_goes_on_and_the_lost_lines_are_counted_when_somebody_reads_again(self):
        with crash_load.Load(self.server, 4, "log pipe") as load:
            running.until(lambda: self.health()["log_lines_dropped"] > 0 or
                          not self.take(load, 200), "the buffer is full", 120)
            full, blocked_rate = memory_mib(self.server.process), self.take(load, MESSAGES)
            more = memory_mib(self.server.process) - full
            self.assertEqual(self.server.packetboat("reload").returncode, 0)
        self.assertLess(more, MEMORY_MORE_MIB, "memory grows while the pipe is blocked")
        dropped = self.health()["log_lines_dropped"]
        reader = Reader(self.read_end)
        reader.start()
        running.until(lambda: b'"log-dropped"' in reader.text, "the line about the lost lines")
        with crash_load.Load(self.server, 4, "log read", first=10) as again:
            read_rate = self.take(again, MESSAGES)
        self.server.stop()
        reader.join(running.WAIT)
        said = sum(int(line["lines"]) for line in reader.lines() if line["event"] == "log-dropped")
        self.assertGreaterEqual(said, dropped)
        self.assertEqual(reader.lines()[-1]["event"], "stopped")
        figure("blocked log pipe", f"{len(load.taken())} messages taken, {blocked_rate:.0f} a second blocked "
               f"and {read_rate:.0f} read, {more:+.1f} MiB in {MESSAGES} of them, {said} lines lost and told")
        self.server.start("--config", self.server.config)
        self.assertEqual(all_arrived("behind a blocked log pipe", self.server, self.sink,
                                     load.taken() + again.taken()), [])

    def test_sigterm_ends_it_though_nobody_reads_its_last_words(self):
        with crash_load.Load(self.server, 4, "last words") as load:
            self.take(load, 500)  # far more than the pipe holds
        start = time.monotonic()
        self.server.process.send_signal(signal.SIGTERM)
        self.assertEqual(self.server.process.wait(running.WAIT), 0)
        figure("SIGTERM with a blocked log pipe", f"ended after {time.monotonic() - start:.1f} s")


if __name__ == "__main__":
    unittest.main()
