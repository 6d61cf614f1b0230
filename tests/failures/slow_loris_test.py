"""slow_loris_test.py: 10,000 sessions that never come to the end of a line, while real mail flows.

Mail is taken and relayed at no less than 0.7 of the rate without them; what they cost is printed. They come
from loopback, which is exempt from the limits of strangers: otherwise 50 of a network and 1,000 of a core
would be let in, and this would show nothing.
"""

import json
import pathlib
import resource
import statistics
import subprocess
import sys
import time
import unittest

from failures import cpu_seconds, figure, memory_mib, running

SESSIONS = 10_000
PAUSE = 10.0  # seconds between two octets of a session
MESSAGES = 1500  # of one measurement
ROUNDS = 3
SHARE = 0.7


def sessions_possible():
    """As many as the machine lets us and the server have descriptors for."""
    return min(SESSIONS, resource.getrlimit(resource.RLIMIT_NOFILE)[1] - 1500)


class Loris:
    """with Loris(port, count): they are all open and trickle."""

    def __init__(self, port, count):
        script = pathlib.Path(__file__).with_name("loris.py")
        self.process = subprocess.Popen([sys.executable, str(script), str(port), str(count), str(PAUSE)],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.count = count

    def __enter__(self):
        said = self.process.stdout.readline()
        if said != f"open {self.count}\n":
            self.process.wait(10)
            raise AssertionError(f"the slow sessions: {said}")
        return self

    def alive(self):
        """Ends them; how many the server had kept."""
        said = self.process.communicate("", timeout=30)[0]
        return int(said.split()[1])

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()


class SlowLorisTest(unittest.TestCase):
    def rate(self):
        """Messages a second, relayed from the relay port to the sink, over four sessions."""
        done = running.packetboat("bench", "source", "127.0.0.1", "--port", f'{self.server.port["relay"]}/none',
                                  "--messages", MESSAGES, "--sessions", 4, "--to", "x@far.test", "--json")
        result = json.loads(done.stdout)
        self.assertEqual((result["sent"], result["refused"], result["broken"]), (MESSAGES, 0, 0), result)
        return result["sent"] / result["seconds"]

    def start_sink(self):
        (port,) = running.free_ports(1)
        sink = subprocess.Popen([str(running.BINARY), "bench", "sink", "--listen", f"127.0.0.1:{port}", "--json"],
                                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
        self.addCleanup(sink.wait)
        self.addCleanup(sink.kill)
        return port, sink

    def test_mail_flows_beside_thousands_of_sessions_that_never_end_a_line(self):
        port, sink = self.start_sink()
        self.server = running.Server(
            before='[networks]\ntrusted = ["127.0.0.0/8"]\n[log]\nlevel = "warning"\n',
            more=f'[[route]]\nvia = "relay://127.0.0.1:{port}"\n[delivery]\nretry = ["1s"]\n')
        self.addCleanup(self.server.__exit__)
        self.server.start("--config", self.server.config)
        self.rate()  # warms up
        before = [self.rate() for _ in range(ROUNDS)]
        count = sessions_possible()
        memory, start = memory_mib(self.server.process), time.monotonic()
        with Loris(self.server.port["relay"], count) as loris:
            opened = time.monotonic() - start
            kib = (memory_mib(self.server.process) - memory) * 1024 / count
            spent, start = cpu_seconds(self.server.process), time.monotonic()
            time.sleep(2)
            alone = (cpu_seconds(self.server.process) - spent) / (time.monotonic() - start)
            during = [self.rate() for _ in range(ROUNDS)]
            kept = loris.alive()
        after = [self.rate() for _ in range(ROUNDS)]
        unloaded = statistics.median(before + after)
        share = statistics.median(during) / unloaded
        figure("slow loris", f"{count} sessions opened in {opened:.1f} s, {kept} kept, {kib:.1f} KiB each, "
               f"{alone:.1%} of a core for them; mail at {statistics.median(during):.0f} a second beside them and "
               f"{unloaded:.0f} without: {share:.2f}")
        self.assertEqual(kept, count, "a slow session is no reason to close it before its time")
        self.assertGreaterEqual(share, SHARE)
        running.until(lambda: json.loads(self.server.packetboat("health", "--json").stdout)["queued"] == 0,
                      "everything is relayed", 60)
        self.assertEqual(self.server.stop(), 0)
        sink.send_signal(2)
        taken = json.loads(sink.communicate(timeout=30)[0])["messages"]
        self.assertEqual(taken, (3 * ROUNDS + 1) * MESSAGES, "every message was relayed")


if __name__ == "__main__":
    unittest.main()
