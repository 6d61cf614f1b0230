#!/usr/bin/env python3
"""smtp_peer.py: a mail server that misbehaves as it is told, on a real socket. For tests.

smtp_peer.py --listen 127.0.0.2:0 [--lmtp] [--caps PIPELINING,CHUNKING] [--cert C --key K]
             [--on MAIL='451 4.3.0 later'] [--on RCPT#2='550 5.1.1 no'] [--on END=close] ...
Points: greeting EHLO HELO STARTTLS HANDSHAKE AUTH MAIL RCPT DATA END BDAT RSET QUIT; POINT#2 is the second one
of its kind on a connection. Actions: a reply (\\n parts lines), silence, close, reset, garbage.
Prints "port N", then one JSON object a line for connections, commands and messages.
"""
import argparse
import json
import socket
import ssl
import struct
import sys
import threading

lock = threading.Lock()


def tell(**event):
    with lock:
        print(json.dumps(event), flush=True)


class Gone(Exception):
    pass


class Peer:
    def __init__(self, options, connection):
        self.options = options
        self.socket = connection
        self.buffer = b""
        self.counts = {}
        self.tls = False
        self.recipients = []
        self.sender = None
        self.chunks = b""

    def tell(self, **event):
        tell(**event)

    def receive(self):
        data = self.socket.recv(65536)
        if not data:
            raise Gone
        return data

    def read_octets_of_line(self):
        """With its line feed."""
        while b"\n" not in self.buffer:
            self.buffer += self.receive()
        line, self.buffer = self.buffer.split(b"\n", 1)
        return line + b"\n"

    def read_line(self):
        return self.read_octets_of_line().rstrip(b"\r\n").decode("utf-8", "replace")

    def read_octets(self, count):
        while len(self.buffer) < count:
            self.buffer += self.receive()
        taken, self.buffer = self.buffer[:count], self.buffer[count:]
        return taken

    def reply(self, point, usual):
        """What is said at this point; True when it was positive."""
        self.counts[point] = self.counts.get(point, 0) + 1
        action = self.options.on.get(f"{point}#{self.counts[point]}", self.options.on.get(point, usual))
        if action == "close":
            raise Gone
        if action == "reset":
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            raise Gone
        if action == "silence":
            while True:
                self.receive()
        if action == "garbage":
            action = "\x00\xff<html>not a reply</html>"
        lines = action.split("\n")
        self.socket.sendall("".join(line + "\r\n" for line in lines).encode("latin-1"))
        if action.startswith("421"):
            raise Gone
        return action[:1] in "23"

    def capabilities(self):
        caps = [c for c in self.options.caps.split(",") if c]
        if self.options.cert and not self.tls:
            caps.append("STARTTLS")
        lines = ["peer.test"] + caps
        return "\n".join(f"250{'-' if i + 1 < len(lines) else ' '}{line}" for i, line in enumerate(lines))

    def run(self):
        self.reply("greeting", "220 peer.test ESMTP")
        while True:
            line = self.read_line()
            self.tell(event="command", line=line, tls=self.tls)
            verb = line.split(" ", 1)[0].upper()
            if verb in ("EHLO", "LHLO"):
                self.reply("EHLO", self.capabilities())
            elif verb == "HELO":
                self.reply("HELO", "250 peer.test")
            elif verb == "STARTTLS":
                self.starttls()
            elif verb == "AUTH":
                self.reply("AUTH", "235 2.7.0 in")
            elif verb == "MAIL":
                if self.reply("MAIL", "250 2.1.0 ok"):
                    self.sender, self.recipients, self.chunks = line, [], b""
            elif verb == "RCPT":
                if self.reply("RCPT", "250 2.1.5 ok" if self.sender else "503 5.5.1 MAIL first"):
                    self.recipients.append(line)
            elif verb == "DATA":
                self.data()
            elif verb == "BDAT":
                self.bdat(line)
            elif verb == "RSET":
                self.sender = None
                self.reply("RSET", "250 2.0.0 ok")
            elif verb == "QUIT":
                self.reply("QUIT", "221 2.0.0 bye")
                return
            else:
                self.reply("other", "500 5.5.2 what?")

    def starttls(self):
        if not self.reply("STARTTLS", "220 2.0.0 go"):
            return
        if "HANDSHAKE" in self.options.on:
            self.reply("HANDSHAKE", "")
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.options.cert, self.options.key)
        self.socket = context.wrap_socket(self.socket, server_side=True)
        self.tls, self.buffer = True, b""

    def data(self):
        usual = "354 go" if self.recipients else "554 5.5.1 no valid recipients"
        if not self.reply("DATA", usual):
            return
        content = b""
        while (line := self.read_octets_of_line()) != b".\r\n":
            content += line[1:] if line.startswith(b".") else line
        self.finish(content.decode("latin-1"))

    def bdat(self, line):
        words = line.split()
        chunk = self.read_octets(int(words[1]))
        if not self.recipients:
            self.reply("BDAT", "503 5.5.1 no valid recipients")
            return
        self.chunks += chunk
        if words[-1].upper() == "LAST":
            self.finish(self.chunks.decode("latin-1"))
        else:
            self.reply("BDAT", "250 2.0.0 ok")

    def finish(self, content):
        taken = []
        for recipient in self.recipients if self.options.lmtp else [None]:
            if self.reply("END", "250 2.0.0 taken"):
                taken.append(recipient)
        if taken:
            to = taken if self.options.lmtp else self.recipients
            self.tell(event="message", sender=self.sender, to=to, content=content, tls=self.tls)
        self.sender, self.recipients = None, []


def serve(options, connection):
    try:
        Peer(options, connection).run()
    except (Gone, OSError, ssl.SSLError) as error:
        tell(event="gone", why=type(error).__name__)
    finally:
        connection.close()


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--listen", default="127.0.0.1:0")
    parser.add_argument("--lmtp", action="store_true")
    parser.add_argument("--caps", default="PIPELINING,8BITMIME,ENHANCEDSTATUSCODES")
    parser.add_argument("--cert")
    parser.add_argument("--key")
    parser.add_argument("--on", action="append", default=[])
    options = parser.parse_args()
    options.on = dict(rule.replace("\\n", "\n").split("=", 1) for rule in options.on)
    host, port = options.listen.rsplit(":", 1)
    listener = socket.create_server((host, int(port)))
    print(f"port {listener.getsockname()[1]}", flush=True)
    threading.Thread(target=lambda: (sys.stdin.read(), listener.shutdown(socket.SHUT_RDWR)), daemon=True).start()
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return  # whoever started it is gone
        tell(event="connected")
        threading.Thread(target=serve, args=(options, connection), daemon=True).start()


if __name__ == "__main__":
    main()
