"""crash_load.py: mail sent for as long as it may be, by threads that survive the server. For the crash tests.

Some connections use STARTTLS, half of the messages BDAT, bodies lie on both sides of the threshold of 64 KiB,
recipients are 1 to 50. What was answered 250 is remembered.
"""

import argparse
import pathlib
import random
import socket
import sys
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "end_to_end"))
import running  # noqa: E402

SETTLE_WITHIN = 2.0  # seconds; a settle is durable within 100 ms, but a loaded machine looks at it later


class Refused(Exception):
    """No 250 for this message: it is not ours to look for."""


class Sender(threading.Thread):
    """Sends for as long as it may; each acknowledged message goes to `taken` as (token, recipients)."""

    def __init__(self, number, server, seed):
        super().__init__(daemon=True)
        self.random = random.Random(f"{seed}/{number}")
        self.server, self.number = server, number
        self.taken, self.serial = [], 0
        self.ending, self.pause = threading.Event(), threading.Event()
        self.broken = []  # why a connection ended that should not have

    def run(self):
        while not self.ending.is_set():
            try:
                with socket.create_connection(("127.0.0.1", self.server.port["relay"]), 10) as connection:
                    self.send_over(connection)
            except (OSError, Refused, ValueError) as error:
                self.broken.append(repr(error))
                self.ending.wait(0.02)  # killed; it will be back

    def send_over(self, connection):
        connection.settimeout(30)
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        stream = connection.makefile("rb")
        self.expect(stream, b"220")
        if self.random.random() < 0.25:
            connection.sendall(b"EHLO crash.test\r\nSTARTTLS\r\n")
            self.expect(stream, b"250")
            self.expect(stream, b"220")
            with self.server.context().wrap_socket(connection, server_hostname="localhost") as secured:
                return self.send_many(secured, secured.makefile("rb"))
        return self.send_many(connection, stream)

    def send_many(self, connection, stream):
        connection.sendall(b"EHLO crash.test\r\n")
        self.expect(stream, b"250")
        while not self.ending.is_set():
            if self.pause.is_set():
                self.ending.wait(0.02)
                continue
            self.send_one(connection, stream)

    def send_one(self, connection, stream):
        self.serial += 1
        token = self.serial * 100 + self.number
        recipients = self.random.choice((1, 1, 1, 2, 3, 5, 10, 50))
        size = 100_000 if self.random.random() < 0.05 else self.random.randrange(200, 8000)
        content = b"From: <a@crash.test>\r\nX-Token: %d\r\n\r\n" % token + b"x" * 70 + b"\r\n"
        content += (b"y" * 70 + b"\r\n") * (size // 72)
        head = b"MAIL FROM:<a@crash.test>\r\n"
        head += b"".join(b"RCPT TO:<u%d@sink.test>\r\n" % one for one in range(recipients))
        if self.random.random() < 0.5:
            connection.sendall(head + b"BDAT %d LAST\r\n" % len(content) + content)
            self.expect_all(stream, recipients + 1)
        else:
            connection.sendall(head + b"DATA\r\n")
            self.expect_all(stream, recipients + 1)
            self.expect(stream, b"354")
            connection.sendall(content + b".\r\n")
        self.expect(stream, b"250")
        self.taken.append((token, recipients))

    def expect_all(self, stream, count):
        for _ in range(count):
            self.expect(stream, b"250")

    @staticmethod
    def expect(stream, code):
        while True:
            line = stream.readline()
            if not line.startswith(code):
                raise Refused(line)
            if line[3:4] == b" ":
                return


def make_server(sink, log_level="error", more=""):
    """Trusts this machine and relays everything to the sink; `more` stands at the configuration's end."""
    return running.Server(
        before=f'[networks]\ntrusted = ["127.0.0.0/8"]\n[log]\nlevel = "{log_level}"\n',
        more=f'[[route]]\nvia = "relay://127.0.0.1:{sink.port}"\n[delivery]\nretry = ["1s"]\n{more}')


class Load:
    """Senders that run inside a with block."""

    def __init__(self, server, count, seed, first=0):
        """first: the first one's number, below 100; no two loads of a test share one."""
        self.senders = [Sender(first + number, server, seed) for number in range(count)]

    def taken(self):
        return [one for sender in self.senders for one in sender.taken]

    def wait_for(self, acknowledged):
        running.until(lambda: sum(len(one.taken) for one in self.senders) >= acknowledged,
                      f"{acknowledged:.0f} messages acknowledged", 120)

    def __enter__(self):
        for sender in self.senders:
            sender.start()
        return self

    def __exit__(self, *_):
        for sender in self.senders:
            sender.ending.set()
        for sender in self.senders:
            sender.join(60)


def check(name, server, sink, taken, crashes):
    """Everything acknowledged is at the sink, perhaps after a retry; prints the figures, returns the problems.
    crashes: their times. Twice is right only when a crash fell right behind the first arrival."""
    def missing():
        server.packetboat("queue", "release", "--all")
        server.packetboat("queue", "retry", "--all")
        return sink.ask("missing", taken)

    try:
        running.until(lambda: not missing(), "what was acknowledged arrives", 120)
    except AssertionError:
        pass  # counted below
    lost, again = missing(), sink.ask("again")
    gaps, unexplained = [], []
    for token, recipient, _, first, last, queue_id in again:
        # The sink may look at the last octets only after the crash of who sent them.
        gap = min((abs(crash - first) for crash in crashes if crash <= last), default=float("inf"))
        gaps.append(gap)
        if gap > SETTLE_WITHIN:
            unexplained.append((token, recipient, queue_id, round(last - first, 3), round(gap, 3)))
    explained = 1000 * max((gap for gap in gaps if gap <= SETTLE_WITHIN), default=0.0)
    print(f"MATRIX {name}: {len(crashes)} crashes, {len(taken)} messages acknowledged with "
          f"{sum(count for _, count in taken)} recipients, {len(lost)} lost, {len(again)} recipients twice, "
          f"the first time within {explained:.0f} ms of a crash, {len(unexplained)} without a reason")
    problems = [f"lost: {lost[:5]}"] if lost else []
    return problems + ([f"twice without a crash behind it: {unexplained[:5]}"] if unexplained else [])


def arguments(crashes, count, acknowledged):
    """The command line of a crash test; a short run without arguments."""
    parser = argparse.ArgumentParser()
    parser.add_argument(f"--{crashes}", dest="crashes", type=int, default=count)
    parser.add_argument("--acknowledged", type=int, default=acknowledged)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


def again_and_again(server, load, options, after_kill=lambda: None):
    """SIGKILLs the server and starts it again, under load. Returns the times of the kills."""
    chance, kills = random.Random(options.seed), []
    for number in range(1, options.crashes + 1):
        load.wait_for(options.acknowledged * number / options.crashes)
        threading.Event().wait(chance.random() * 0.05)  # not at the same place each time
        server.process.kill()
        kills.append(time.monotonic())
        server.process.wait()
        after_kill()
        if sys.stderr.isatty():
            print(f"\r{number} crashes", end="", file=sys.stderr)
        server.start("--config", server.config)
    return kills


def end(name, server, sink, load, kills):
    """The last server stops by itself; the exit code of the test."""
    problems = check(name, server, sink, load.taken(), kills)
    if (stopped := server.stop()) != 0:
        problems.append(f"the last server ended with {stopped}:\n{server.log_text()[-3000:]}")
    for problem in problems:
        print(problem)
    return 1 if problems else 0
