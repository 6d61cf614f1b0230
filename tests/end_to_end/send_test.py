"""send: where a try may go on to the next port, and where not; passwords never in the clear.

Twelve places x six failures x three orders, each against servers of its own on 587, 2525 and 465 in a
private network namespace: they count messages and keep every byte that they got in the clear.
"""
import base64
import concurrent.futures
import itertools
import json
import os
import pathlib
import shutil
import socket
import ssl
import struct
import subprocess
import sys
import tempfile
import threading
import time

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from running import packetboat  # noqa: E402

PASSWORD = "correct horse 7 battery"
PLACES = ("dns", "connect", "greeting", "ehlo", "starttls", "handshake", "auth", "mail", "rcpt", "data",
          "body", "end")
FAILURES = ("4xx", "5xx", "close", "reset", "silence", "garbage")
ORDERS = {"587": (587, 2525, 465), "465": (465, 587, 2525), "2525": (2525, 465, 587)}
TIMEOUT = 3


def inside():
    """Re-executes in a network namespace where the ports of mail are free for us."""
    if os.environ.get("PB_SEND_TEST") == "inside":
        subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
        return
    flags = ["--net"] if os.geteuid() == 0 else ["--net", "--user", "--map-root-user"]
    probe = ["unshare", *flags, "ip", "link", "set", "lo", "up"]
    if not shutil.which("unshare") or subprocess.run(probe, capture_output=True).returncode != 0:
        print("send: skipped (needs unshare(1) with network namespaces, and ip(8))")
        sys.exit(0)
    os.environ["PB_SEND_TEST"] = "inside"
    os.execvp("unshare", ["unshare", *flags, sys.executable, *sys.argv])


class Gone(Exception):
    pass


class Case:
    """One `send` and the servers that it meets."""

    def __init__(self, number, place, failure, order):
        self.place, self.failure, self.order = place, failure, order
        self.address = f"127.1.{number // 200}.{number % 200 + 1}"
        self.name = f"c{number}.lab.test"
        self.clear, self.messages, self.auths, self.mails = bytearray(), [], 0, 0
        self.connections = []  # ports, in the order of their connections

    def __str__(self):
        return f"{self.place}/{self.failure}/{'-'.join(map(str, self.order))}"


