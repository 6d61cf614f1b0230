"""hostile_port.py: ports that no program may send through: STARTTLS taken away, a certificate by a CA that nobody trusts, a
certificate for another name. Each offers AUTH, accepts everything that it is told, and keeps every byte that it can read.

Not here: who talks to it.
"""

import pathlib
import ssl
import sys
import threading

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "fault_lab"))
from servers import Listener  # noqa: E402

DOTTED_END = b"\r\n.\r\n"


class HostilePort:
    """`context` None: no TLS at all. `implicit`: TLS from the first byte (or, without a context, a greeting in the clear)."""

    def __init__(self, address, port, context=None, implicit=False):
        self.context, self.implicit = context, implicit
        self.heard, self.connections, self.lock = [], 0, threading.Lock()
        Listener(address, port, self.serve)

    def serve(self, connection, _):
        with self.lock:
            self.connections += 1
        if self.implicit and self.context:
            connection = self.context.wrap_socket(connection, server_side=True)
        with connection:
            self.talk(connection)

    def read(self, connection, end):
        data = b""
        while not data.endswith(end):
            more = connection.recv(65536)
            if not more:
                raise OSError("closed")
            data += more
        with self.lock:
            self.heard.append(data)
        return data

    def talk(self, connection):
        secure = self.implicit and self.context
        connection.sendall(b"220 smtp.one.test ESMTP\r\n")
        while True:
            for line in self.read(connection, b"\n").splitlines():
                verb = line.split(b" ")[0].upper()
                if verb in (b"EHLO", b"HELO"):
                    offer = b"250-STARTTLS\r\n" if self.context and not secure else b""
                    connection.sendall(b"250-smtp.one.test\r\n" + offer + b"250-8BITMIME\r\n250 AUTH PLAIN LOGIN\r\n")
                elif verb == b"STARTTLS" and self.context and not secure:
                    connection.sendall(b"220 go ahead\r\n")
                    connection, secure = self.context.wrap_socket(connection, server_side=True), True
                elif verb == b"STARTTLS":
                    connection.sendall(b"502 5.5.1 not here\r\n")
                elif verb == b"AUTH":
                    connection.sendall(b"235 2.7.0 ok\r\n" if line.count(b" ") > 1 else b"334 \r\n")
                elif verb == b"DATA":
                    connection.sendall(b"354 go on\r\n")
                    self.read(connection, DOTTED_END)
                    connection.sendall(b"250 2.0.0 thank you\r\n")
                elif verb == b"QUIT":
                    connection.sendall(b"221 2.0.0 bye\r\n")
                    return
                else:
                    connection.sendall(b"250 2.0.0 ok\r\n")

    def betrayals(self):
        """The lines that a program must not have sent here: a login, an address, a message."""
        with self.lock:
            heard = list(self.heard)
        return [line[:60] for data in heard for line in data.splitlines()
                if line.upper().startswith((b"AUTH", b"MAIL ", b"RCPT ", b"DATA", b"X-PACKETBOAT"))]

    def forget(self):
        with self.lock:
            self.heard, self.connections = [], 0


def context(certificate, key):
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    made.load_cert_chain(certificate, key)
    return made
