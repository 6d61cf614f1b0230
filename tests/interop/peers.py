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


class OverlayPeer(Peer):
    """A peer with fixed paths or users of its own: it runs in a chroot that is an overlay of this machine's files with the
    package unpacked on top, in memory. The machine itself is not changed. Needs root."""

    users = ()  # name, uid

    def __init__(self):
        super().__init__()
        self.memory = self.folder / "memory"
        self.system = self.memory / "system"
        self.mounted = []

    def mount(self, *arguments):
        subprocess.run(["mount", *map(str, arguments)], check=True, capture_output=True)
        self.mounted.append(arguments[-1])

    def unpack(self):
        self.memory.mkdir()
        self.mount("-t", "tmpfs", "none", self.memory)
        for folder in ("upper", "work", "system"):
            (self.memory / folder).mkdir()
        self.mount("-t", "overlay", "overlay", "-o", f"lowerdir=/,upperdir={self.memory}/upper,"
                   f"workdir={self.memory}/work", self.system)
        for top in sorted(path for path in self.root.iterdir() if path.is_dir()):
            merged = "usr/" + top.name if top.name in ("bin", "lib", "sbin") else top.name
            shutil.copytree(top, self.system / merged, symlinks=True, dirs_exist_ok=True,
                            copy_function=shutil.copy2)
        for name, uid in self.users:
            with open(self.system / "etc/passwd", "a") as passwd, open(self.system / "etc/group", "a") as group:
                passwd.write(f"{name}:x:{uid}:{uid}::/nonexistent:/bin/false\n")
                group.write(f"{name}:x:{uid}:\n")
        self.inside("/sbin/ldconfig")
        self.mount("-t", "proc", "proc", self.system / "proc")
        self.mount("--rbind", "/dev", self.system / "dev")

    def inside(self, *command, check=True):
        return subprocess.run(["chroot", self.system, *map(str, command)], check=check,
                              capture_output=True, text=True)

    def start_inside(self, *command):
        log = open(self.folder / f"{self.name}.log", "w")
        self.process = subprocess.Popen(["chroot", self.system, *map(str, command)], stdout=log,
                                        stderr=log, start_new_session=True)

    def write(self, path, text, mode=0o644):
        file = self.system / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def read(self, path):
        """The text of a file there, or of all files of a folder there; "" when nothing."""
        place = self.system / path.lstrip("/")
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        return "\n".join(f.read_text(errors="replace") for f in files if f.is_file())

    def stop(self):
        if self.process and self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGTERM)
            try:
                self.process.wait(15)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        for place in reversed(self.mounted):
            subprocess.run(["umount", "--recursive", "--lazy", str(place)], capture_output=True)
        self.mounted = []


class Exim(OverlayPeer):
    """Exim 4.96. Mail for `domain` goes to one mbox; other mail to `smarthost` (HOST::PORT)."""

    name = "exim"
    users = (("Debian-exim", 9901),)

    def __init__(self, domain="exim.test", smarthost="127.0.0.1::1", client=""):
        super().__init__()
        self.domain, self.smarthost, self.client = domain, smarthost, client
        self.ca, self.certificate, self.key = make_certificates(self.folder)

    def start(self):
        self.unpack()
        self.write("/etc/exim4/leaf.pem", self.certificate.read_text())
        self.write("/etc/exim4/leaf.key", self.key.read_text())
        host, _, port = self.smarthost.partition("::")
        self.write("/etc/exim4/exim4.conf", f"""
primary_hostname = mx.{self.domain}
daemon_smtp_ports = {self.port}
local_interfaces = 127.0.0.1
log_file_path = /var/log/exim-%s
domainlist local_domains = {self.domain}
never_users =
tls_advertise_hosts = *
tls_certificate = /etc/exim4/leaf.pem
tls_privatekey = /etc/exim4/leaf.key
acl_smtp_rcpt = accept
acl_smtp_data = accept
queue_run_max = 5
begin routers
local:
  driver = accept
  domains = +local_domains
  transport = mbox
out:
  driver = manualroute
  domains = ! +local_domains
  route_list = * {host} byname
  self = send
  transport = smarthost
begin transports
mbox:
  driver = appendfile
  file = /var/mail/mbox
  user = Debian-exim
  create_file = anywhere
  envelope_to_add
smarthost:
  driver = smtp
  port = {port}
  allow_localhost
  hosts_try_fastopen =
  {self.client}
begin retry
* * F,1h,5m
""", 0o600)
        for folder in ("var/spool/exim4", "var/mail", "var/log"):
            (self.system / folder).mkdir(parents=True, exist_ok=True)
        shutil.chown(self.system / "var/spool/exim4", 9901, 9901)
        (self.system / "var/mail").chmod(0o1777)
        (self.system / "var/log").chmod(0o1777)
        self.start_inside("/usr/sbin/exim4", "-bdf", "-q1m")
        self.wait_for_port(self.port)

    def log_text(self):
        return super().log_text() + self.read("/var/log/exim-main") + self.read("/var/log/exim-panic")

    def mailbox(self, local_part):
        text = self.read("/var/mail/mbox")
        return text if f"Envelope-to: {local_part}@" in text else ""


