"""memory_test.py: memory runs out.

In a cgroup: many large messages, and header sections, are written at the same time, more than fits; the
kernel must not have to kill anybody. By RLIMIT_AS: an allocation fails wherever it happens to.
Whoever cannot be served is told 4xx, what was answered 250 arrives.
"""

import contextlib
import os
import pathlib
import resource
import unittest

from failures import (Gone, Wire, all_arrived, crash_load, figure, memory_mib, message, running)
from sink import Sink

CGROUPS = pathlib.Path("/sys/fs/cgroup")
LIMIT_MIB = 192


class Cgroup:
    """A cgroup of its own with a limit, of version 2 or 1; whoever may not make one is told by `why`."""

    def __init__(self):
        second = (CGROUPS / "cgroup.controllers").exists()
        self.folder = (CGROUPS if second else CGROUPS / "memory") / f"packetboat-test-{os.getpid()}"
        self.limit = self.folder / ("memory.max" if second else "memory.limit_in_bytes")
        self.events = self.folder / ("memory.events" if second else "memory.oom_control")
        self.why = None
        try:
            self.folder.mkdir()
            self.limit.write_text(str(LIMIT_MIB << 20))
        except OSError as error:
            self.why = f"no cgroup for memory can be made here: {error}"

    def enter(self):
        """Of a process that is about to become the server."""
        (self.folder / "cgroup.procs").write_text(str(os.getpid()))

    def killed(self):
        fields = dict(line.split() for line in self.events.read_text().splitlines())
        return int(fields.get("oom_kill", 0))

    def close(self):
        with contextlib.suppress(OSError):
            self.folder.rmdir()


class MemoryTest(unittest.TestCase):
    def setUp(self):
        self.held = contextlib.ExitStack()
        self.addCleanup(self.held.close)
        self.sink = self.held.enter_context(Sink())

    def server(self, more="", **options):
        server = crash_load.make_server(self.sink, "warning", more)
        self.held.callback(server.__exit__)
        server.start("--config", server.config, **options)
        return server

    def in_cgroup(self, more=""):
        cgroup = Cgroup()
        self.held.callback(cgroup.close)
        if cgroup.why:
            running.skip(self.id(), cgroup.why)
            self.skipTest(cgroup.why)
        return cgroup, self.server(more, preexec_fn=cgroup.enter)

    def begin(self, server, number, text):
        """A transaction in the middle of its data; the connection, or None where it was refused before."""
        try:
            wire = self.held.enter_context(Wire(server.port["relay"]))
            wire.greet()
            for line in ("MAIL FROM:<a@crash.test>", "RCPT TO:<u0@sink.test>", "DATA"):
                if wire.say(line)[0] >= 400:
                    return None
            wire.socket.settimeout(running.WAIT)
            wire.send(b"From: <a@crash.test>\r\nX-Token: %d\r\n" % (number * 100 + 50) + text)
            return wire
        except (Gone, OSError):
            return None

    def end(self, wire, text):
        """The code that its end is answered with; 0: the connection is gone."""
        try:
            wire.send(text)
            return wire.reply()[0]
        except (Gone, OSError):
            return 0

    def many(self, server, count, start, rest):
        """So many transactions at once, each held in the middle; [(number, code)]."""
        open_ones = [(number, self.begin(server, number, start)) for number in range(count)]
        most = memory_mib(server.process)
        codes = [(number, self.end(wire, rest) if wire else 400) for number, wire in open_ones]
        return most, codes

    def assert_sound(self, name, server, cgroup, codes, most):
        self.assertIsNone(server.process.poll(), "the server is gone")
        self.assertEqual(cgroup.killed(), 0, "the kernel killed somebody for memory")
        self.assertLessEqual({code for _, code in codes} - {250},
                             {400, 421, 451, 452, 552, 554}, "deferred, or refused as too large")
        taken = [(number * 100 + 50, 1) for number, code in codes if code == 250]
        figure(name, f"{len(codes)} transactions at once in {LIMIT_MIB} MiB: {len(taken)} taken, "
               f"{len(codes) - len(taken)} not; the server used at most {most:.0f} MiB")
        running.until(lambda: message(self.fresh(server), 99_900) == 250, "mail is taken again", 10)
        self.assertEqual(all_arrived(name, server, self.sink, [*taken, (99_900, 1)]), [])

    def fresh(self, server):
        wire = self.held.enter_context(Wire(server.port["relay"]))
        wire.greet()
        return wire

    def test_large_bodies_in_a_cgroup(self):
        cgroup, server = self.in_cgroup()
        line = b"y" * 70 + b"\r\n"
        most, codes = self.many(server, 100, b"\r\n" + line * 60_000, line + b".\r\n")  # 4.3 MB each
        self.assert_sound("large bodies in a cgroup", server, cgroup, codes, most)

    def test_header_sections_in_a_cgroup(self):
        """A header section is held in memory to its end: a thousand of the largest are 250 MB."""
        cgroup, server = self.in_cgroup()
        field = b"X-Long: " + b"z" * 500 + b"\r\n"
        most, codes = self.many(server, 1000, field * 500, b"\r\n.\r\n")
        self.assert_sound("header sections in a cgroup", server, cgroup, codes, most)

    def test_an_allocation_fails(self):
        """The address space ends where it stands; then under load whatever asks next gets nothing."""
        server = self.server()
        lived = True
        with crash_load.Load(server, 4, "memory") as load:
            load.wait_for(300)
            size = int(memory_mib(server.process, "VmSize")) << 20
            resource.prlimit(server.process.pid, resource.RLIMIT_AS, (size, resource.RLIM_INFINITY))
            field = b"X-Long: " + b"z" * 500 + b"\r\n"
            open_ones = [(number, self.begin(server, number, field * 500)) for number in range(800)]
            codes = [(number, self.end(wire, b"\r\n.\r\n") if wire else 400) for number, wire in open_ones]
            lived = server.process.poll() is None
            if lived:
                resource.prlimit(server.process.pid, resource.RLIMIT_AS,
                                 (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
            else:
                server.start("--config", server.config)
            load.wait_for(len(load.taken()) + 300)
        taken = [(number * 100 + 50, 1) for number, code in codes if code == 250]
        figure("an allocation fails", f"{len(codes)} header sections of 250 KB at once beside a load: {len(taken)} "
               f"taken, {len(codes) - len(taken)} not; the server {'lived on' if lived else 'ended'}")
        self.assertTrue(lived, server.log_text()[-2000:])
        self.assertEqual(all_arrived("allocations that fail", server, self.sink, taken + load.taken()), [])


if __name__ == "__main__":
    unittest.main()
