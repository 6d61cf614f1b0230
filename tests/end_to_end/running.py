"""running.py: a Packetboat for one test: free ports, its own folder, stopped and removed at the end.

Not here: what a test asks of it. Uses only the Python standard library and openssl(1).
"""

import contextlib
import email
import email.policy
import fcntl
import json
import os
import pathlib
import random
import select
import shutil
import signal
import smtplib
import socket
import ssl
import subprocess
import tempfile
import threading
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
BINARY = pathlib.Path(os.environ.get("PB_BINARY", TOP / "build/dev/bin/packetboat"))
ROLES = ("relay", "submission", "submissions", "submission-alt")
SANDBOX_FLAGS = dict(zip(ROLES, ("--port-relay", "--port-submission", "--port-submissions",
                                 "--port-alt")))
WAIT = 30
BLOCK = 50  # ports
SANITIZERS = ("WARNING: ThreadSanitizer", "ERROR: AddressSanitizer", "ERROR: LeakSanitizer",
              "runtime error: ")  # of builds that look for them


def own_ports():
    """Ports that no other test takes while this process lives: blocks of them, each under a lock. Below
    those that the kernel gives to connections: any of these can be one's before we bind it."""
    with open("/proc/sys/net/ipv4/ip_local_port_range") as kernels:
        starts = list(range(10000, int(kernels.read().split()[0]) - BLOCK, BLOCK))
    locks = pathlib.Path(tempfile.gettempdir(), "packetboat-test-ports")
    with contextlib.suppress(FileExistsError):
        locks.mkdir()
        locks.chmod(0o1777)
    random.shuffle(starts)
    for start in starts:
        lock = os.open(locks / str(start), os.O_RDONLY | os.O_CREAT, 0o644)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(lock)
            continue
        yield from range(start, start + BLOCK)  # the lock is held until this process ends


PORTS = own_ports()
PORTS_LOCK = threading.Lock()


def free_ports(count):
    ports = []
    with PORTS_LOCK:
        while len(ports) < count:
            port = next(PORTS)
            with socket.socket() as held, contextlib.suppress(OSError):
                held.bind(("127.0.0.1", port))
                ports.append(port)
    return ports


def packetboat(*arguments, check=False, **options):
    done = subprocess.run([str(BINARY), *map(str, arguments)], capture_output=True, text=True,
                          timeout=60, **options)
    if check and done.returncode != 0:
        raise AssertionError(f"packetboat {arguments}: {done.returncode}\n{done.stdout}{done.stderr}")
    return done


def until(condition, what, seconds=WAIT):
    """Looks again until it is true; for what has no event to wait for."""
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"{what}: not within {seconds} s")
        select.select([], [], [], 0.02)


def make_certificate(folder, name="localhost", ca=None, more=()):
    """A CA (unless given) and a leaf for localhost, and for `more` ("IP:127.0.0.9", "DNS:a.test"):
    returns (ca, certificate, key) paths."""
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    ca = ca or folder / "ca.pem"
    if not ca.exists():
        openssl("req", "-x509", *new_key, "-keyout", folder / "ca.key", "-out", ca, "-days", 30,
                "-subj", "/CN=Packetboat test CA", "-addext", "keyUsage=critical,keyCertSign")
    certificate, key = folder / f"{name}.pem", folder / f"{name}.key"
    names = folder / "names.cnf"
    names.write_text(f"subjectAltName={','.join(('DNS:localhost', 'IP:127.0.0.1', *more))}\n"
                     "basicConstraints=CA:FALSE\n")
    openssl("req", *new_key, "-keyout", key, "-out", folder / "leaf.csr", "-subj", f"/CN={name}")
    openssl("x509", "-req", "-in", folder / "leaf.csr", "-CA", ca, "-CAkey", folder / "ca.key",
            "-CAcreateserial", "-out", certificate, "-days", 30, "-extfile", names)
    key.chmod(0o600)
    return ca, certificate, key


