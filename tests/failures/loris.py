"""loris.py: thousands of SMTP clients that say one octet now and then, in a process of their own.

loris.py PORT COUNT PAUSE: connects from many addresses of 127/8, prints "open N" when all are greeted (or
"failed N WHY"), then one octet of EHLO a connection each PAUSE seconds until its standard input ends; then
prints "alive N", those that the server still talks to.   Uses only the Python standard library.
"""

import os
import resource
import select
import socket
import sys
import time

AT_ONCE = 200  # connections that wait for their greeting
WORD = b"EHLO slow.test"


def source(number):
    return f"127.{1 + number // 50_000}.{1 + number // 200 % 250}.{1 + number % 200}"


def connect(port, number):
    made = socket.socket()
    made.setsockopt(socket.IPPROTO_IP, 24, 1)  # IP_BIND_ADDRESS_NO_PORT
    made.bind((source(number), 0))
    made.connect(("127.0.0.1", port))
    return made


def open_all(port, count):
    """All connections, each greeted."""
    out = []
    while len(out) < count:
        batch = [connect(port, len(out) + one) for one in range(min(AT_ONCE, count - len(out)))]
        for made in batch:
            made.settimeout(20)
            greeting = made.recv(512)
            if not greeting.startswith(b"220"):
                raise RuntimeError(f"greeted with {greeting!r}")
            made.setblocking(False)
        out += batch
    return out


def trickle(connections, pause):
    """An octet each in turn, spread over the pause; ends when nobody reads us any more."""
    turn, start = 0, time.monotonic()
    slice_seconds = 0.05
    while not select.select([sys.stdin], [], [], slice_seconds)[0]:
        due = int((time.monotonic() - start) / pause * len(connections))
        while turn < due:
            octet = turn // len(connections) % len(WORD)
            try:
                connections[turn % len(connections)].send(WORD[octet:octet + 1])
            except OSError:
                pass  # counted at the end
            turn += 1


def alive(connections):
    count = 0
    for one in connections:
        try:
            count += one.recv(512) != b""
        except BlockingIOError:
            count += 1
        except OSError:
            pass
    return count


def main():
    port, count, pause = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    resource.setrlimit(resource.RLIMIT_NOFILE, (resource.getrlimit(resource.RLIMIT_NOFILE)[1],) * 2)
    os.nice(5)  # they are many machines in truth: they shall not cost the server its own
    try:
        connections = open_all(port, count)
    except (OSError, RuntimeError) as error:
        print(f"failed {error}", flush=True)
        return 1
    print(f"open {len(connections)}", flush=True)
    trickle(connections, pause)
    print(f"alive {alive(connections)}", flush=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())
