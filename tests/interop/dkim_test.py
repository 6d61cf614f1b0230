#!/usr/bin/env python3
"""dkim_test.py: signed by us and verified by dkimpy, OpenDKIM and rspamd; signed by the first two and verified by us.

All four canonicalizations, both key types where the peer knows them; a changed body must fail at both ends. The peers are
unpacked under build/peers (fetch_peers); no service is installed, and DNS is a file, a function, or a server of the test.
"""

import base64
import ctypes
import json
import os
import pathlib
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request

from server import BINARY, TOP, free_ports, select_pause, skip

PEERS = TOP / "build/peers"
DOMAIN = "example.com"
MESSAGE = (b"From: Alice <alice@example.com>\r\nTo: bob@example.org\r\nSubject: a  folded\r\n\t subject \r\n"
           b"Date: Sat, 21 Nov 2026 12:00:00 +0000\r\nMessage-ID: <1@example.com>\r\nMIME-Version: 1.0\r\n"
           b"Content-Type: text/plain\r\n\r\nHello,\r\n\r\n  two  blanks \r\n\ttab\r\n\r\n\r\n")
CANONICALIZATIONS = ("simple/simple", "simple/relaxed", "relaxed/simple", "relaxed/relaxed")


def ours(*arguments, message):
    done = subprocess.run([BINARY, *arguments], input=message, capture_output=True, timeout=60)
    return done.returncode, done.stdout


class Keys:
    """A folder of keys made by `packetboat dkim keygen`, and the DNS that publishes them."""

    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        self.records = {}
        for kind in ("rsa", "ed25519"):
            code, out = ours("dkim", "keygen", DOMAIN, "--selector", kind, "--type", kind, "--json", "--directory",
                             str(self.folder), message=b"")
            assert code == 0, out
            made = json.loads(out)
            self.records[made["name"]] = made["record"]
        self.zone = self.folder / "zone.yml"
        self.zone.write_text("".join(f'{name}:\n  - TXT: "{text}"\n' for name, text in self.records.items()))

    def path(self, kind):
        return self.folder / DOMAIN / f"{kind}.pem"


def sign_by_us(keys, kind, canonicalization):
    code, field = ours("dkim", "sign", "-", "--key", str(keys.path(kind)), "--domain", DOMAIN, "--selector", kind,
                       "--canonicalization", canonicalization, message=MESSAGE)
    assert code == 0, field
    return field + MESSAGE


def verified_by_us(keys, message):
    _, out = ours("dkim", "verify", "-", "--json", "--dns-file", str(keys.zone), message=message)
    return [one["result"] for one in json.loads(out)["signatures"]]


def changed(message):
    return message.replace(b"two  blanks", b"two  blankets")


def with_dkimpy(keys, rows):
    packages = PEERS / "dkimpy/usr/lib/python3/dist-packages"
    if not packages.is_dir():
        return skip("interop DKIM: dkimpy", "missing package (script/bootstrap fetches it)")
    sys.path.insert(0, str(packages))
    import dkim

    def dns(name, timeout=5):
        return keys.records.get(name.decode().rstrip("."), "").encode()

    for kind in ("rsa", "ed25519"):
        for canonicalization in CANONICALIZATIONS:
            message = sign_by_us(keys, kind, canonicalization)
            rows.append(("dkimpy verifies ours", kind, canonicalization, dkim.verify(message, dnsfunc=dns)))
            rows.append(("dkimpy refuses ours, changed", kind, canonicalization,
                         not dkim.verify(changed(message), dnsfunc=dns)))
            header, body = canonicalization.encode().split(b"/")
            if kind == "rsa":
                private, algorithm = keys.path(kind).read_bytes(), b"rsa-sha256"
            else:
                der = subprocess.run(["openssl", "pkey", "-in", str(keys.path(kind)), "-outform", "DER"],
                                     capture_output=True, check=True).stdout
                private, algorithm = base64.b64encode(der[-32:]), b"ed25519-sha256"
            field = dkim.sign(MESSAGE, kind.encode(), DOMAIN.encode(), private, canonicalize=(header, body),
                              signature_algorithm=algorithm, linesep=b"\r\n")
            rows.append(("we verify dkimpy's", kind, canonicalization,
                         verified_by_us(keys, field + MESSAGE) == ["pass"]))
            rows.append(("we refuse dkimpy's, changed", kind, canonicalization,
                         verified_by_us(keys, changed(field + MESSAGE)) == ["fail"]))


