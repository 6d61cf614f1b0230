"""dns_server.py: a DNS server for tests: answers over UDP from a table, NXDOMAIN for all other names.

A zone is {name: {"A": ["192.0.2.1"], "MX": [(10, "mx.two.test")], "TXT": ["v=spf1 -all"]}}.
Spec: RFC 1035 §4.1.   Not here: DNSSEC, TCP, wildcards.
"""

import ipaddress
import socket
import struct
import threading

TYPES = {"A": 1, "NS": 2, "SOA": 6, "PTR": 12, "MX": 15, "TXT": 16, "AAAA": 28}
NO_ERROR, NX_DOMAIN = 0, 3


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


class DnsServer:
    """with DnsServer(zone) as server: ... server.address is "127.0.0.1:PORT"."""

    def __init__(self, zone):
        self.zone = {name.lower(): records for name, records in zone.items()}
        self.asked = []
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind(("127.0.0.1", 0))
        self.address = "127.0.0.1:%d" % self.socket.getsockname()[1]
        self.thread = threading.Thread(target=self.serve, daemon=True)

    def answer(self, query):
        name, kind, question = question_of(query)
        self.asked.append((name, kind))
        records = self.zone.get(name)
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
            self.socket.sendto(self.answer(query), client)

    def __enter__(self):
        self.thread.start()
        return self

    def __exit__(self, *_):
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as knock:
            host, port = self.address.split(":")
            knock.sendto(b"", (host, int(port)))
        self.thread.join(5)
        self.socket.close()
