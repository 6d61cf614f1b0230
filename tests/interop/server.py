"""server.py: a Packetboat of its own for one test: free ports, a CA made for it, one account, everything captured.

Not here: what a test asks of it. Uses only the Python standard library and openssl(1).
"""

import json
import os
import pathlib
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
sys.path.append(str(TOP / "tests/end_to_end"))
from running import free_ports  # noqa: E402,F401

BINARY = pathlib.Path(os.environ.get("PB_BINARY", TOP / "build/release/bin/packetboat"))
DIES_WITH_US = ("/usr/bin/setpriv", "--pdeathsig", "KILL")  # also when the test is killed
USER, PASSWORD = "alice@one.test", "correct horse battery staple"
ROLES = {"relay": 25, "submission": 587, "submissions": 465, "submission-alt": 2525}


def run(*command, check=True, **options):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True, **options)
    if check and done.returncode != 0:
        print(f"{command[0]} exited {done.returncode}: {done.stderr[-2000:]}")
        done.check_returncode()
    return done


def make_certificates(folder, *more_names, rsa=False):
    """A CA and a leaf for localhost, 127.0.0.1 and more names; returns (ca, certificate, key) paths."""
    ca, ca_key = folder / "ca.pem", folder / "ca.key"
    leaf, leaf_key, request = folder / "leaf.pem", folder / "leaf.key", folder / "leaf.csr"
    names = folder / "names.cnf"
    alternatives = ",".join(["DNS:localhost", "IP:127.0.0.1", *(f"DNS:{name}" for name in more_names)])
    names.write_text(f"subjectAltName={alternatives}\n"
                     "basicConstraints=CA:FALSE\nextendedKeyUsage=serverAuth\n")
    kind = ["-newkey", "rsa:2048"] if rsa else ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256"]
    new_key = [*kind, "-nodes"]
    run("openssl", "req", "-x509", *new_key, "-keyout", ca_key, "-out", ca, "-days", "30",
        "-subj", "/CN=Packetboat test CA", "-addext", "keyUsage=critical,keyCertSign,cRLSign")
    run("openssl", "req", *new_key, "-keyout", leaf_key, "-out", request, "-subj", "/CN=localhost")
    run("openssl", "x509", "-req", "-in", request, "-CA", ca, "-CAkey", ca_key, "-CAcreateserial",
        "-out", leaf, "-days", "30", "-extfile", names)
    leaf_key.chmod(0o600)
    return ca, leaf, leaf_key


def hand_in(client, letter):
    """One transaction over a smtplib connection; returns the last word of its last reply."""
    client.ehlo_or_helo_if_needed()
    steps = [lambda: client.mail(letter.sender, letter.mail_options()),
             *(lambda to=to: client.rcpt(to, letter.rcpt_options) for to in letter.recipients), lambda: client.data(letter.bytes)]
    for step in steps:
        code, text = step()
        if code >= 300:
            raise RuntimeError(f"{letter.kind} was refused: {code} {text}")
    return text.decode().split()[-1]


class Server:
    """with Server() as server: ... ; server.port["submission"], server.ca, server.inbox()."""

    def __init__(self, security="auto", address="127.0.0.1", extra="", accounts=(), environment=None, ports=None,
                 names=()):
        """`ports`: those of ROLES in order instead of free ones; `names`: more names for the certificate."""
        self.accounts, self.environment = accounts, {**os.environ, **(environment or {})}
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="packetboat-interop-"))
        self.ca, certificate, key = make_certificates(self.folder, *names)
        self.address = address
        self.port = dict(zip(ROLES, ports or free_ports(len(ROLES))))
        self.config = self.folder / "packetboat.toml"
        self.data = self.folder / "data"
        listeners = "".join(f'[[listener]]\nrole = "{role}"\naddress = "{address}:{port}"\n' +
                            (f'security = "{security}"\n' if role != "relay" else "")
                            for role, port in self.port.items())
        self.config.write_text(f'hostname = "mx.one.test"\ndata_dir = "{self.data}"\n{listeners}'
                               f'[tls]\ncertificate = "{certificate}"\nkey = "{key}"\n'
                               f'[[domain]]\nname = "one.test"\ndeliver = "sandbox"\n'
                               f'[[domain]]\nname = "two.test"\ndeliver = "sandbox"\n'
                               f'{extra}')
        self.log = open(self.folder / "server.log", "w+")
        self.process = None

    def packetboat(self, *arguments, check=True, **options):
        return run(BINARY, *arguments, "--config", self.config, check=check, **options)

    def __enter__(self):
        try:
            self.data.mkdir(mode=0o700)
            self.packetboat("user", "add", USER, "--password-stdin", input=PASSWORD + "\n")
            self.packetboat("user", "add", "bob@two.test", "--password-stdin", input="another\n")
            for account in self.accounts:
                self.packetboat("user", "add", account, "--password-stdin", input="another\n")
            self.process = subprocess.Popen([*DIES_WITH_US, BINARY, "serve", "--config", self.config],
                                            stdout=self.log, stderr=subprocess.STDOUT, env=self.environment)
            self.wait_until_listening()
        except BaseException:
            self.__exit__()
            raise
        return self

    def wait_until_listening(self):
        deadline = time.monotonic() + 30
        for port in self.port.values():
            while True:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("the server did not start:\n" + self.log_text())
                try:
                    socket.create_connection((self.address, port), 1).close()
                    break
                except OSError:
                    select_pause()

    def log_text(self):
        self.log.flush()
        return (self.folder / "server.log").read_text(errors="replace")

    def log_lines(self, event):
        lines = [json.loads(line) for line in self.log_text().splitlines() if line.startswith("{")]
        return [line for line in lines if line["event"] == event]

    def submit(self, letter):
        """Hands a letter (letters.py) in on 587 as its user; returns the queue id."""
        with smtplib.SMTP("localhost", self.port["submission"], timeout=60) as client:
            client.starttls(context=ssl.create_default_context(cafile=str(self.ca)))
            client.login(USER, PASSWORD)
            return hand_in(client, letter)

    def inbox(self):
        """The captured messages, as `packetboat inbox list --json` gives them."""
        return json.loads(self.packetboat("inbox", "list", "--json").stdout)

    def raw(self, queue_id):
        return self.packetboat("inbox", "raw", queue_id).stdout

    def caught(self):
        """All captured messages as bytes."""
        return [self.raw(message["id"]).encode() for message in self.inbox()]

    def __exit__(self, *_):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(20)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self.log.close()
        shutil.rmtree(self.folder, ignore_errors=True)


def select_pause():
    """One short wait between two looks at something that has no event to wait for."""
    import select
    select.select([], [], [], 0.02)


def skip(name, reason):
    """Counts a test as skipped, with the reason that script/test prints at its end."""
    print(f"SKIPPED {name}: {reason}")
    if path := os.environ.get("PB_SKIPS"):
        with open(path, "a") as skips:
            skips.write(f"{name}: {reason}\n")
