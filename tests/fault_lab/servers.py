"""Servers of the fault laboratory: one healthy SMTP talk with a switch for everything that can break."""
import socket
import ssl
import struct
import threading
import time

BANNERS = ["220 {name} ESMTP ready", "220 {name} ESMTP Postfix", "220-{name} hello\r\n220 welcome",
           "220 {name} Service ready"]


class Listener:
    """Accepts on (address, port) and runs talk(connection) in a thread of its own."""

    def __init__(self, address, port, talk, backlog=50):
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self.socket = socket.socket(family, socket.SOCK_STREAM)
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            self.socket.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        self.socket.bind((address, port))
        self.socket.listen(backlog)
        self.address, self.port = address, self.socket.getsockname()[1]
        self.talk, self.open, self.most, self.lock = talk, 0, 0, threading.Lock()
        self.bytes_in = b""
        threading.Thread(target=self.run, daemon=True).start()

    def run(self):
        while True:
            try:
                connection, _ = self.socket.accept()
            except OSError:
                return
            threading.Thread(target=self.serve, args=(connection,), daemon=True).start()

    def serve(self, connection):
        with self.lock:
            self.open += 1
            self.most = max(self.most, self.open)
        connection.settimeout(40)
        try:
            self.talk(connection, self)
        except (OSError, ssl.SSLError, ValueError):
            pass
        finally:
            with self.lock:
                self.open -= 1
            try:
                connection.close()
            except OSError:
                pass

    def close(self):
        self.socket.close()


def reset(connection):
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    connection.close()


def read_line(connection):
    line = b""
    while not line.endswith(b"\n"):
        byte = connection.recv(1)
        if not byte:
            raise OSError("closed")
        line += byte
        if len(line) > 4096:
            raise OSError("long")
    return line.decode("latin-1").strip()


def wait_for_close(connection):
    while connection.recv(4096):
        pass


def raw(text, then="wait"):
    def talk(connection, _):
        if text:
            connection.sendall(text.encode("latin-1"))
        if then == "wait":
            wait_for_close(connection)
        elif then == "reset":
            reset(connection)
    return talk


def answer_first_bytes(text):
    """Says nothing until it is spoken to (a web server)."""
    def talk(connection, _):
        connection.recv(4096)
        connection.sendall(text.encode("latin-1"))
    return talk


def trickle(byte, every):
    def talk(connection, _):
        while True:
            connection.sendall(byte)
            time.sleep(every)
    return talk


