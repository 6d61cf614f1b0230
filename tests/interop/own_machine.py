"""own_machine.py: a network, an /etc and a home of a test's own, so that programs are configured by the files and trust the
certificates that a person would have, on the real port numbers, and nothing of this machine changes.

Not here: what a test does with it. Needs root and unshare(1); `why_not()` says what is missing.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

INSIDE = "PB_OWN_MACHINE"


def why_not():
    if os.geteuid() != 0:
        return "needs root (a network and an /etc of its own)"
    if not shutil.which("unshare") or not shutil.which("ip"):
        return "needs unshare and ip"
    tried = subprocess.run(["unshare", "--net", "--mount", "true"], capture_output=True)
    return None if tried.returncode == 0 else "this machine allows no namespaces"


def enter():
    """Starts this program once more, inside."""
    if os.environ.get(INSIDE) != "yes":
        os.environ[INSIDE] = "yes"
        os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, *sys.argv])


def command(*words, **options):
    return subprocess.run([str(word) for word in words], check=True, capture_output=True, **options)


class OwnMachine:
    """with OwnMachine({"smtp.one.test": "198.18.7.10"}) as machine: machine.trust(ca); machine.home"""

    def __init__(self, hosts):
        self.hosts = hosts
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="packetboat-machine-"))
        self.folder.chmod(0o755)
        self.home, self.etc = self.folder / "home", self.folder / "etc"

    def __enter__(self):
        command("ip", "link", "set", "lo", "up")
        # Not on loopback: Node, asked for an address, wants another interface that has one.
        command("ip", "link", "add", "own0", "type", "veth", "peer", "name", "own1")
        for link in ("own0", "own1"):
            command("ip", "link", "set", link, "up")
        for address in self.hosts.values():
            command("ip", "addr", "add", f"{address}/32", "dev", "own0")
        self.home.mkdir()
        shutil.copytree("/etc", self.etc, symlinks=True)
        (self.etc / "hosts").write_text("127.0.0.1 localhost\n" + "".join(
            f"{address} {name}\n" for name, address in self.hosts.items()))
        (self.etc / "resolv.conf").unlink(missing_ok=True)
        (self.etc / "resolv.conf").write_text("nameserver 127.0.0.1\noptions timeout:1 attempts:1\n")
        (self.etc / "nsswitch.conf").write_text("passwd: files\ngroup: files\nhosts: files dns\nservices: files\n")
        command("mount", "--make-rprivate", "/")
        command("mount", "--bind", self.etc, "/etc")
        return self

    def trust(self, ca):
        """From now on this CA and no other is the system's, for OpenSSL, GnuTLS, Java and a hashed folder."""
        certificates = self.etc / "ssl/certs"
        shutil.rmtree(certificates)
        certificates.mkdir()
        shutil.copy(ca, certificates / "ca-certificates.crt")
        shutil.copy(ca, certificates / "own.pem")
        command("openssl", "rehash", certificates)
        if shutil.which("keytool"):
            (certificates / "java").mkdir()
            command("keytool", "-importcert", "-noprompt", "-storepass", "changeit", "-alias", "own", "-file", ca,
                    "-keystore", certificates / "java/cacerts", "-storetype", "JKS")

    def __exit__(self, *_):
        subprocess.run(["umount", "--lazy", "/etc"], capture_output=True)
        shutil.rmtree(self.folder, ignore_errors=True)
