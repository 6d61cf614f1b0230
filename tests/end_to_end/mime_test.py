"""mime_test.py: real messages, malformed ones too, are kept and handed on byte for byte.

Spec: RFC 5321 §4.4 (trace fields are all that a relay adds), §2.3.8, §4.5.2; RFC 3030 §2.
Suite: mime/james-mime4j.   Not here: what submission adds (sandbox_test.py).
"""

import re
import subprocess
import unittest

from peer import Peer
from running import BINARY, Sandbox, Server
from suites import Count, suite_folder
from wire import Wire

TRACE = {b"return-path", b"delivered-to", b"received", b"authentication-results", b"received-spf"}
BARE = re.compile(rb"\r(?!\n)|(?<!\r)\n")


def as_sent(raw):
    """What a sender makes of a file: lines end in CRLF (RFC 5321 §2.3.8), the last one too: without it
    DATA cannot end (§4.1.1.4), so a server adds it to a last chunk that has none (RFC 3030 §2), and
    no DKIM signature can tell (RFC 6376 §3.4.3)."""
    text = BARE.sub(b"\r\n", raw)
    return text if text.endswith(b"\r\n") else text + b"\r\n"


def messages(test):
    folder = suite_folder(test, "mime/james-mime4j")
    return {path.name: path.read_bytes() for path in sorted(folder.rglob("*.msg"))}


def stuffed(content):
    return re.sub(rb"(?m)^\.", b"..", content) + b".\r\n"


def transfer(wire, recipient, content, how):
    """The reply to the content's end. how: "DATA", "BDAT" (odd chunks) or "BDAT LAST"."""
    assert wire.say("MAIL FROM:<sender@far.example> BODY=8BITMIME")[0] == 250
    reply = wire.say(f"RCPT TO:<{recipient}>")
    assert reply[0] == 250, reply
    if how == "DATA":
        assert wire.say("DATA")[0] == 354
        wire.send(stuffed(content))
        return wire.reply()
    size = len(content) if how == "BDAT LAST" else 997
    while len(content) > size:
        wire.send(f"BDAT {size}\r\n".encode() + content[:size])
        assert wire.reply()[0] == 250
        content = content[size:]
    wire.send(f"BDAT {len(content)} LAST\r\n".encode() + content)
    return wire.reply()


def difference(kept, sent):
    """Empty when `kept` is `sent` behind trace fields only."""
    if not kept.endswith(sent):
        at = next((i for i, (a, b) in enumerate(zip(reversed(kept), reversed(sent))) if a != b), 0)
        return f"differs {at} octets before its end: {kept[-at - 40:][:80]!r}"
    head = kept[:len(kept) - len(sent)]
    fields = re.sub(rb"\r\n[ \t]+", b" ", head).split(b"\r\n")
    foreign = [field for field in fields[:-1] if field.split(b":")[0].lower() not in TRACE]
    if foreign or fields[-1]:
        return f"more than trace fields in front: {(foreign or fields)[-1][:80]!r}"
    return "" if b"received" in head.lower() else "no Received field"


class KeptTest(unittest.TestCase):
    def raw(self, sandbox, recipient):
        (found,) = sandbox.inbox("--to", recipient)
        return subprocess.run([str(BINARY), "inbox", "raw", found["id"], "--data",
                               str(sandbox.data)], capture_output=True, check=True).stdout

    def test_each_message_is_captured_byte_for_byte_but_for_trace_fields(self):
        files = messages(self)
        for how in ("DATA", "BDAT", "BDAT LAST"):
            count = Count(f"mime/james-mime4j captured by {how}")
            with Sandbox() as sandbox, Wire(sandbox.port["relay"]) as wire:
                wire.greet()
                for number, (name, content) in enumerate(files.items()):
                    recipient = f"mime{number}x@any.example"
                    sent = as_sent(content) if how == "DATA" else BARE.sub(b"\r\n", content)
                    code, text = transfer(wire, recipient, sent, how)
                    problem = f"{code} {text}"
                    if code == 250:
                        problem = difference(self.raw(sandbox, recipient), as_sent(content))
                    count.record(name, problem)
            with self.subTest(how=how):
                count.finish(self)

    def test_bare_line_feeds_are_refused_in_data_and_become_crlf_in_bdat(self):
        # RFC 5321 §2.3.8: "Conforming implementations MUST NOT recognize or generate any other
        # character or character sequence as a line terminator"; BDAT is framed by its length.
        bare = {name: content for name, content in messages(self).items() if BARE.search(content)}
        count = Count("mime/james-mime4j with bare line ends, as they lie on disk")
        with Sandbox() as sandbox:
            for name, content in bare.items():
                with Wire(sandbox.port["relay"]) as wire:
                    wire.greet()
                    # Without a CRLF before it no dot would end it; the sender's last line end is one.
                    reply = transfer(wire, "data@any.example", content + b"\r\n", "DATA")
                problem = "" if reply[0] == 554 else f"DATA was answered {reply}"
                with Wire(sandbox.port["relay"]) as wire:
                    wire.greet()
                    reply = transfer(wire, f"{name}@bdat.example".replace("_", "-"), content, "BDAT LAST")
                kept = self.raw(sandbox, f"{name}@bdat.example".replace("_", "-"))
                count.record(name, problem or difference(kept, as_sent(content)))
            self.assertEqual(sandbox.inbox("--to", "data@any.example"), [])
        count.finish(self)


class RelayedTest(unittest.TestCase):
    def test_each_message_is_handed_on_byte_for_byte_but_for_trace_fields(self):
        files = messages(self)
        for words in ("8BITMIME PIPELINING", "8BITMIME PIPELINING CHUNKING SIZE SMTPUTF8"):
            count = Count(f"mime/james-mime4j relayed to a host with {words}")
            with Peer(words.replace(" ", ",")) as peer, Server(
                    more=f'[[route]]\nvia = "relay://127.0.0.1:{peer.port}"\n[networks]\n'
                         f'trusted = ["127.0.0.0/8"]\n') as server:
                with Wire(server.port["relay"]) as wire:
                    wire.greet()
                    for number, content in enumerate(files.values()):
                        transfer(wire, f"m{number}@elsewhere.example", as_sent(content), "DATA")
                for message in peer.messages(len(files)):
                    number = int(re.search(r"<m(\d+)@", message.to[0])[1])
                    name, content = list(files.items())[number]
                    count.record(name, difference(message.content, as_sent(content)))
            with self.subTest(words=words):
                count.finish(self)
                self.assertEqual(count.present, len(files))


if __name__ == "__main__":
    unittest.main()