class OpenDkim:
    """libopendkim by its own interface; keys come from a callback instead of DNS."""

    def __init__(self, keys):
        folder = next(iter(PEERS.glob("opendkim/usr/lib/*-linux-gnu")))
        for name in sorted(folder.glob("lib*.so.*")) * 2:  # twice: some need others that come later
            try:
                ctypes.CDLL(str(name), ctypes.RTLD_GLOBAL)
            except OSError:
                pass
        self.c = ctypes.CDLL(str(folder / "libopendkim.so.11"))
        for name in ("dkim_init", "dkim_verify", "dkim_sign"):
            getattr(self.c, name).restype = ctypes.c_void_p
        for name in ("dkim_sig_getselector", "dkim_sig_getdomain"):
            getattr(self.c, name).restype = ctypes.c_char_p
        self.library = ctypes.c_void_p(self.c.dkim_init(None, None))
        assert self.library.value, "dkim_init"

        def look_up(_handle, signature, buffer, length):
            selector = self.c.dkim_sig_getselector(ctypes.c_void_p(signature)).decode()
            domain = self.c.dkim_sig_getdomain(ctypes.c_void_p(signature)).decode()
            text = keys.records[f"{selector}._domainkey.{domain}"].encode() + b"\0"
            ctypes.memmove(buffer, text, min(len(text), length))
            return 0

        self.look_up = ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p,
                                        ctypes.c_size_t)(look_up)
        self.c.dkim_set_key_lookup(self.library, self.look_up)

    def feed(self, handle, message):
        if self.c.dkim_chunk(handle, ctypes.c_char_p(message), ctypes.c_size_t(len(message))) != 0:
            return -1
        self.c.dkim_chunk(handle, None, ctypes.c_size_t(0))
        return self.c.dkim_eom(handle, None)

    def verifies(self, message):
        status = ctypes.c_int(0)
        handle = ctypes.c_void_p(self.c.dkim_verify(self.library, b"id", None, ctypes.byref(status)))
        try:
            return status.value == 0 and self.feed(handle, message) == 0
        finally:
            self.c.dkim_free(handle)

    def signed(self, key, canonicalization):
        header, body = (int(word == "relaxed") for word in canonicalization.split("/"))
        status = ctypes.c_int(0)
        handle = ctypes.c_void_p(self.c.dkim_sign(
            self.library, b"id", None, ctypes.c_char_p(key), b"rsa", DOMAIN.encode(), header, body, 1,
            ctypes.c_ssize_t(-1), ctypes.byref(status)))
        buffer = ctypes.create_string_buffer(4096)
        try:
            assert status.value == 0 and self.feed(handle, MESSAGE) == 0
            assert self.c.dkim_getsighdr(handle, buffer, ctypes.c_size_t(4096), ctypes.c_size_t(16)) == 0
        finally:
            self.c.dkim_free(handle)
        field = buffer.value.replace(b"\r\n", b"\n").replace(b"\n", b"\r\n")
        return b"DKIM-Signature: " + field + b"\r\n" + MESSAGE


def with_opendkim(keys, rows):
    if not list(PEERS.glob("opendkim/usr/lib/*-linux-gnu/libopendkim.so.11")):
        return skip("interop DKIM: OpenDKIM", "missing package (script/bootstrap fetches it)")
    peer = OpenDkim(keys)
    for canonicalization in CANONICALIZATIONS:
        message = sign_by_us(keys, "rsa", canonicalization)
        rows.append(("OpenDKIM verifies ours", "rsa", canonicalization, peer.verifies(message)))
        rows.append(("OpenDKIM refuses ours, changed", "rsa", canonicalization,
                     not peer.verifies(changed(message))))
        message = peer.signed(keys.path("rsa").read_bytes(), canonicalization)
        rows.append(("we verify OpenDKIM's", "rsa", canonicalization, verified_by_us(keys, message) == ["pass"]))
        rows.append(("we refuse OpenDKIM's, changed", "rsa", canonicalization,
                     verified_by_us(keys, changed(message)) == ["fail"]))