class Running:
    """What a sandbox and a real server have in common."""

    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="pb-e2e-"))
        self.port = dict(zip(ROLES, free_ports(len(ROLES))))
        self.log_file = open(self.folder / "server.log", "w+")
        self.process = None
        self.environment = None

    def start(self, *arguments, **options):
        options = {"env": self.environment, "stdout": subprocess.DEVNULL, "stderr": self.log_file,
                   **options}
        self.process = subprocess.Popen([str(BINARY), "serve", *map(str, arguments)], **options)
        until(lambda: self.process.poll() is not None or
              packetboat("health", *self.target).returncode == 0, "the server starts")
        if self.process.poll() is not None:
            raise AssertionError("the server did not start:\n" + self.log_text())

    def log_text(self):
        return (self.folder / "server.log").read_text(errors="replace")

    def log_lines(self, event):
        lines = [json.loads(line) for line in self.log_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def packetboat(self, *arguments, **options):
        return packetboat(*arguments, *self.target, **options)

    def inbox(self, *arguments):
        return json.loads(self.packetboat("inbox", "list", "--json", *arguments, check=True).stdout)

    def context(self):
        return ssl.create_default_context(cafile=str(self.ca))

    def connect(self, role, setting):
        """setting: "clear", "starttls" or "implicit"; certificates are verified."""
        if setting == "implicit":
            try:
                return Implicit("localhost", self.port[role], timeout=WAIT, context=self.context())
            except ssl.SSLError:
                if role == "submissions":
                    raise
            # The wrong setting for this port: understood at the latest at the second try.
            return Implicit("localhost", self.port[role], timeout=WAIT, context=self.context())
        client = Plain("localhost", self.port[role], timeout=WAIT)
        if setting == "starttls":
            client.starttls(context=self.context())
        return client

    def submit(self, role, setting, sender, recipient, subject="test", login=None):
        """Returns the reply to the message's end, or raises what smtplib raises."""
        with self.connect(role, setting) as client:
            if login:
                client.login(*login)
            return send(client, sender, recipient, subject)

    def stop(self, how=signal.SIGTERM):
        if self.process and self.process.poll() is None:
            self.process.send_signal(how)
        return self.process.wait(WAIT)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.kill()
            self.process.wait()
        said = self.log_text()
        self.log_file.close()
        shutil.rmtree(self.folder, ignore_errors=True)
        found = min((said.index(word) for word in SANITIZERS if word in said), default=None)
        if found is not None:
            raise AssertionError(said[found:found + 8000])


def send(client, sender, recipient, subject="test", body="Hello."):
    """One transaction, each reply checked; the text of the last."""
    message = f"From: {sender}\r\nTo: {recipient}\r\nSubject: {subject}\r\n\r\n{body}\r\n"
    client.ehlo_or_helo_if_needed()
    steps = (lambda: client.mail(sender), lambda: client.rcpt(recipient), lambda: client.data(message))
    for step in steps:
        code, text = step()
        if code >= 400:
            raise smtplib.SMTPResponseException(code, text)
    return text.decode()


def wait_for_inbox(server):
    """The one message that a server keeps for its inbox, once it is there, parsed."""
    until(server.inbox, "a message in the inbox")
    (message,) = server.inbox()
    raw = server.packetboat("inbox", "raw", message["id"], check=True).stdout
    return email.message_from_string(raw, policy=email.policy.default)


def first_sentence(report):
    """What a report tells a person first, its lines joined."""
    text = report.get_body(("plain",)).get_content().replace("\r\n", "\n")
    joint = " " if text.isascii() else ""
    return joint.join(line.strip() for line in text.strip().split("\n\n")[0].splitlines())


class CloseQuietly:
    """A with block's end is no place to learn that the server has said 421 already."""

    def __exit__(self, *_):
        self.close()


class Plain(CloseQuietly, smtplib.SMTP):
    pass


class Implicit(CloseQuietly, smtplib.SMTP_SSL):
    pass


class Sandbox(Running):
    def __init__(self):
        super().__init__()
        self.data = self.folder / "sandbox"
        self.target = ("--data", self.data)
        self.ca = self.data / "ca.pem"

    def __enter__(self):
        ports = [part for role in ROLES for part in (SANDBOX_FLAGS[role], self.port[role])]
        self.start("--sandbox", "--no-ipv6", "--data", self.data, *ports)
        return self


class Server(Running):
    """A real one: one.test and two.test are ours, alice@one.test and bob@two.test have accounts."""
    ALICE = ("alice@one.test", "correct horse")
    BOB = ("bob@two.test", "battery staple")

    def __init__(self, more="", listener_more="", before="", verify=False):
        """verify: SPF, DKIM and DMARC of what strangers send; for tests that bring a DNS of their own."""
        super().__init__()
        self.data = self.folder / "data"
        self.verify = verify
        self.ca, self.certificate, self.key = make_certificate(self.folder)
        self.config = self.folder / "mail.toml"
        self.target = ("--config", self.config)
        self.before, self.more, self.listener_more = before, more, listener_more
        self.write_config()

    def write_config(self, more=None, before=None):
        listeners = "".join(f'[[listener]]\nrole = "{role}"\naddress = "127.0.0.1:{port}"\n'
                            f'{self.listener_more}' for role, port in self.port.items())
        if not self.verify:
            listeners = listeners.replace('role = "relay"\n', 'role = "relay"\nverify = false\n')
        self.config.write_text(
            f'hostname = "mx.one.test"\ndata_dir = "{self.data}"\n'
            f'{self.before if before is None else before}\n{listeners}'
            f'[tls]\ncertificate = "{self.certificate}"\nkey = "{self.key}"\n'
            f'[[domain]]\nname = "one.test"\ndeliver = "sandbox"\n'
            f'[[domain]]\nname = "two.test"\ndeliver = "sandbox"\n'
            f'{self.more if more is None else more}\n')

    def add_user(self, login, *arguments):
        return self.packetboat("user", "add", login[0], "--password-stdin", *arguments,
                               input=login[1] + "\n", check=True)

    def __enter__(self):
        # Without a server the command opens the store itself.
        self.add_user(self.ALICE)
        self.add_user(self.BOB)
        self.start("--config", self.config)
        return self


def skip(name, reason):
    """Counts a test as skipped, with the reason that script/test prints at its end."""
    print(f"SKIPPED {name}: {reason}")
    if path := os.environ.get("PB_SKIPS"):
        with open(path, "a") as skips:
            skips.write(f"{name}: {reason}\n")
