"""rooted_peers.py: Exim, OpenSMTPD and Dovecot, which have fixed paths and users of their own: each runs in a chroot that
holds its unpacked packages, the libraries that these need, a few files of /etc and the usual devices. The machine is not
changed, nothing is mounted. Needs root.

Not here: what a test asks of them; the base class and Postfix (peers.py).
"""

import os
import shutil
import stat
import subprocess
import tempfile

from peers import MAILBOXES, Peer, free_ports

PASSWD = "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/nonexistent:/bin/false\n"
GROUP = "root:x:0:\nmail:x:8:\nnogroup:x:65534:\n"
DEVICES = {"null": (1, 3), "zero": (1, 5), "random": (1, 8), "urandom": (1, 9)}
LOGIN = ("courier@peer.test", "carry this, please: pass=word")


class RootedPeer(Peer):
    users = ()  # name, uid

    @classmethod
    def why_not(cls):
        if reason := super().why_not():
            return reason
        with tempfile.TemporaryDirectory() as folder:
            try:
                os.mknod(folder + "/null", 0o600 | stat.S_IFCHR, os.makedev(*DEVICES["null"]))
                open(folder + "/null", "wb").close()
            except OSError as error:
                return f"needs a root that may make devices ({error.strerror}; is {folder} mounted nodev?)"
        return None

    def __init__(self):
        super().__init__()
        self.system = self.folder / "system"

    def unpack(self):
        shutil.copytree(self.root, self.system, symlinks=True)
        self.system.chmod(0o755)
        for folder, mode in (("dev", 0o755), ("tmp", 0o1777), ("bin", 0o755), ("run", 0o755), ("var/mail", 0o755)):
            (self.system / folder).mkdir(parents=True, exist_ok=True)
            (self.system / folder).chmod(mode)
        if not (self.system / "var/run").exists():
            (self.system / "var/run").symlink_to("/run")
        shutil.copy("/bin/sh", self.system / "bin/sh")
        for name, numbers in DEVICES.items():
            os.mknod(self.system / "dev" / name, 0o666 | stat.S_IFCHR, os.makedev(*numbers))
            (self.system / "dev" / name).chmod(0o666)
        lines = [(name, f"{name}:x:{uid}:{uid}::/run:/bin/sh\n", f"{name}:x:{uid}:\n")
                 for name, uid in self.users]
        self.write("/etc/passwd", PASSWD + "".join(line[1] for line in lines))
        self.write("/etc/group", GROUP + "".join(line[2] for line in lines))
        self.write("/etc/nsswitch.conf", "passwd: files\ngroup: files\nhosts: files\n")
        self.write("/etc/hosts", "127.0.0.1 localhost\n")
        self.write("/etc/peer.pem", self.certificate.read_text())
        self.write("/etc/peer.key", self.key.read_text(), 0o600)
        subprocess.run(["/sbin/ldconfig", "-r", self.system], check=True, capture_output=True)

    def write(self, path, text, mode=0o644):
        file = self.system / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
        file.chmod(mode)

    def make_folder(self, path, mode, uid):
        folder = self.system / path
        folder.mkdir(parents=True, exist_ok=True)
        folder.chmod(mode)
        os.chown(folder, uid, uid)

    def read(self, path):
        """The text of a file there, or of all files of a folder there; "" when nothing."""
        place = self.system / path.lstrip("/")
        files = sorted(place.rglob("*")) if place.is_dir() else [place]
        return "\n".join(f.read_text(errors="replace") for f in files if f.is_file())


