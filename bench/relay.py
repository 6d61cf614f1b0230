#!/usr/bin/env python3
"""relay.py: messages a second through a durable relay, beside Postfix in the same run: source -> server -> sink, on loopback.

Each row is the median of alternating runs (Postfix, Packetboat, Postfix, ...), from the first connection to the last message's
arrival at the sink. In the clear the load is Postfix's own smtp-source and smtp-sink; for STARTTLS, several recipients and the
times from the final dot to 250 it is bench/relay_source.cpp and relay_sink.cpp, for both servers.

Usage: bench/relay.py [--rounds 3] [--scale 1.0] [ROW ...]        rows: see ROWS; all of them without names
       bench/relay.py --minutes 10      one long run of Packetboat alone: its last minute beside its first, and what is left on disk
       bench/relay.py --durable         no 250 before the message's last write was synced (strace); needs root
"""

import argparse
import os
import pathlib
import re
import statistics
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests/interop"))
import peers  # noqa: E402
from server import Server, free_ports, make_certificates, select_pause  # noqa: E402

BIN = TOP / "build/release/bin"
SITES = 100
TICKS = os.sysconf("SC_CLK_TCK")
#       name        what                                          octets recipients reuse tls  sessions Postfix's and our count, bar
ROWS = {
    "reuse": ("4 KiB, connections reused", 4096, 1, True, False, 20, 3000, 30000, 12),
    "connect": ("4 KiB, a connection a message", 4096, 1, False, False, 20, 2500, 20000, 8),
    "tls": ("4 KiB, STARTTLS on both sides, reused", 4096, 1, True, True, 20, 2500, 20000, 5),
    "tls-connect": ("4 KiB, STARTTLS, a connection a message", 4096, 1, False, True, 20, 1000, 5000, None),
    "sites": (f"4 KiB, 10 recipients over {SITES} sites", 4096, 10, True, False, 20, 400, 3000, 8),
    "big": ("1 MiB, connections reused", 1 << 20, 1, True, False, 20, 200, 800, 4),
    "one": ("4 KiB, one session alone", 4096, 1, True, False, 1, 500, 5000, None),
}


class Row:
    def __init__(self, name):
        (self.what, self.octets, self.recipients, self.reuse, self.tls, self.sessions, self.count_postfix, self.count_ours,
         self.bar) = ROWS[name]
        self.own_load = self.tls or self.recipients > 1


class PostfixSink:
    """smtp-sink(1); its counters tell how many messages have come."""

    def __init__(self, postfix, port, wanted):
        self.out, self.wanted = tempfile.TemporaryFile("w+"), wanted
        self.process = postfix.program("smtp-sink", "-u", "nobody", "-c", f"127.0.0.1:{port}", 1000, stdout=self.out,
                                       stderr=subprocess.STDOUT)

    def taken(self):
        self.out.seek(max(0, os.fstat(self.out.fileno()).st_size - 4096))
        counts = re.findall(r"mesg=(\d+)", self.out.read())
        return int(counts[-1]) if counts else 0

    def wait(self, seconds=90):
        deadline = time.monotonic() + seconds
        while self.taken() < self.wanted:
            if time.monotonic() > deadline:
                raise RuntimeError(f"{self.taken()} of {self.wanted} messages came in {seconds} s")
            select_pause()

    def stop(self):
        self.process.kill()
        self.process.wait()
        self.out.close()


class OwnSink:
    """relay_sink.cpp: says by itself when everything has come."""

    def __init__(self, world, wanted, tls):
        certificate = (world.certificate, world.key) if tls else ()
        self.process = subprocess.Popen([BIN / "bench_relay_sink", "0.0.0.0", str(world.sink_port), str(wanted), *certificate],
                                        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        if self.process.stdout.readline() != "ready\n":
            raise RuntimeError("the sink did not start")

    def wait(self):
        if self.process.stdout.readline() != "done\n":
            raise RuntimeError("the sink ended")

    def stop(self):
        self.process.stdin.close()
        self.process.wait()


class World:
    """Both servers, each relaying everything to the sink's port; a site is an address of its own, 127.0.1.1 and up."""

    def __init__(self):
        self.sink_port, = free_ports(1)
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="packetboat-relay-"))
        _, self.certificate, self.key = make_certificates(self.folder)
        site = {f"site-{number}.test": f"127.0.1.{number + 1}" for number in range(SITES)}
        transports = self.folder / "transports"
        transports.write_text("".join(f"{name} relay:[{address}]:{self.sink_port}\n" for name, address in site.items()))
        self.postfix = peers.Postfix(relayhost=f"[127.0.0.1]:{self.sink_port}", extra={
            "transport_maps": f"texthash:{transports}", "initial_destination_concurrency": "20"})
        routes = "".join(f'[[route]]\ndomain = "{name}"\nvia = "relay://{address}:{self.sink_port}"\n'
                         for name, address in site.items())
        self.ours = Server(extra=f'[networks]\ntrusted = ["127.0.0.0/8"]\n[log]\nlevel = "error"\n{routes}'
                                 f'[[route]]\nvia = "relay://127.0.0.1:{self.sink_port}"\n')

    def __enter__(self):
        self.postfix.__enter__()
        self.ours.__enter__()
        return self

    def __exit__(self, *_):
        self.ours.__exit__()
        self.postfix.__exit__()
        subprocess.run(["rm", "-rf", self.folder], check=False)

    def run(self, row, port, count):
        """Seconds from the first connection to the last arrival; (shortest, median, 99th percentile) of dot to 250 in ms."""
        wanted = count * row.recipients
        sink = OwnSink(self, wanted, row.tls) if row.own_load else PostfixSink(self.postfix, self.sink_port, wanted)
        try:
            begin = time.monotonic()
            waits = (own_source if row.own_load else self.postfix_source)(row, port, count)
            sink.wait()
            return time.monotonic() - begin, waits
        finally:
            sink.stop()

    def postfix_source(self, row, port, count):
        source = self.postfix.program("smtp-source", "-s", row.sessions, "-m", count, "-l", row.octets, *(["-d"] if row.reuse else []),
                                      "-f", "a@s.test", "-t", "b@elsewhere.test", f"127.0.0.1:{port}")
        if source.wait(120) != 0:
            raise RuntimeError(f"smtp-source failed; Packetboat ({self.ours.process.poll()}) said:\n"
                               f"{self.ours.log_text()[-3000:]}")


