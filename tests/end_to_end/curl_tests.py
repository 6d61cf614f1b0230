"""curl_tests.py: the files of the suite curl-smtp-tests as servers and messages.

A file says what its server replies (<servercmd>), and what must come through DATA (<upload>).
Not here: curl's own command line; what our client must do with such a server (curl_servers_test.py).
"""

import base64
import re
import urllib.parse

DEFAULT_MESSAGE = b"From: different\r\nTo: another\r\n\r\nbody\r\n"


def expand(text):
    """%-words of curl's test files, as octets."""
    data = text.encode("latin-1")
    for word, value in ((b"%CR", b"\r"), (b"%LT", b"<"), (b"%GT", b">"), (b"%SMTPPORT", b"25")):
        data = data.replace(word, value)

    def unquote(octets):
        return urllib.parse.unquote_to_bytes(octets)

    data = re.sub(rb"%repeat\[(\d+) x (.*?)\]%", lambda m: unquote(m[2]) * int(m[1]), data, flags=re.S)
    data = re.sub(rb"%hex\[(.*?)\]hex%", lambda m: unquote(m[1]), data, flags=re.S)
    return re.sub(rb"%b64\[(.*?)\]b64%", lambda m: base64.b64encode(unquote(m[1])), data, flags=re.S)


def part(text, name):
    """(attributes, content) of <name ...>, or None."""
    match = re.search(rf"<{name}((?: [^>]*)?)>\n(.*?)</{name}>", text, re.S)
    return (match[1], match[2]) if match else None


class CurlTest:
    def __init__(self, path):
        text = path.read_text(encoding="latin-1")
        self.name = path.name
        self.command = (part(text, "command") or ("", ""))[1]
        self.implicit_tls = "smtps" in (part(text, "server") or ("", ""))[1]
        self.has_user = bool(re.search(r"-u |--oauth2-bearer|AUTH=", self.command))
        self.has_upload = part(text, "upload") is not None
        self.capabilities, self.mechanisms, self.replies = [], "", []
        for line in (part(text, "servercmd") or ("", ""))[1].splitlines():
            self.read_server_line(line)
        self.message = self.read_message(text)
        self.sender = self.address("from", "sender@example.com")
        self.recipient = self.address("rcpt", "recipient@example.com")

    def address(self, option, usual):
        """The first address of --mail-from or --mail-rcpt where it holds UTF-8, else `usual`."""
        found = re.search(rf'--mail-{option} "?([^\s"]+)', self.command)
        text = expand(found[1]).decode("utf-8") if found else usual
        return usual if text.isascii() or "@" not in text else text

    def read_server_line(self, line):
        words = line.split(" ", 1)
        if words[0] == "CAPA":
            self.capabilities += words[1].replace('"', "").upper().split(" ")
        elif words[0] == "AUTH":
            self.mechanisms = words[1]
        elif words[0] == "REPLY":
            quoted = re.match(r'"(.*?)" (.*)', words[1])
            what, reply = quoted.groups() if quoted else words[1].split(" ", 1)
            reply = expand(reply.replace("\\r\\n", "\r\n")).decode("latin-1")
            self.replies.append((expand(what).decode("latin-1"), reply + "\r\n"))

    def read_message(self, text):
        """What DATA must bring, lines ended by CRLF and dots not doubled."""
        found = part(text, "upload")
        if not found:
            return DEFAULT_MESSAGE
        data = re.sub(rb"\r?\n", b"\r\n", expand(found[1]))
        data = data.removesuffix(b".\r\n")
        return re.sub(rb"(?m)^\.\.", b".", data)

    def reply_to(self, line, verb):
        """The file's reply to this line: to the whole of it, to its beginning, or to its verb."""
        for what, reply in self.replies:
            if line == what or (what and line.startswith(what + " ")) or verb == what:
                return reply
        return None

    def talk(self, peer):
        def say(text):
            peer.socket.sendall(text.encode("latin-1"))

        say("220 curl.test ESMTP\r\n")
        while True:
            line = peer.read_line()
            verb = line.split(" ")[0].upper()
            scripted = self.reply_to(line, verb)
            if scripted is not None:
                say(scripted)
            elif verb == "EHLO":
                lines = ["curl.test"] + self.capabilities
                lines += ["AUTH " + self.mechanisms] if self.mechanisms else []
                say("".join(f"250-{one}\r\n" for one in lines[:-1]) + f"250 {lines[-1]}\r\n")
            elif verb == "DATA":
                self.take(peer, say)
            elif verb == "QUIT":
                say("221 bye\r\n")
                return
            elif verb in ("HELO", "MAIL", "RCPT", "RSET", "NOOP"):
                say("250 ok\r\n")
            else:
                say("500 Unrecognized command\r\n")

    @staticmethod
    def take(peer, say):
        say("354 Show me the mail\r\n")
        peer.wire = b""
        while not peer.wire.endswith(b"\r\n.\r\n") and peer.wire != b".\r\n":
            peer.wire += peer.read_octets_of_line()
        say("250 Mail accepted\r\n")