class Exim(RootedPeer):
    """Exim 4.96. Mail for `domains` goes to Maildirs; other mail to `smarthost` (HOST::PORT) with the options
    `client` of its transport. Logins by AUTH PLAIN or LOGIN. While there is a file /etc/shut, dave is refused with 451."""

    name = "exim"
    users = (("Debian-exim", 9901),)
    CONFIGURATION = """
primary_hostname = mx.{domain}
daemon_smtp_ports = {ports}
tls_on_connect_ports = {smtps}
local_interfaces = 127.0.0.1
log_file_path = /var/log/exim-%s
log_selector = +smtp_connection +smtp_no_mail +tls_cipher +received_recipients
domainlist local_domains = {domains}
never_users =
keep_environment =
notifier_socket =
tls_advertise_hosts = ${{if eq{{$received_port}}{{{clear}}}{{}}{{*}}}}
tls_certificate = /etc/peer.pem
tls_privatekey = /etc/peer.key
auth_advertise_hosts = ${{if eq{{$tls_in_cipher}}{{}}{{}}{{*}}}}
acl_smtp_rcpt = check_rcpt
acl_smtp_data = accept
queue_run_max = 5
begin acl
check_rcpt:
  accept authenticated = *
  deny message = login first
       condition = ${{if inlisti{{$received_port}}{{{logins}}}}}
  defer local_parts = dave
        condition = ${{if exists{{/etc/shut}}}}
        message = come again
  accept domains = +local_domains
         endpass
         message = no such mailbox
         local_parts = {mailboxes}
  accept hosts = 127.0.0.1
begin routers
local:
  driver = accept
  domains = +local_domains
  local_parts = {mailboxes}
  transport = maildir
out:
  driver = manualroute
  domains = ! +local_domains
  route_list = * {host} byname
  self = send
  transport = smarthost
begin transports
maildir:
  driver = appendfile
  directory = /var/mail/$local_part_data
  maildir_format
  user = Debian-exim
  create_file = anywhere
  delivery_date_add
  envelope_to_add
  return_path_add
smarthost:
  driver = smtp
  port = {smarthost_port}
  allow_localhost
  hosts_try_fastopen =
  {client}
begin retry
* * F,1h,5m
begin authenticators
plain:
  driver = plaintext
  public_name = PLAIN
  server_prompts = :
  server_condition = ${{if and{{{{eq{{$auth2}}{{{user}}}}}{{eq{{$auth3}}{{{password}}}}}}}}}
  server_set_id = $auth2
login:
  driver = plaintext
  public_name = LOGIN
  server_prompts = Username:: : Password::
  server_condition = ${{if and{{{{eq{{$auth1}}{{{user}}}}}{{eq{{$auth2}}{{{password}}}}}}}}}
  server_set_id = $auth1
"""

    def __init__(self, smarthost="127.0.0.1::1", client=""):
        super().__init__()
        self.smarthost, self.client = smarthost, client

    def start(self):
        self.unpack()
        os.chown(self.system / "etc/peer.key", 9901, 0)
        host, _, port = self.smarthost.partition("::")
        ports = [self.port, self.clear_port, *self.login_port.values()]
        self.write("/etc/exim4/exim4.conf", self.CONFIGURATION.format(
            domain=self.domain, domains=" : ".join(self.domains), ports=" : ".join(map(str, ports)), smtps=self.login_port["465"],
            clear=self.clear_port, logins=":".join(map(str, self.login_port.values())),
            mailboxes=" : ".join(MAILBOXES), host=host, smarthost_port=port, client=self.client,
            user=LOGIN[0], password=LOGIN[1]), 0o600)
        self.make_folder("var/spool/exim4", 0o750, 9901)
        self.make_folder("var/mail", 0o755, 9901)
        self.make_folder("var/log", 0o755, 9901)
        self.launch("/usr/sbin/chroot", self.system, "/usr/sbin/exim4", "-bdf", "-q1m")
        self.wait_for_port(self.port)

    def log_text(self):
        return super().log_text() + self.read("/var/log/exim-main") + self.read("/var/log/exim-panic")

    def maildir(self, local_part):
        return self.system / "var/mail" / local_part