class OpenSmtpd(OverlayPeer):
    """OpenSMTPD 6.8. Mail for `domain` goes to Maildirs under /var/peer/<local part>."""

    name = "opensmtpd"
    users = (("opensmtpd", 9911), ("opensmtpq", 9912), ("peer", 9913), ("bob", 9914))

    def __init__(self, domain="opensmtpd.test"):
        super().__init__()
        self.domain = domain

    def start(self):
        self.unpack()
        self.write("/etc/smtpd.conf", f"""
table domains {{ "{self.domain}" }}
table users {{ "@" = "peer" }}
listen on 127.0.0.1 port {self.port} hostname mx.{self.domain}
action "box" maildir "/var/peer/%{{rcpt.user}}" virtual <users>
match from any for domain <domains> action "box"
""")
        for folder, mode, user in (("var/spool/smtpd", 0o711, 0), ("var/lib/opensmtpd/empty", 0o755, 0),
                                   ("run/opensmtpd", 0o755, 0), ("var/peer", 0o777, 9913)):
            (self.system / folder).mkdir(parents=True, exist_ok=True)
            (self.system / folder).chmod(mode)
            shutil.chown(self.system / folder, user, user)
        self.start_inside("/usr/sbin/smtpd", "-d")
        self.wait_for_port(self.port)

    def mailbox(self, local_part):
        return self.read(f"/var/peer/{local_part}/new")


class Dovecot(OverlayPeer):
    """Dovecot 2.3: LMTP on `lmtp_port` and /run/lmtp inside, IMAP on `imap_port`, POP3 on `pop3_port`; any user, password "secret"."""

    name = "dovecot"
    users = (("dovecot", 9921), ("dovenull", 9922), ("vmail", 9923))

    def __init__(self, known=("bob@two.test", "alice@two.test")):
        super().__init__()
        self.known = known
        self.port, self.imap_port, self.pop3_port = free_ports(3)
        self.lmtp_port = self.port

    def start(self):
        self.unpack()
        for leftover in (self.system / "etc/dovecot/conf.d").glob("*.conf"):
            leftover.unlink()
        (self.system / "var/vmail").mkdir(parents=True)
        shutil.chown(self.system / "var/vmail", 9923, 9923)
        self.write("/etc/dovecot/users", "".join(f"{user}:{{PLAIN}}secret::::::\n" for user in self.known))
        self.write("/etc/dovecot/dovecot.conf", f"""
protocols = imap lmtp pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
log_path = /dev/stderr
mail_location = maildir:/var/vmail/%u
first_valid_uid = 1
default_login_user = dovenull
default_internal_user = dovecot
default_internal_group = dovecot
passdb {{
  driver = passwd-file
  args = /etc/dovecot/users
}}
userdb {{
  driver = passwd-file
  args = /etc/dovecot/users
  default_fields = uid=9923 gid=9923 home=/var/vmail/%u
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {self.lmtp_port}
  }}
  unix_listener /run/lmtp {{
    mode = 0666
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {self.imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {self.pop3_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@two.test
}}
""")
        self.start_inside("/usr/sbin/dovecot", "-F")
        self.wait_for_port(self.lmtp_port)
        self.wait_for_port(self.imap_port)

    @property
    def lmtp_socket(self):
        return self.system / "run/lmtp"
