#!/usr/bin/env python3
"""probe_times_test.py: how long `probe` takes, and how often it knocks. On a network of the test's own:

four ports of a healthy Packetboat behind 100 ms of round trip; 200 hosts, of which 20 silent, 20 refusing and 10 broken, with
the connections counted at the servers; peers that trickle a byte every 2 s or answer EHLO without end, against --timeout.
usage: probe_times_test.py [PACKETBOAT]      Needs root; 77 means skipped.
"""
import collections
import os
import pathlib
import queue
import resource
import selectors
import socket
import subprocess
import sys
import tempfile
import threading
import time

HERE = pathlib.Path(__file__).resolve().parent
if len(sys.argv) > 1:
    os.environ["PB_BINARY"] = sys.argv[1]
sys.path[1:1] = [str(HERE.parent / "interop")]
import own_machine  # noqa: E402
from certs import Certificates  # noqa: E402
from dns import Dns  # noqa: E402
from server import BINARY, Server, skip  # noqa: E402
from servers import Listener, Smtp, raw, trickle, wait_for_close  # noqa: E402

PORTS = (25, 587, 465, 2525)
NEAR, FAR = "198.18.1.10", "198.18.1.20"
CONTROLS = {"control-a.test": "198.18.1.30", "control-b.test": "198.18.1.31"}
RTT = 0.1
FOUR_PORTS_WITHIN, MANY_WITHIN = 2.5, 30
TRIES = 3  # the best counts: other programs may hold this machine's processors
PER_PORT, PER_PORT_AT_ONCE, PER_HOST_AT_ONCE = 3, 2, 6
MANY = {"healthy": 150, "silent": 20, "refusing": 20, "broken": 10}
wrong = []


def expect(true, what):
    print(f"{'ok   ' if true else 'wrong'} {what}", flush=True)
    if not true:
        wrong.append(what)


class DelayRelay:
    """Each byte arrives half a round trip later; the first comes a whole one later, for the handshake of TCP."""

    def __init__(self, address, port, to):
        self.to = (to, port)
        self.listener = Listener(address, port, self.talk)

    def talk(self, connection, _):
        other = socket.create_connection(self.to, timeout=30)
        threading.Thread(target=self.carry, args=(other, connection, RTT), daemon=True).start()
        self.carry(connection, other, 0)

    @staticmethod
    def carry(source, sink, more):
        due = queue.Queue()

        def deliver():
            while (item := due.get()) is not None:
                at, data = item
                time.sleep(max(0, at - time.monotonic()))
                try:
                    sink.sendall(data) if data else sink.shutdown(socket.SHUT_WR)
                except OSError:
                    return
        threading.Thread(target=deliver, daemon=True).start()
        first = time.monotonic() + more
        try:
            while data := source.recv(65536):
                due.put((max(time.monotonic() + RTT / 2, first + RTT / 2), data))
        except OSError:
            pass
        due.put((time.monotonic() + RTT / 2, b""))
        due.put(None)


def probe(*arguments, seconds=60):
    began = time.monotonic()
    done = subprocess.run([str(BINARY), "probe", *map(str, arguments), "--resolver", "127.0.0.1"], capture_output=True,
                          text=True, timeout=seconds, env={**os.environ, "LANG": "C"})
    return done, time.monotonic() - began


def four_ports(ca):
    for port in PORTS:
        for address in (FAR, *CONTROLS.values()):
            DelayRelay(address, port, NEAR)
    best, done = 99.0, None
    for _ in range(TRIES):
        done, took = probe("smtp.one.test", "--ca-file", ca, *(word for name in CONTROLS for word in ("--control", name)))
        best = min(best, took)
    shown = done.stdout
    print(shown)
    expect(done.returncode == 0 and all(str(port) in shown for port in PORTS), "four ports of a healthy host: table and sentence")
    expect(best <= FOUR_PORTS_WITHIN, f"four ports at {RTT * 1000:.0f} ms round trip: {best:.2f} s (within {FOUR_PORTS_WITHIN} s)")


def is_established(connection):
    try:
        return connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_INFO, 1)[0] == 1
    except OSError:
        return False


