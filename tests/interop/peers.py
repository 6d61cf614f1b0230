"""peers.py: other mail servers for interop tests, run from packages that are unpacked under build/peers, each in a folder of
its own on a free loopback port. Nothing is installed; what needs root or a fixed path says so in `why_not()`.

Not here: what a test asks of them. fetch_peers unpacks them; PB_INTEROP_SYSTEM=1 allows what touches the system.
"""

import os
import pathlib
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time

from server import TOP, free_ports, make_certificates, select_pause

PEERS = TOP / "build/peers"


def library_path(peer):
    roots = ("usr/lib/x86_64-linux-gnu", "usr/lib", f"usr/lib/{peer}", "usr/lib/postfix",
             "usr/lib/dovecot", "usr/lib/x86_64-linux-gnu/libmariadb3")
    return ":".join(str(PEERS / peer / root) for root in roots)


def is_user(name):
    try:
        return bool(pwd.getpwnam(name))
    except KeyError:
        return False


class Peer:
    """with Postfix(...) as peer: peer.port; peer.log_text(). Stops everything that it started."""

    name = "?"

    def __init__(self):
        self.root = PEERS / self.name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"packetboat-{self.name}-"))
        self.folder.chmod(0o755)
        self.port = free_ports(1)[0]
        self.environment = {**os.environ, "LD_LIBRARY_PATH": library_path(self.name)}
        self.process = None

    @classmethod
    def why_not(cls):
        """None when it can run here, else the reason, for skip()."""
        if not (PEERS / cls.name / ".complete").exists():
            return f"missing package ({cls.name}; script/bootstrap fetches it)"
        if os.geteuid() != 0:
            return "needs root"
        return None

    def wait_for_port(self, port, seconds=30):
        deadline = time.monotonic() + seconds
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), 2):
                    return
            except OSError:
                if time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} did not start:\n{self.log_text()[-4000:]}")
                select_pause()

    def log_text(self):
        return "\n".join(path.read_text(errors="replace")
                         for path in sorted(self.folder.glob("*.log")))

    def start(self):
        raise NotImplementedError

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.send_signal(signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()

    def __enter__(self):
        try:
            self.start()
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)


class Postfix(Peer):
    """Postfix 3.7 in its own tree. Mail for `domains` goes to mboxes under .spool/<user>; other mail to `relayhost`."""

    name = "postfix"
    OWNER, GROUP = "daemon", "mail"  # existing system accounts stand in for postfix and postdrop

    def __init__(self, domains=("peer.test",), relayhost="", extra=None, services=""):
        super().__init__()
        self.domains, self.relayhost, self.services = domains, relayhost, services
        self.extra = extra or {}
        self.ca, self.certificate, self.key = make_certificates(self.folder)
        self.spool = self.folder / "mail"

    def settings(self):
        return {
            "compatibility_level": "3.6", "queue_directory": self.folder / "queue",
            "data_directory": self.folder / "data", "command_directory": self.root / "usr/sbin",
            "daemon_directory": self.root / "usr/lib/postfix/sbin", "meta_directory": self.folder / "etc",
            "shlib_directory": self.root / "usr/lib/postfix", "mail_owner": self.OWNER,
            "setgid_group": self.GROUP, "maillog_file": self.folder / "postfix.log",
            "maillog_file_prefixes": self.folder.parent, "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4", "myhostname": "mx.peer.test", "mydestination": "",
            "mynetworks": "127.0.0.0/8", "relayhost": self.relayhost, "alias_maps": "",
            "local_recipient_maps": "", "virtual_mailbox_domains": " ".join(self.domains),
            "virtual_mailbox_base": self.spool, "virtual_mailbox_maps": "static:all",
            "virtual_uid_maps": f"static:{pwd.getpwnam(self.OWNER).pw_uid}",
            "virtual_gid_maps": f"static:{pwd.getpwnam(self.OWNER).pw_gid}", "virtual_minimum_uid": "1",
            "smtpd_tls_cert_file": self.certificate, "smtpd_tls_key_file": self.key,
            "smtpd_tls_security_level": "may", "smtp_tls_security_level": "may",
            "smtpd_client_connection_count_limit": "0", "smtpd_client_connection_rate_limit": "0",
            "default_process_limit": "200", "in_flow_delay": "0", "disable_dns_lookups": "yes",
            "smtp_host_lookup": "native",
            "import_environment": "MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE "
            f"POSTLOG_HOSTNAME LD_LIBRARY_PATH={library_path('postfix')}",
            **self.extra}

    def start(self):
        for folder in ("etc", "queue", "data", "mail"):
            (self.folder / folder).mkdir()
        for folder in ("data", "mail"):
            shutil.chown(self.folder / folder, self.OWNER)
        (self.folder / "etc/main.cf").write_text(
            "".join(f"{key} = {value}\n" for key, value in self.settings().items()))
        dist = (self.root / "usr/share/postfix/master.cf.dist").read_text().splitlines()
        rows = [line.split() for line in dist if line and line[0] not in "# " and len(line.split()) >= 8]
        lines = [f"{self.port} inet n - n - - smtpd"]
        for row in rows:
            if row[0] != "smtp" or row[1] != "inet":
                lines.append(" ".join([*row[:4], "n", *row[5:]]))
        if not any(line.startswith("postlog ") for line in lines):
            lines.append("postlog unix-dgram n - n - 1 postlogd")
        (self.folder / "etc/master.cf").write_text("\n".join(lines) + "\n" + self.services)
        self.create_queue()
        log = open(self.folder / "master.log", "w")
        self.process = subprocess.Popen(
            [self.root / "usr/lib/postfix/sbin/master", "-c", self.folder / "etc", "-d"],
            env={**self.environment, "MAIL_CONFIG": str(self.folder / "etc")}, stdout=log, stderr=log)
        self.wait_for_port(self.port)

    def create_queue(self):
        queue = self.folder / "queue"
        for folder in ("active", "bounce", "corrupt", "defer", "deferred", "flush", "hold", "incoming",
                       "private", "saved", "trace"):
            (queue / folder).mkdir()
            shutil.chown(queue / folder, self.OWNER)
        for folder in ("maildrop", "public"):
            (queue / folder).mkdir()
            shutil.chown(queue / folder, self.OWNER, self.GROUP)
        (queue / "pid").mkdir()

    def mailbox(self, local_part, domain="peer.test"):
        """The text of what was delivered to that address's mbox so far ("" when nothing)."""
        path = self.spool / f"{local_part}@{domain}"
        return path.read_text(errors="replace") if path.exists() else ""

    def program(self, name, *arguments, **options):
        """Starts one of its test programs, such as smtp-source or smtp-sink."""
        return subprocess.Popen([self.root / "usr/sbin" / name, *map(str, arguments)],
                                env=self.environment, **options)