class Server:
    """Speaks as a submission server until the case's place, where its first port fails."""

    def __init__(self, case, port, context):
        self.case, self.port, self.context = case, port, context
        self.failing = port == case.order[0]
        place, failure = case.place, case.failure
        self.listener = None
        if self.failing and place == "connect" and failure == "reset":
            return  # nothing listens: the kernel answers with a reset
        backlog = 0 if self.failing and place == "connect" and failure == "silence" else 16
        self.listener = socket.create_server((case.address, port), backlog=backlog)
        self.held = []
        if backlog == 0:  # a full queue: further connections get no answer
            for _ in range(2):
                held = socket.socket()
                held.setblocking(False)
                held.connect_ex((case.address, port))
                self.held.append(held)
            return
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            self.case.connections.append(self.port)
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def close(self):
        for one in ([self.listener] if self.listener else []) + getattr(self, "held", []):
            try:
                one.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass
            one.close()

    def talk(self, connection):
        self.buffer, self.tls = b"", False
        connection.settimeout(30)
        try:
            self.session(connection)
        except (Gone, OSError, ssl.SSLError):
            pass
        finally:
            try:
                self.socket.close()
            except OSError:
                pass

    def read(self):
        data = self.socket.recv(65536)
        if not data:
            raise Gone
        if not self.tls:
            self.case.clear += data
        self.buffer += data

    def line(self):
        while b"\n" not in self.buffer:
            self.read()
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("latin-1")

    def at(self, place):
        """Fails here when it is this server's turn; otherwise goes on."""
        if not self.failing or self.case.place != place:
            return
        failure = self.case.failure
        if failure in ("4xx", "5xx"):
            code = {"4xx": "451 4.3.0 later", "5xx": "554 5.3.0 never"}[failure]
            if place == "auth":
                code = {"4xx": "454 4.7.0 later", "5xx": "535 5.7.8 wrong"}[failure]
            self.socket.sendall(code.encode() + b"\r\n")
            self.refused = True
            return
        if failure == "reset":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise Gone
        if failure == "close":
            raise Gone
        if failure == "garbage":
            self.socket.sendall(b"\x00\xff<html>no reply</html>\r\n")
        while True:  # silence, until the client goes
            self.read()

    def step(self, place, usual):
        self.refused = False
        self.at(place)
        if not self.refused:
            self.socket.sendall((usual + "\r\n").encode())
        return not self.refused

    def encrypt(self):
        if self.failing and self.case.place == "handshake":
            if self.case.failure in ("4xx", "5xx"):  # a certificate that is not ours to trust
                self.socket = self.case.bad_context.wrap_socket(self.socket, server_side=True)
                self.tls = True
                return
            self.at("handshake")
        self.socket = self.context.wrap_socket(self.socket, server_side=True)
        self.tls, self.buffer = True, b""

    def session(self, connection):
        self.socket = connection
        case = self.case
        if self.failing and case.place == "connect":
            self.at("connect")
            if case.failure in ("4xx", "5xx"):
                raise Gone
        if self.port == 465:
            self.encrypt()
        if not self.step("greeting", "220 lab.test ESMTP"):
            raise Gone
        while True:
            line = self.line()
            verb = line.split(" ", 1)[0].upper()
            if verb == "EHLO":
                caps = ["lab.test", "PIPELINING", "8BITMIME"]
                caps.append("AUTH PLAIN LOGIN" if self.tls else "STARTTLS")
                self.step("ehlo", "\r\n".join(
                    f"250{'-' if i + 1 < len(caps) else ' '}{cap}" for i, cap in enumerate(caps)))
            elif verb == "STARTTLS":
                if self.step("starttls", "220 go"):
                    self.encrypt()
            elif verb == "AUTH":
                case.auths += 1
                self.step("auth", "235 in")
            elif verb == "MAIL":
                case.mails += 1
                sender, recipient = self.step("mail", "250 ok"), False
            elif verb == "RCPT":
                usual = "250 ok" if sender else "503 MAIL first"
                recipient = self.step("rcpt", usual) and sender
            elif verb == "DATA":
                usual = "354 go" if recipient else "503 no recipient"
                if self.step("data", usual) and recipient:
                    self.content()
            elif verb == "QUIT":
                self.socket.sendall(b"221 bye\r\n")
                raise Gone
            else:
                self.socket.sendall(b"500 what?\r\n")

    def content(self):
        at_body = self.failing and self.case.place == "body"
        if at_body:
            self.line()
            self.at("body")
        lines = []
        while (line := self.line()) != ".":
            lines.append(line)
        if at_body:
            return  # refused in the middle, answered already
        # A server that fails after the dot may have kept the message: count it all the same.
        self.case.messages.append((self.port, lines))
        self.step("end", "250 taken")


class Dns(threading.Thread):
    """Answers A for cN.lab.test; what N's case wants otherwise."""

    def __init__(self, cases):
        super().__init__(daemon=True)
        self.cases = {case.name: case for case in cases}
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 53))
        self.start()

    def run(self):
        while True:
            query, client = self.socket.recvfrom(4096)
            at, labels = 12, []
            while query[at]:
                labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
                at += 1 + query[at]
            kind, question = struct.unpack("!H", query[at + 1:at + 3])[0], query[12:at + 5]
            case = self.cases.get(".".join(labels))
            code, answers, count = 0, b"", 0
            failure = case.failure if case and case.place == "dns" else None
            if failure == "silence":
                continue
            if case is None:
                code = 0 if len(labels) < 3 else 3
            elif failure:
                code = {"4xx": 2, "5xx": 3, "close": 5, "reset": 4, "garbage": 0}[failure]
            elif kind == 1:
                count, answers = 1, b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton(case.address)
            reply = query[:2] + struct.pack("!HHHHH", 0x8580 | code, 1, count, 0, 0) + question + answers
            self.socket.sendto(b"\xff" * 30 if failure == "garbage" else reply, client)