class OpenSmtpd(RootedPeer):
    """OpenSMTPD 6.8. Mail for `domains` goes to Maildirs under /var/peer/<local part>.

    Debian 12 builds it with OpenSSL 3, with which it offers STARTTLS and fails in every handshake (its issue 1171): a peer
    that shows what happens then, and none for logins.
    """

    name = "opensmtpd"
    users = (("opensmtpd", 9911), ("opensmtpq", 9912), ("peer", 9913))

    def start(self):
        self.unpack()
        users = ", ".join(f'"{name}@{domain}" = "peer"' for name in MAILBOXES for domain in self.domains)
        domains = ", ".join(f'"{domain}"' for domain in self.domains)
        self.write("/etc/smtpd.conf", f"""
pki peer cert "/etc/peer.pem"
pki peer key "/etc/peer.key"
table domains {{ {domains} }}
table users {{ {users} }}
listen on 127.0.0.1 port {self.port} tls pki peer hostname mx.{self.domain}
listen on 127.0.0.1 port {self.clear_port} hostname mx.{self.domain}
action "box" maildir "/var/peer/%{{rcpt.user}}" virtual <users>
match from any for domain <domains> action "box"
""", 0o600)
        for folder, mode, uid in (("var/spool/smtpd", 0o711, 0), ("var/lib/opensmtpd/empty", 0o755, 0),
                                  ("run/opensmtpd", 0o755, 0), ("var/peer", 0o755, 9913)):
            self.make_folder(folder, mode, uid)
        self.launch("/usr/sbin/chroot", self.system, "/usr/sbin/smtpd", "-d")
        self.wait_for_port(self.port)

    def maildir(self, local_part):
        return self.system / "var/peer" / local_part


class Dovecot(RootedPeer):
    """Dovecot 2.3: LMTP on `port` and on the unix socket `lmtp_socket`, IMAP, POP3, and logins for Postfix.

    `logins` maps users to passwords; `mechanisms` is what it offers at the `auth_port`.
    """

    name = "dovecot"
    users = (("dovecot", 9921), ("dovenull", 9922), ("vmail", 9923))
    CONFIGURATION = """
protocols = imap lmtp pop3
listen = 127.0.0.1
ssl = no
disable_plaintext_auth = no
auth_mechanisms = {mechanisms}
auth_failure_delay = 0
log_path = /var/log/dovecot
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
service anvil {{
  unix_listener anvil-auth-penalty {{
    mode = 0
  }}
}}
service auth {{
  inet_listener {{
    address = 127.0.0.1
    port = {auth_port}
  }}
}}
service lmtp {{
  inet_listener lmtp {{
    address = 127.0.0.1
    port = {port}
  }}
  unix_listener /run/lmtp {{
    mode = 0666
  }}
}}
service imap-login {{
  inet_listener imap {{
    port = {imap_port}
  }}
  inet_listener imaps {{
    port = 0
  }}
}}
service pop3-login {{
  inet_listener pop3 {{
    port = {pop3_port}
  }}
  inet_listener pop3s {{
    port = 0
  }}
}}
protocol lmtp {{
  postmaster_address = postmaster@dovecot.test
}}
"""

    def __init__(self, logins=(LOGIN,), mechanisms="plain login scram-sha-256 scram-sha-1"):
        super().__init__()
        self.logins, self.mechanisms = dict(logins), mechanisms
        self.port, self.imap_port, self.pop3_port, self.auth_port = free_ports(4)

    def start(self):
        self.unpack()
        shutil.rmtree(self.system / "etc/dovecot", ignore_errors=True)
        self.make_folder("var/vmail", 0o755, 9923)
        self.make_folder("var/log", 0o755, 0)
        # A ':' parts the fields, so a password that has one stands there in another form.
        self.write("/etc/dovecot/users", "".join(
            f"{user}:{{PLAIN.hex}}{password.encode().hex()}::::::\n" for user, password in self.logins.items()))
        self.write("/etc/dovecot/dovecot.conf", self.CONFIGURATION.format(
            mechanisms=self.mechanisms, port=self.port, imap_port=self.imap_port,
            pop3_port=self.pop3_port, auth_port=self.auth_port))
        self.launch("/usr/sbin/chroot", self.system, "/usr/sbin/dovecot", "-F")
        for port in (self.port, self.imap_port, self.pop3_port, self.auth_port):
            self.wait_for_port(port)

    def log_text(self):
        return super().log_text() + self.read("/var/log/dovecot")

    def maildir(self, local_part):
        return self.system / "var/vmail" / local_part

    @property
    def lmtp_socket(self):
        return self.system / "run/lmtp"