class Rspamd:
    """rspamd in the foreground on a port of its own, with its DKIM module alone and our DNS."""

    def __init__(self, dns_address):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="packetboat-rspamd-"))
        self.folder.chmod(0o777)
        self.port = free_ports(1)[0]
        root = PEERS / "rspamd/usr"
        host, port = dns_address.split(":")
        self.config = self.folder / "rspamd.conf"
        self.config.write_text(
            f'options {{ pidfile = "{self.folder}/pid"; filters = "dkim"; tempdir = "{self.folder}"; '
            f'url_tld = "{self.folder}/tld"; '
            f'rundir = "{self.folder}"; dns {{ nameserver = ["{host}:{port}:10"]; timeout = 2s; }} '
            f'local_addrs = []; }}\n'
            f'logging {{ type = "file"; filename = "{self.folder}/rspamd.log"; level = "info"; }}\n'
            f'lua = "{self.folder}/empty.lua"\n'
            f'worker "normal" {{ bind_socket = "127.0.0.1:{self.port}"; count = 1; }}\n'
            'dkim { dkim_cache_size = 0; time_jitter = 3d; trusted_only = false; }\n'
            'actions { reject = 100; }\n')
        (self.folder / "empty.lua").write_text("")
        (self.folder / "tld").write_text("com\norg\n")  # its own list takes half a minute to compile
        libraries = [*root.glob("lib/*-linux-gnu"), *root.glob("lib/rspamd"), *root.glob("lib")]
        self.environment = dict(os.environ, LD_LIBRARY_PATH=":".join(map(str, libraries)),
                                LUA_PATH=f"{root}/share/rspamd/lualib/?.lua;{root}/share/rspamd/lualib/?/init.lua")
        self.process = None
        self.program = root / "bin/rspamd"
        self.variables = [f"--var=LUALIBDIR={root}/share/rspamd/lualib", f"--var=RULESDIR={root}/share/rspamd/rules",
                          f"--var=SHAREDIR={root}/share/rspamd", f"--var=PLUGINSDIR={root}/share/rspamd/plugins",
                          f"--var=DBDIR={self.folder}", f"--var=RUNDIR={self.folder}"]

    def __enter__(self):
        self.process = subprocess.Popen([str(self.program), "-f", "-i", "-c", str(self.config), *self.variables],
                                        env=self.environment, stdout=subprocess.DEVNULL,
                                        stderr=open(self.folder / "stderr", "wb"))
        deadline = time.monotonic() + 30
        while True:
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return self
            except OSError:
                if self.process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError("rspamd did not start: " + (self.folder / "stderr").read_text()[-1500:])
                select_pause()

    def symbols(self, message):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}/checkv2", message, {"IP": "192.0.2.1"})
        with urllib.request.urlopen(request, timeout=30) as answer:
            return json.loads(answer.read())["symbols"]

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def with_rspamd(keys, rows):
    if not (PEERS / "rspamd/usr/bin/rspamd").exists():
        return skip("interop DKIM: rspamd", "missing package (script/bootstrap fetches it)")
    sys.path.insert(0, str(TOP / "tests/end_to_end"))
    from dns_server import DnsServer
    zone = {name: {"TXT": [text]} for name, text in keys.records.items()}
    with DnsServer(zone) as dns, Rspamd(dns.address) as peer:
        for kind in ("rsa", "ed25519"):
            for canonicalization in CANONICALIZATIONS:
                message = sign_by_us(keys, kind, canonicalization)
                rows.append(("rspamd verifies ours", kind, canonicalization,
                             "R_DKIM_ALLOW" in peer.symbols(message)))
                rows.append(("rspamd refuses ours, changed", kind, canonicalization,
                             "R_DKIM_REJECT" in peer.symbols(changed(message))))


def main():
    rows = []
    with tempfile.TemporaryDirectory() as folder:
        keys = Keys(folder)
        for peer in (with_dkimpy, with_opendkim, with_rspamd):
            peer(keys, rows)
    for what, kind, canonicalization, good in rows:
        print(f"MATRIX {what:<32} {kind:<8} {canonicalization:<16} {'ok' if good else 'FAILED'}")
    failed = sum(1 for row in rows if not row[3])
    print(f"SUITE DKIM with other programs: present {len(rows)} passed {len(rows) - failed} excused 0")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