def certificates(folder):
    """(ca file, good context, bad context): one leaf for *.lab.test by our CA, one self-signed."""
    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]
    (folder / "ext").write_text("subjectAltName=DNS:*.lab.test\nbasicConstraints=CA:FALSE\n")
    openssl("req", "-x509", *new_key, "-keyout", folder / "ca.key", "-out", folder / "ca.pem", "-days", 9,
            "-subj", "/CN=lab CA", "-addext", "keyUsage=critical,keyCertSign")
    openssl("req", *new_key, "-keyout", folder / "good.key", "-out", folder / "good.csr", "-subj", "/CN=good")
    openssl("x509", "-req", "-in", folder / "good.csr", "-CA", folder / "ca.pem", "-CAkey", folder / "ca.key",
            "-CAcreateserial", "-out", folder / "good.pem", "-days", 9, "-extfile", folder / "ext")
    openssl("req", "-x509", *new_key, "-keyout", folder / "bad.key", "-out", folder / "bad.pem", "-days", 9,
            "-subj", "/CN=bad", "-addext", "subjectAltName=DNS:*.lab.test")
    contexts = []
    for name in ("good", "bad"):
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / f"{name}.pem", folder / f"{name}.key")
        contexts.append(context)
    return folder / "ca.pem", *contexts


def run_case(case, ca, good, bad, home):
    case.bad_context = bad
    servers = [Server(case, port, good) for port in case.order]
    ways = ",".join(f"{port}/{'tls' if port == 465 else 'starttls'}" for port in case.order)
    environment = dict(os.environ, PACKETBOAT_PASSWORD=PASSWORD, HOME=str(home), LC_ALL="C",
                       XDG_STATE_HOME=str(home / "state" / case.name))
    done = packetboat("send", "--server", case.name, "--port", ways, "--user", "ann", "--from",
                      "ann@one.test", "--to", "bob@two.test", "--subject", "x", "--body-file",
                      home / "body.txt", "--ca-file", ca, "--resolver", "127.0.0.1:53", "--timeout", TIMEOUT,
                      "--transfer-timeout", TIMEOUT, "--json", env=environment)
    for server in servers:
        server.close()
    return done


def wanted(case):
    """(messages that the servers kept, exit codes, goes on to the next port?)"""
    place, failure, first = case.place, case.failure, case.order[0]
    refusal = {"4xx": {75}, "5xx": {2}}
    if place == "dns":
        return 0, {69} if failure == "5xx" else {75}, False
    if place == "starttls" and first == 465:
        return 1, {0}, False  # nobody says STARTTLS there: nothing fails
    if place in ("connect", "greeting", "ehlo", "starttls", "handshake"):
        return 1, {0}, True
    if place == "auth":
        return (0, {77}, False) if failure == "5xx" else (1, {0}, True)
    if place == "body":  # cut off in the middle, or just when all was on its way
        return 0, refusal.get(failure, {75, 76}), False
    if place == "end":
        return 1, refusal.get(failure, {76}), False
    return 0, refusal.get(failure, {75}), False