def own_source(row, port, count):
    done = subprocess.run([BIN / "bench_relay_source", *map(str, (
        port, count, row.sessions, row.octets, row.recipients, SITES if row.recipients > 1 else 1,
        "reuse" if row.reuse else "connect", "starttls" if row.tls else "clear"))],
        check=True, capture_output=True, text=True, timeout=600)
    return tuple(float(figure) for figure in done.stdout.split()[1:])


def cpu_seconds(pid):
    fields = pathlib.Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def measure(world, name, rounds, scale):
    row = Row(name)
    counts = [max(20, round(count * scale)) for count in (row.count_postfix, row.count_ours)]
    rates, ratios, costs = {"postfix": [], "ours": []}, [], []
    for _ in range(rounds):
        seconds, _ = world.run(row, world.postfix.port, counts[0])
        rates["postfix"].append(counts[0] / seconds)
        before = cpu_seconds(world.ours.process.pid)
        seconds, _ = world.run(row, world.ours.port["relay"], counts[1])
        rates["ours"].append(counts[1] / seconds)
        costs.append((cpu_seconds(world.ours.process.pid) - before) / counts[1] * 1e6)
        ratios.append(rates["ours"][-1] / rates["postfix"][-1])
    middle = statistics.median
    bar = f"(at least {row.bar})" if row.bar else ""
    print(f"{row.what:42} {middle(rates['postfix']):8.0f}/s {middle(rates['ours']):8.0f}/s {middle(ratios):7.1f}x {bar:14} "
          f"{middle(costs):6.0f} us CPU a message", flush=True)
    return middle(rates["ours"])


def raw_append_rate():
    """append 4 KiB + fdatasync, a second long, where the servers keep their queues."""
    with tempfile.NamedTemporaryFile() as file:
        block, begin, count = b"x" * 4096, time.monotonic(), 0
        while time.monotonic() - begin < 1:
            os.write(file.fileno(), block)
            os.fdatasync(file.fileno())
            count += 1
        return count / (time.monotonic() - begin)


def raw_file_rate():
    """A new file of 1 MiB + fdatasync, removed again, two seconds long."""
    block, begin, count = b"x" * (1 << 20), time.monotonic(), 0
    while time.monotonic() - begin < 2:
        with tempfile.NamedTemporaryFile() as file:
            os.write(file.fileno(), block)
            os.fdatasync(file.fileno())
        count += 1
    return count / (time.monotonic() - begin)


# What the disk alone does, beside a row: (its rate, what it is).
LIMITS = {"one": (raw_append_rate, "append 4 KiB + fdatasync"), "big": (raw_file_rate, "a new file of 1 MiB + fdatasync")}


def latency(world, scale):
    """Final dot to 250 at 20 sessions: ours, with Postfix beside it."""
    row = Row("reuse")
    row.own_load = True
    for who, port, count in (("Postfix", world.postfix.port, row.count_postfix), ("Packetboat", world.ours.port["relay"],
                                                                                 row.count_ours)):
        _, (_, median, worst) = world.run(row, port, max(200, round(count * scale)))
        bar = "(at most 30)" if who == "Packetboat" else ""
        print(f"final dot to 250, 20 sessions, {who:11} median {median:6.2f} ms   p99 {worst:7.2f} ms {bar}", flush=True)


SYNC = ("fdatasync", "fsync")


def system_calls(trace):
    """(name, file, line where it began, line where it had ended, its text) of each, from strace -f -y."""
    begun = {}
    for number, line in enumerate(trace):
        thread, _, text = line.strip().partition(" ")
        text = text.lstrip()
        if text.startswith("<... ") and thread in begun:
            start, before = begun.pop(thread)
            text = before + text
        elif "<unfinished ...>" in text:
            begun[thread] = number, text
            continue
        else:
            start = number
        if match := re.match(r"(\w+)\(\d+<([^>]*)>", text):
            yield match[1], match[2], start, number, text


