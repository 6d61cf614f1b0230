"""wire.py: SMTP by hand: whole replies read, bytes sent as they are. For tests that no client library
would play along with.   Spec: RFC 5321 §4.2 (replies).   Not here: what a test asks.
"""

import socket
import struct

from running import WAIT


class Gone(Exception):
    """The server has closed the connection."""


class Wire:
    """One connection. A reply is (code, its lines as one text)."""

    def __init__(self, port, source=None, wait=WAIT):
        self.socket = socket.create_connection(("127.0.0.1", port), wait,
                                               (source, 0) if source else None)
        self.buffer = b""

    def read_line(self):
        while b"\n" not in self.buffer:
            try:
                data = self.socket.recv(65536)
            except ConnectionError as error:
                raise Gone from error
            if not data:
                raise Gone
            self.buffer += data
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line.rstrip(b"\r").decode("utf-8", "replace")

    def reply(self):
        lines = [self.read_line()]
        while lines[-1][3:4] == "-":
            lines.append(self.read_line())
        return int(lines[-1][:3]), "\n".join(line[4:] for line in lines)

    def send(self, data):
        try:
            self.socket.sendall(data if isinstance(data, bytes) else data.encode())
        except ConnectionError as error:
            raise Gone from error

    def say(self, line):
        """One command and its reply."""
        self.send(line + "\r\n")
        return self.reply()

    def greet(self, name="client.example"):
        greeting = self.reply()
        return greeting, self.say(f"EHLO {name}")

    def under_tls(self, context, name="localhost"):
        self.socket = context.wrap_socket(self.socket, server_hostname=name)
        return self

    def start_tls(self, context):
        code, text = self.say("STARTTLS")
        if code != 220:
            raise AssertionError(f"STARTTLS: {code} {text}")
        return self.under_tls(context)

    def close(self):
        self.socket.close()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()


def proxy_v1(text):
    """A PROXY header of version 1, with our port as its last word where it has addresses."""
    return f"PROXY {text}\r\n".encode()


def proxy_v2(command, family, addresses=b""):
    """command 0: LOCAL, 1: PROXY; family 0x11: TCP over IPv4, 0x21: over IPv6, 0: unspecified."""
    head = b"\r\n\r\n\0\r\nQUIT\n" + bytes([0x20 | command, family])
    return head + struct.pack("!H", len(addresses)) + addresses


def inet(address, port=40000):
    """Source (address, port) and our own side, as the header's version 2 holds them."""
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    ours = "::1" if ":" in address else "127.0.0.1"
    return (socket.inet_pton(family, address) + socket.inet_pton(family, ours) +
            struct.pack("!HH", port, 25))
