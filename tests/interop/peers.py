"""peers.py: other mail servers for interop tests, run from packages that are unpacked under build/peers, each in a folder of
its own on free loopback ports. Nothing is installed; what cannot run here says so in `why_not()`.

Not here: what a test asks of them; peers that need a root of their own (rooted_peers.py). fetch_peers unpacks them.
"""

import os
import pathlib
import pwd
import shutil
import socket
import subprocess
import tempfile
import time

from server import TOP, free_ports, make_certificates, select_pause

PEERS = TOP / "build/peers"
LOGIN_PORTS = ("587", "465", "2525")
MAILBOXES = ("bob", "carol", "dave")  # that each peer has; any other is refused with 550
# Ends with all that it started when the program ends, and when its standard input does: with the test, however that ends.
LEASHED = ("/bin/sh", "-c", '("$@"; kill -KILL 0) & read _; kill -KILL 0', "leash")
SUBDOMAINS = ("relay", "p587", "p465", "p2525")  # a route of ours is chosen by the recipient's domain
NAMES = ("smtp.peer.test", "mail.peer.test")  # stand in every peer's certificate


def maildir_letters(folder):
    return [path.read_bytes() for kind in ("new", "cur") for path in sorted((folder / kind).glob("*"))]


class Peer:
    """with Postfix(...) as peer: peer.port; peer.letters("bob"). Stops everything that it started.

    `port` offers STARTTLS and `clear_port` does not; those of `login_port` ("587", "465", "2525") want a login.
    """

    name = "?"

    def __init__(self, domain=None):
        self.domain = domain or f"{self.name}.test"
        self.domains = [self.domain, *(f"{word}.{self.domain}" for word in SUBDOMAINS)]
        self.root = PEERS / self.name
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix=f"packetboat-{self.name}-"))
        self.folder.chmod(0o755)
        self.port, self.clear_port, *login_ports = free_ports(2 + len(LOGIN_PORTS))
        self.login_port = dict(zip(LOGIN_PORTS, login_ports))
        self.ca, self.certificate, self.key = make_certificates(self.folder, *NAMES, rsa=True)
        self.process = None

    @classmethod
    def why_not(cls):
        """None when it can run here, else the reason, for skip()."""
        if not (PEERS / cls.name / ".complete").exists():
            return f"missing package ({cls.name}; script/bootstrap fetches it)"
        if os.geteuid() != 0:
            return "needs root (the peer gives it up for users of its own)"
        return None

    def wait_for_port(self, port, seconds=30):
        deadline = time.monotonic() + seconds
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), 2):
                    return
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{self.name} did not start:\n{self.log_text()[-4000:]}")
                select_pause()

    def log_text(self):
        return "\n".join(path.read_text(errors="replace")
                         for path in sorted(self.folder.glob("*.log")))

    def start(self):
        raise NotImplementedError

    def maildir(self, local_part):
        raise NotImplementedError

    def letters(self, local_part):
        """What was delivered to that mailbox: a list of bytes."""
        return maildir_letters(self.maildir(local_part))

    def launch(self, *command, **options):
        log = open(self.folder / f"{self.name}-output.log", "w")
        self.process = subprocess.Popen([*LEASHED, *map(str, command)], stdin=subprocess.PIPE, stdout=log,
                                        stderr=log, start_new_session=True, **options)

    def stop(self):
        if self.process:
            self.process.stdin.close()
            self.process.wait(30)

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
    """Postfix 3.7 in its own tree. Mail for `domains` goes to Maildirs; other mail to `relayhost`, "[HOST]:PORT".

    `sasl` is where Dovecot answers for logins, "HOST:PORT".
    """

    name = "postfix"
    OWNER, GROUP = "daemon", "mail"  # existing system accounts stand in for postfix and postdrop

    def __init__(self, relayhost="", extra=None, sasl=""):
        super().__init__()
        self.relayhost, self.sasl = relayhost, sasl
        self.extra = extra or {}
        self.spool = self.folder / "mail"
        libraries = ":".join(str(self.root / path) for path in
                             ("usr/lib/x86_64-linux-gnu", "usr/lib", "usr/lib/postfix"))
        self.environment = {**os.environ, "LD_LIBRARY_PATH": libraries}

    def settings(self):
        owner = pwd.getpwnam(self.OWNER)
        return {
            "compatibility_level": "3.6", "queue_directory": self.folder / "queue",
            "data_directory": self.folder / "data", "command_directory": self.root / "usr/sbin",
            "daemon_directory": self.root / "usr/lib/postfix/sbin", "meta_directory": self.folder / "etc",
            "shlib_directory": self.root / "usr/lib/postfix", "mail_owner": self.OWNER,
            "setgid_group": self.GROUP, "maillog_file": self.folder / "postfix.log",
            "maillog_file_prefixes": self.folder.parent, "inet_interfaces": "127.0.0.1",
            "inet_protocols": "ipv4", "myhostname": f"mx.{self.domain}", "mydestination": "",
            "mynetworks": "127.0.0.0/8", "relayhost": self.relayhost, "alias_maps": "",
            "local_recipient_maps": "", "virtual_mailbox_domains": " ".join(self.domains),
            "virtual_mailbox_base": self.spool,
            "virtual_mailbox_maps": f"texthash:{self.folder}/etc/mailboxes",
            "virtual_uid_maps": f"static:{owner.pw_uid}", "virtual_gid_maps": f"static:{owner.pw_gid}",
            "virtual_minimum_uid": "1", "virtual_mailbox_limit": "0", "message_size_limit": "52428800",
            "smtpd_tls_cert_file": self.certificate, "smtpd_tls_key_file": self.key,
            "smtpd_tls_security_level": "may", "smtp_tls_security_level": "may",
            "smtpd_tls_received_header": "yes", "smtpd_sasl_authenticated_header": "yes",
            "smtpd_sasl_type": "dovecot", "smtpd_sasl_path": f"inet:{self.sasl}",
            "smtpd_client_connection_count_limit": "0", "smtpd_client_connection_rate_limit": "0",
            "default_process_limit": "200", "in_flow_delay": "0", "disable_dns_lookups": "yes",
            "smtp_host_lookup": "native",
            "import_environment": "MAIL_CONFIG MAIL_DEBUG MAIL_LOGTAG TZ LANG=C POSTLOG_SERVICE "
            f"POSTLOG_HOSTNAME LD_LIBRARY_PATH={self.environment['LD_LIBRARY_PATH']}",
            **self.extra}

    def services(self):
        """The lines of master.cf: the package's, without chroot, and our ports."""
        lines = [f"{self.port} inet n - n - - smtpd",
                 f"{self.clear_port} inet n - n - - smtpd -o smtpd_tls_security_level=none"]
        for role, port in self.login_port.items() if self.sasl else ():
            tls = "wrappermode=yes" if role == "465" else "security_level=encrypt"
            lines.append(f"{port} inet n - n - - smtpd -o smtpd_tls_{tls} -o smtpd_tls_auth_only=yes "
                         "-o smtpd_sasl_auth_enable=yes "
                         "-o smtpd_recipient_restrictions=permit_sasl_authenticated,reject")
        dist = (self.root / "usr/share/postfix/master.cf.dist").read_text().splitlines()
        rows = [line.split() for line in dist if line and line[0] not in "# " and len(line.split()) >= 8]
        lines += [" ".join([*row[:4], "n", *row[5:]]) for row in rows if row[:2] != ["smtp", "inet"]]
        if not any(line.startswith("postlog ") for line in lines):
            lines.append("postlog unix-dgram n - n - 1 postlogd")
        return lines

    def start(self):
        for folder in ("etc", "queue", "data", "mail"):
            (self.folder / folder).mkdir()
        for folder in ("data", "mail"):
            shutil.chown(self.folder / folder, self.OWNER)
        etc = self.folder / "etc"
        (etc / "mailboxes").write_text("".join(f"{name}@{domain} {name}/\n" for name in MAILBOXES
                                               for domain in self.domains))
        (etc / "main.cf").write_text("".join(f"{key} = {value}\n" for key, value in self.settings().items()))
        (etc / "master.cf").write_text("\n".join(self.services()) + "\n")
        for file in etc.iterdir():
            os.utime(file, (0, 0))  # Postfix waits for two seconds when a file has just been changed
        self.create_queue()
        self.launch(self.root / "usr/lib/postfix/sbin/master", "-c", etc, "-d",
                    env={**self.environment, "MAIL_CONFIG": str(etc)})
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

    def maildir(self, local_part):
        return self.spool / local_part

    def program(self, name, *arguments, **options):
        """Starts one of its test programs, such as smtp-source or smtp-sink."""
        return subprocess.Popen([self.root / "usr/sbin" / name, *map(str, arguments)],
                                env=self.environment, **options)