class Farm:
    """Many hosts on the four ports; counts who knocks. The kind of a host is told by its address."""

    def __init__(self, folder, kinds):
        self.kinds = kinds  # {address: kind}
        self.lock = threading.Lock()
        self.total, self.most_port, self.most_host = (collections.Counter() for _ in range(3))
        self.open = collections.defaultdict(list)  # {address: [(port, connection)]}
        self.sockets = []
        certificates = Certificates(str(folder))
        self.ca = certificates.ca_file
        context = certificates.context(certificates.leaf(["*.many.test"]))
        self.smtp = {port: Smtp("host.many.test", context, port == 465) for port in PORTS}
        addresses = [address for address, kind in kinds.items() if kind not in ("refusing", "dropping")]
        for address in addresses:
            for port in PORTS:
                self.sockets.append(socket.create_server((address, port), backlog=16))

    def count(self, address, port, connection):
        """As the kernel has it: what the other side has closed is not open, though our thread may not know it yet."""
        with self.lock:
            self.open[address].append((port, connection))
            self.open[address] = [(at, one) for at, one in self.open[address] if is_established(one)]
            ports = [at for at, _ in self.open[address]]
            self.total[address, port] += 1
            self.most_port[address, port] = max(self.most_port[address, port], ports.count(port))
            self.most_host[address] = max(self.most_host[address], len(ports))

    def run(self):
        """One thread accepts for all, one serves each connection."""
        waiting = selectors.DefaultSelector()
        for made in self.sockets:
            waiting.register(made, selectors.EVENT_READ)
        while True:
            for key, _ in waiting.select():
                connection, _ = key.fileobj.accept()
                self.count(*connection.getsockname(), connection)
                threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        connection.settimeout(30)
        try:
            self.talk(connection, *connection.getsockname())
        except (OSError, ValueError):
            pass
        finally:
            connection.close()

    def talk(self, connection, address, port):
        kind = self.kinds[address]
        if kind == "silent":
            wait_for_close(connection)
        elif kind == "broken":
            raw("hello, who are you\r\n" if port != 465 else "")(connection, None)
        else:
            self.smtp[port](connection, self)


def many_hosts(machine, dns):
    kinds = {}
    number = 0
    for kind, count in MANY.items():
        for _ in range(count):
            kinds[f"198.18.{50 + number // 100}.{1 + number % 100}"] = kind
            number += 1
    names = {address: f"{kind}{place}.many.test" for place, (address, kind) in enumerate(kinds.items())}
    with open("/etc/hosts", "a") as hosts:
        for address, name in names.items():
            own_machine.command("ip", "addr", "add", f"{address}/32", "dev", "own0")
            hosts.write(f"{address} {name}\n")
            dns.answers[name] = [address]
    farm = Farm(machine.folder, kinds)
    threading.Thread(target=farm.run, daemon=True).start()
    targets = machine.folder / "targets.txt"
    targets.write_text("".join(f"{name}\n" for name in names.values()))
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done, took = probe("--targets", targets, "--ca-file", farm.ca, "--no-control", seconds=120)
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    print(f"200 hosts: {used.ru_utime + used.ru_stime - before.ru_utime - before.ru_stime:.1f} s of processor time by probe")
    lines = done.stdout.splitlines()
    healthy = sum(line.startswith("healthy") and line.endswith("587 starttls") for line in lines)
    refused = sum(line.startswith("refusing") and "refused" in line for line in lines)
    other = sum(line.startswith(("silent", "broken")) and "starttls" not in line for line in lines)
    print("\n".join(lines[:2] + lines[150:153] + lines[-2:]))
    expect((healthy, refused, other) == (150, 20, 30), f"200 hosts: {healthy} healthy, {refused} refusing, {other} silent or broken")
    expect(took <= MANY_WITHIN, f"200 hosts: {took:.1f} s (within {MANY_WITHIN} s)")
    for counts, limit, what in ((farm.total, PER_PORT, "connections to a port"),
                                (farm.most_port, PER_PORT_AT_ONCE, "at once to a port"),
                                (farm.most_host, PER_HOST_AT_ONCE, "at once to a host")):
        most = max(counts.values(), default=0)
        expect(0 < most <= limit, f"200 hosts: at most {most} {what}, counted there (limit {limit})")


def stubborn():
    """Peers that would hold it for ever."""
    talks = {"a byte every 2 s from the start": trickle(b"2", 2), "EHLO answered by drops": Smtp("x.test", ehlo="trickle"),
             "EHLO without end": Smtp("x.test", ehlo="endless"), "a greeting without end": endless_greeting}
    for place, (what, talk) in enumerate(talks.items()):
        address = f"198.18.2.{1 + place}"
        own_machine.command("ip", "addr", "add", f"{address}/32", "dev", "own0")
        for port in PORTS:
            Listener(address, port, talk)
        _, took = probe(address, "--no-control", "--timeout", 4)
        expect(took <= 5.5, f"{what}: {took:.1f} s with --timeout 4")


def endless_greeting(connection, _):
    while True:
        connection.sendall(b"220-more\r\n" * 100)


def main():
    if reason := own_machine.why_not():
        skip("probe times", reason)
        return 77
    own_machine.enter()
    hosts = {"mx.one.test": NEAR, "smtp.one.test": FAR, **CONTROLS}
    with own_machine.OwnMachine(hosts) as machine, tempfile.TemporaryDirectory():
        dns = Dns("127.0.0.1")
        dns.answers.update({name: [address] for name, address in hosts.items()})
        with Server(address=NEAR, ports=(25, 587, 465, 2525), names=["smtp.one.test", *CONTROLS]) as server:
            four_ports(server.ca)
        many_hosts(machine, dns)
        stubborn()
    print(f"SUITE probe times: {'all as promised' if not wrong else wrong}")
    sys.stdout.flush()
    os._exit(1 if wrong else 0)


if __name__ == "__main__":
    sys.exit(main())