class Smtp:
    """A healthy server; each keyword argument changes one thing."""

    def __init__(self, name, context=None, implicit=False, **change):
        self.name, self.context, self.implicit = name, context, implicit
        self.change = change

    def get(self, key, default=None):
        return self.change.get(key, default)

    def __call__(self, connection, listener):
        self.limit(connection, listener)
        secure = False
        if self.implicit:
            connection = self.wrap(connection)
            secure = True
        elif self.get("either"):
            connection, secure = self.either(connection)
        time.sleep(self.get("greeting_delay", 0))
        greeting = self.get("greeting", "220 {name} ESMTP ready").format(name=self.name)
        connection.sendall((greeting + "\r\n").encode("latin-1"))
        if not greeting.startswith("220"):
            return wait_for_close(connection)
        while True:
            line = read_line(connection)
            time.sleep(self.get("command_delay", 0))
            verb = line.split(" ")[0].upper()
            if verb in ("EHLO", "HELO"):
                self.ehlo(connection, secure)
            elif verb == "STARTTLS" and not secure:
                connection = self.starttls(connection)
                secure = True
            elif verb == "AUTH":
                self.login(connection, line.split())
            elif verb == "QUIT":
                connection.sendall(b"221 2.0.0 bye\r\n")
                return None
            else:
                connection.sendall(b"250 2.0.0 ok\r\n")

    def login(self, connection, words):
        """Asks for what did not come with the command (RFC 4954 4), then says the same to everybody."""
        asked = {"PLAIN": 1, "LOGIN": 2}.get(words[1].upper() if len(words) > 1 else "", 0)
        for _ in range(asked - max(0, len(words) - 2)):
            connection.sendall(b"334 \r\n")
            read_line(connection)
        connection.sendall((self.get("auth_reply", "235 2.7.0 ok") + "\r\n").encode())

    def limit(self, connection, listener):
        most = self.get("parallel")
        if most and listener.open > most:
            reset(connection)
            raise OSError("limit")
        only = self.get("busy_above")
        if only and listener.open > only:
            connection.sendall(b"421 4.7.0 Too many connections from your address\r\n")
            raise OSError("limit")

    def wrap(self, connection):
        if self.get("tls") == "close":
            connection.recv(4096)
            raise OSError("closed")
        if self.get("tls") == "reset":
            connection.recv(16)
            reset(connection)
            raise OSError("reset")
        if self.get("tls") == "silent":
            wait_for_close(connection)
        if self.get("tls") == "garbage":
            connection.recv(4096)
            connection.sendall(b"500 what is this\r\n")
            wait_for_close(connection)
        if self.get("tls") == "alert":
            connection.recv(4096)
            connection.sendall(bytes([21, 3, 3, 0, 2, 2, 80]))
            raise OSError("closed")
        return self.context.wrap_socket(connection, server_side=True)

    def either(self, connection):
        """A port that takes TLS at once, and also speaks first after a moment."""
        connection.settimeout(0.8)
        try:
            first = connection.recv(1, socket.MSG_PEEK)
        except (TimeoutError, socket.timeout):
            first = b""
        connection.settimeout(40)
        if first == b"\x16":
            return self.wrap(connection), True
        return connection, False

    def ehlo(self, connection, secure):
        if self.get("ehlo") == "close":
            raise OSError("closed")
        if self.get("ehlo") == "silent":
            wait_for_close(connection)
        if self.get("ehlo") == "endless":
            while True:
                connection.sendall(b"250-X-MORE\r\n" * 100)
        if self.get("ehlo") == "trickle":
            while True:
                connection.sendall(b"2")
                time.sleep(2)
        if self.get("ehlo_code"):
            connection.sendall((self.get("ehlo_code") + "\r\n").encode())
            return
        if secure and self.get("ehlo_tls_code"):
            connection.sendall((self.get("ehlo_tls_code") + "\r\n").encode())
            return
        lines = [self.name, "PIPELINING", "SIZE 10240000", "8BITMIME"]
        if not secure and not self.implicit and self.get("starttls", True):
            lines.append(self.get("starttls_word", "STARTTLS"))
        auth = self.get("auth", "PLAIN LOGIN") if secure else self.get("auth_clear", "")
        if auth:
            lines.append("AUTH " + auth)
        if self.get("lower"):
            lines = [line.lower() for line in lines]
        text = "".join(f"250-{line}\r\n" for line in lines[:-1]) + f"250 {lines[-1]}\r\n"
        connection.sendall(text.encode())

    def starttls(self, connection):
        mode = self.get("starttls_answer")
        if mode == "silent":
            wait_for_close(connection)
        if mode == "close":
            raise OSError("closed")
        if mode:
            connection.sendall((mode + "\r\n").encode())
            wait_for_close(connection)
        extra = b"250 2.0.0 injected\r\n" if self.get("inject_reply") else b""
        connection.sendall(b"220 2.0.0 go ahead\r\n" + extra)
        pending = b""
        if self.get("keeps_plaintext"):
            connection.settimeout(0.3)
            try:
                peeked = connection.recv(4096, socket.MSG_PEEK)
                if peeked[:1] != b"\x16":
                    end = peeked.find(b"\n") + 1
                    pending = connection.recv(end)
            except (TimeoutError, socket.timeout):
                pass
            connection.settimeout(40)
        else:
            self.drop_plaintext(connection)
        secure = self.wrap(connection)
        if pending:
            read_line(secure)
            secure.sendall(b"250 2.0.0 ok\r\n")
            self.ehlo(secure, True)
        return secure

    @staticmethod
    def drop_plaintext(connection):
        first = connection.recv(4096, socket.MSG_PEEK)
        while first and first[:1] != b"\x16":
            end = first.find(b"\n") + 1 or len(first)
            connection.recv(end)
            first = connection.recv(4096, socket.MSG_PEEK)
