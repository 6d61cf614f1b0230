"""dns_server.py: a DNS server for tests: answers over UDP from a table, NXDOMAIN for all other names.

A zone is {name: {"A": ["192.0.2.1"], "MX": [(10, "mx.two.test")], "TXT": ["v=spf1 -all"]}}; instead of
records a name may have "servfail", "refused" or "silent".
Spec: RFC 1035 §4.1; RFC 4034 §2, §3 and RFC 6605 for a root that is signed, and nothing below it (so
that a validator calls all else bogus).   Not here: TCP, wildcards, NSEC.
"""

import base64
import ipaddress
import socket
import struct
import subprocess
import threading
import time

TYPES = {"A": 1, "NS": 2, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
DNSKEY, RRSIG, OPT = 48, 46, 41
NO_ERROR, NX_DOMAIN = 0, 3
FAILURES = {"servfail": 2, "refused": 5}


def name_bytes(name):
    labels = [label.encode() for label in name.rstrip(".").split(".") if label]
    return b"".join(bytes([len(label)]) + label for label in labels) + b"\0"


def record_bytes(kind, value):
    if kind in ("A", "AAAA"):
        return ipaddress.ip_address(value).packed
    if kind == "MX":
        return struct.pack("!H", value[0]) + name_bytes(value[1])
    if kind == "TXT":
        text = value.encode()
        parts = [text[at:at + 255] for at in range(0, len(text), 255)] or [b""]
        return b"".join(bytes([len(part)]) + part for part in parts)
    return name_bytes(value)


def question_of(query):
    """(name in lower case, type number, the question's bytes)."""
    at, labels = 12, []
    while query[at]:
        labels.append(query[at + 1:at + 1 + query[at]].decode("latin-1").lower())
        at += 1 + query[at]
    return ".".join(labels), struct.unpack("!H", query[at + 1:at + 3])[0], query[12:at + 5]


class RootKey:
    """A key of the root; `anchor` is a file that makes a resolver believe it."""

    def __init__(self, folder):
        self.key = folder / "root.key"
        subprocess.run(["openssl", "ecparam", "-name", "prime256v1", "-genkey", "-noout", "-out",
                        self.key], check=True, capture_output=True)
        public = subprocess.run(["openssl", "ec", "-in", self.key, "-pubout", "-outform", "DER"],
                                check=True, capture_output=True).stdout[-64:]
        self.record = struct.pack("!HBB", 257, 3, 13) + public
        self.anchor = folder / "root.anchor"
        self.anchor.write_text(f". IN DNSKEY 257 3 13 {base64.b64encode(public).decode()}\n")

    def key_tag(self):
        """RFC 4034, Appendix B."""
        total = sum(octet if at & 1 else octet << 8 for at, octet in enumerate(self.record))
        return (total + (total >> 16 & 0xFFFF)) & 0xFFFF

    def sign(self, data):
        der = subprocess.run(["openssl", "dgst", "-sha256", "-sign", self.key], input=data,
                             check=True, capture_output=True).stdout
        at, out = 2, b""
        for _ in range(2):  # two INTEGERs
            length = der[at + 1]
            out += der[at + 2:at + 2 + length].lstrip(b"\0").rjust(32, b"\0")
            at += 2 + length
        return out

    def answer(self, query, question):
        """The root's DNSKEY with its RRSIG."""
        now = int(time.time())
        head = struct.pack("!HBBIIIH", DNSKEY, 13, 0, 3600, now + 86400, now - 3600,
                           self.key_tag()) + b"\0"
        canonical = b"\0" + struct.pack("!HHIH", DNSKEY, 1, 3600, len(self.record)) + self.record
        signature = head + self.sign(head + canonical)
        return (query[:2] + struct.pack("!HHHHH", 0x8580, 1, 2, 0, 1) + question + canonical + b"\0" +
                struct.pack("!HHIH", RRSIG, 1, 3600, len(signature)) + signature +
                b"\0" + struct.pack("!HHIH", OPT, 1232, 0x8000, 0))


class DnsServer:
    """with DnsServer(zone) as server: ... server.address is "127.0.0.1:PORT"."""

    def __init__(self, zone, root_key=None):
        self.root_key = root_key
        self.zone = {name.lower(): records for name, records in zone.items()}
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def answer(self, query):
        name, kind, question = question_of(query)
        self.asked.append((name, kind))
        records = self.zone.get(name, "silent" if self.zone.get("") == "silent" else None)
        if self.root_key and (name, kind) == ("", DNSKEY):
            return self.root_key.answer(query, question)
        if records == "silent":
            return None
        if isinstance(records, str):
            return query[:2] + struct.pack("!HHHHH", 0x8180 | FAILURES[records], 1, 0, 0, 0) + question
        values = [(word, value) for word, all_values in (records or {}).items()
                  for value in all_values if TYPES[word] == kind]
        # A name that has names below it exists, though it has nothing itself (RFC 8020).
        exists = records is not None or any(one.endswith("." + name) for one in self.zone) or not name
        answers = b"".join(b"\xc0\x0c" + struct.pack("!HHIH", TYPES[word], 1, 60, len(data)) + data
                           for word, value in values for data in [record_bytes(word, value)])
        flags = 0x8580 | (NO_ERROR if exists else NX_DOMAIN)
        return query[:2] + struct.pack("!HHHHH", flags, 1, len(values), 0, 0) + question + answers

    def serve(self):
        while True:
            try:
                query, client = self.socket.recvfrom(4096)
            except OSError:
                return
            if not query:
                return
            if answer := self.answer(query):
                self.socket.sendto(answer, client)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
            host, port = self.address.split(":")
            knock.sendto(b"", (host, int(port)))
        self.thread.join(5)
        self.socket.close()
