"""failures.py: what the tests of failures share: what a process uses, its limits changed while it runs,
lines of SMTP without a library.   Not here: the load and the sink (tests/crash), any failure.
"""

import contextlib
import http.client
import os
import pathlib
import resource
import socket
import sys
import time

TESTS = pathlib.Path(__file__).resolve().parents[1]
sys.path[:0] = [str(TESTS / "crash"), str(TESTS / "end_to_end")]
import crash_load  # noqa: E402
import running  # noqa: E402
from dns_server import DnsServer  # noqa: E402,F401
from wire import Gone, Wire  # noqa: E402

TICKS = os.sysconf("SC_CLK_TCK")


def figure(name, text):
    """A line that script/test repeats at its end."""
    print(f"MATRIX {name}: {text}", flush=True)


def cpu_seconds(process):
    """User and system time of all its threads so far."""
    fields = pathlib.Path(f"/proc/{process.pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def cpu_share(process, seconds):
    """The share of one core that it uses while nothing is asked of it."""
    before, start = cpu_seconds(process), time.monotonic()
    time.sleep(seconds)
    return (cpu_seconds(process) - before) / (time.monotonic() - start)


def memory_mib(process, field="VmRSS"):
    for line in pathlib.Path(f"/proc/{process.pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return int(line.split()[1]) / 1024
    raise AssertionError(f"no {field}: the server is gone")


def descriptors(process):
    return sorted(int(name) for name in os.listdir(f"/proc/{process.pid}/fd"))


@contextlib.contextmanager
def limited(process, which, soft):
    """The limit is lowered while the process runs, and as it was afterwards."""
    before = resource.prlimit(process.pid, which)
    resource.prlimit(process.pid, which, (soft, before[1]))
    try:
        yield
    finally:
        if process.poll() is None:
            resource.prlimit(process.pid, which, before)


class Admin:
    """A connection to the admin socket that stays open, for when there is no descriptor for another."""

    def __init__(self, server):
        self.connection = http.client.HTTPConnection("localhost", timeout=running.WAIT)
        self.connection.sock = socket.socket(socket.AF_UNIX)
        self.connection.sock.connect(str(server.data / "admin.sock"))
        self.ask("GET", "/health")

    def ask(self, method, path):
        """The status of its answer."""
        self.connection.request(method, path)
        answer = self.connection.getresponse()
        answer.read()
        return answer.status

    def close(self):
        self.connection.close()


def greeted(port, wait=running.WAIT, source=None):
    """(the connection, the greeting's code); the code is 0 where none came in time."""
    wire = Wire(port, source, wait)
    try:
        return wire, wire.reply()[0]
    except (Gone, TimeoutError):
        return wire, 0


def message(wire, token, recipients=1, octets=1000):
    """One message to the sink in one go; the code of its end, or of the first refusal."""
    wire.send("MAIL FROM:<a@crash.test>\r\n" +
              "".join(f"RCPT TO:<u{number}@sink.test>\r\n" for number in range(recipients)) + "DATA\r\n")
    codes = [wire.reply()[0] for _ in range(recipients + 2)]
    if codes[-1] != 354:
        return next(code for code in codes if code >= 400)
    wire.send(content(token, octets) + b".\r\n")
    return wire.reply()[0]


def content(token, octets):
    head = b"From: <a@crash.test>\r\nX-Token: %d\r\n\r\n" % token
    return head + (b"y" * 70 + b"\r\n") * (octets // 72 + 1)


def all_arrived(name, server, sink, taken, crashes=()):
    """The sentences of what is wrong: acknowledged and not there, or there twice without a crash."""
    return crash_load.check(name, server, sink, taken, list(crashes))