def check(case, done):
    """A list of what is wrong."""
    wrong = []
    messages, codes, goes_on = wanted(case)
    kept = len(case.messages)
    if kept > 1:
        wrong.append(f"{kept} messages: a duplicate")
    if kept != messages:
        wrong.append(f"{kept} messages instead of {messages}")
    if done.returncode not in codes:
        wrong.append(f"exit {done.returncode} instead of {codes}: {done.stdout}{done.stderr}")
    secrets = [PASSWORD.encode(), base64.b64encode(PASSWORD.encode()),
               base64.b64encode(b"\0ann\0" + PASSWORD.encode())]
    if any(secret in bytes(case.clear) for secret in secrets):
        wrong.append("the password went over the wire in the clear")
    if PASSWORD in done.stdout + done.stderr:
        wrong.append("the password was printed")
    if case.place != "dns":
        report = json.loads(done.stdout)
        tried = [attempt["port"] for attempt in report["attempts"]]
        if tried != list(case.order[:2 if goes_on else 1]):
            wrong.append(f"tried {tried}")
        if any(attempt["security"] not in ("starttls", "implicit-tls") for attempt in report["attempts"]):
            wrong.append("a way without encryption")
        if case.mails > 1:
            wrong.append(f"{case.mails} times MAIL FROM")
    return wrong


def matrix(ca, good, bad, home, *others):
    cases = [Case(number, place, failure, order) for number, (place, failure, order) in
             enumerate(itertools.product(PLACES, FAILURES, ORDERS.values()))]
    Dns([*cases, *others])
    began, failed = time.monotonic(), []
    slow_first = sorted(cases, key=lambda case: case.failure not in ("silence", "garbage"))
    with concurrent.futures.ThreadPoolExecutor(24) as pool:
        runs = {pool.submit(run_case, case, ca, good, bad, home): case for case in slow_first}
        for run in concurrent.futures.as_completed(runs):
            failed += [f"{runs[run]}: {what}" for what in check(runs[run], run.result())]
    print(f"send: {len(cases)} cases in {time.monotonic() - began:.1f} s, "
          f"{sum(len(case.messages) for case in cases)} messages, {len(failed)} wrong")
    assert not failed, "\n".join(failed)
    return cases


def send(case, ca, home, *more, ways=None):
    environment = dict(os.environ, PACKETBOAT_PASSWORD=PASSWORD, HOME=str(home), LC_ALL="C",
                       XDG_STATE_HOME=str(home / "state-of-memory"))
    return packetboat("send", "--server", case.name, "--user", "ann", "--from", "ann@one.test", "--to",
                      "bob@two.test", "--subject", "x", "--body", "y", "--ca-file", ca, "--resolver",
                      "127.0.0.1:53", "--timeout", TIMEOUT, *more, env=environment)


def remembers_what_worked(case, ca, good, bad, home):
    """587 is closed: 2525 is found, and asked first the next time; --prefer overrules it."""
    case.bad_context = bad
    servers = [Server(case, port, good) for port in (2525, 465)]
    first = send(case, ca, home)
    assert first.returncode == 0 and "2525" in first.stdout and "Tried:" in first.stdout, first
    again = json.loads(send(case, ca, home, "--json").stdout)
    assert [one["port"] for one in again["attempts"]] == [2525], again
    asked = json.loads(send(case, ca, home, "--json", "--prefer", "587").stdout)
    assert [one["port"] for one in asked["attempts"]] == [587, 2525], asked
    chinese = send(case, ca, home, "--lang", "zh-Hant")
    assert "已收下郵件" in chinese.stdout, chinese
    wrong = send(case, home / "other.pem", home, "--prefer", "465")
    assert wrong.returncode == 3 and "Do not log in" in wrong.stdout, wrong
    command = send(case, ca, home, "--password-command", "echo " + PASSWORD[::-1])
    assert command.returncode == 0, command
    assert len(case.messages) == 5, case.messages
    for server in servers:
        server.close()
    print("send: remembers what worked, says what it tried")


def main():
    inside()
    with tempfile.TemporaryDirectory(prefix="pb-send-") as folder:
        home = pathlib.Path(folder)
        ca, good, bad = certificates(home)
        (home / "body.txt").write_text("0123456789 abcdefghijklmnopqrstuvwxyz\n" * 8000)
        memory = Case(900, "none", "none", (0,))
        matrix(ca, good, bad, home, memory)
        (home / "other.pem").write_text((home / "bad.pem").read_text())
        remembers_what_worked(memory, ca, good, bad, home)


main()