def check_order(trace, count):
    """For each message: its last write ended before a sync of that file began, which ended before its 250 began."""
    calls = list(system_calls(trace))
    syncs, writes, tokens, replies = {}, {}, {}, {}
    waiting = {}  # socket: the message whose 250 comes next
    for name, file, began, ended, text in calls:
        seen = re.findall(r"load-(\d+)@s", text)
        if name in SYNC:
            syncs.setdefault(file, []).append((began, ended))
        elif name in ("write", "pwrite64", "writev"):
            writes.setdefault(file, []).append(ended)
            for token in seen if not file.startswith("socket:") else ():
                tokens.setdefault(token, {})[file] = ended
        elif name in ("recvfrom", "recvmsg", "read") and seen and file.startswith("socket:"):
            waiting[file] = seen[-1]
        elif name in ("sendto", "sendmsg") and file in waiting and '"250 2.0.0' in text:
            replies[waiting.pop(file)] = began
    wrong = []
    for token, replied in replies.items():
        for file, written in tokens.get(token, {"nowhere": 0}).items():
            if not file.endswith(".log"):  # a body's own file: all of it, not only where the Message-ID stands
                written = max(end for end in writes.get(file, [0]) if end < replied)
            if not any(written < began and ended < replied for began, ended in syncs.get(file, [])):
                wrong.append(f"load-{token}: {file}")
    print(f"{len(replies)} of {count} messages seen: last write < sync < 250 for {len(replies) - len(wrong)}")
    return wrong + ([f"only {len(replies)} of {count} seen"] if len(replies) < count else [])


def traced(world, count, octets, *options):
    """Runs `count` messages under strace; its lines, and the source's waits."""
    row, file = Row("reuse"), world.folder / "trace"
    row.own_load, row.octets = True, octets
    tracer = subprocess.Popen(["strace", "-f", "-y", "-o", file, "-p", str(world.ours.process.pid), "-s", "300000", *options],
                              stderr=subprocess.PIPE, text=True)
    tracer.stderr.readline()  # "attached"
    try:
        _, waits = world.run(row, world.ours.port["relay"], count)
    finally:
        tracer.terminate()
        tracer.communicate()
    return file.read_text(errors="replace").splitlines(), waits


def durable(world):
    """1 when a 250 came before its sync."""
    wrong = []
    for octets, count in ((4096, 1000), (100_000, 200)):
        calls = "trace=write,writev,pwrite64,fdatasync,fsync,sendto,sendmsg,recvfrom,recvmsg,read"
        print(f"bodies of {octets} octets: ", end="", flush=True)
        wrong += check_order(traced(world, count, octets, "-e", calls)[0], count)
    _, (shortest, median, _) = traced(world, 200, 4096, "-e", "trace=fdatasync,fsync", "-e",
                                      "inject=fdatasync,fsync:delay_enter=80000")
    print(f"each sync 80 ms slower: the fastest 250 after {shortest:.1f} ms, median {median:.1f} ms")
    if shortest < 80:
        wrong.append("a 250 was faster than its sync")
    print(*wrong[:10], sep="\n")
    return 1 if wrong else 0


def long_run(world, minutes):
    """Rates of the minutes of one run, and the store afterwards."""
    row, rates, end = Row("reuse"), [], time.monotonic() + minutes * 60
    while time.monotonic() < end:
        count, begin, minute_end = 0, time.monotonic(), time.monotonic() + 60
        while time.monotonic() < minute_end:
            world.run(row, world.ours.port["relay"], 20000)
            count += 20000
        rates.append(count / (time.monotonic() - begin))
        print(f"minute {len(rates):3}: {rates[-1]:7.0f}/s", flush=True)
    sizes = {}
    for path in world.ours.data.rglob("*"):
        if path.is_file():
            kind = path.relative_to(world.ours.data).parts[0]
            sizes[kind] = sizes.get(kind, 0) + path.stat().st_size
    print(f"last minute / first: {rates[-1] / rates[0]:.2f} (at least 0.9)")
    print("on disk:", ", ".join(f"{kind} {octets / (1 << 20):.1f} MiB" for kind, octets in sorted(sizes.items())))
    return 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rows", nargs="*", metavar="ROW")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--scale", type=float, default=1.0)
    parser.add_argument("--minutes", type=int)
    parser.add_argument("--durable", action="store_true")
    options = parser.parse_args()
    if reason := peers.Postfix.why_not():
        sys.exit(f"bench/relay: {reason}")
    with World() as world:
        if options.minutes:
            return long_run(world, options.minutes)
        if options.durable:
            return durable(world)
        print(f"{'':42} {'Postfix':>10} {'Packetboat':>10}")
        for name in options.rows or ROWS:
            rate = measure(world, name, options.rounds, options.scale)
            if name in LIMITS:
                limit, what = LIMITS[name]
                raw = limit()
                print(f"    against {what}, {raw:.0f}/s: {rate / raw:.2f} (at least 0.5)", flush=True)
        if not options.rows:
            latency(world, options.scale)
    return 0


if __name__ == "__main__":
    sys.exit(main())
