"""letters.py: messages that are easily damaged on their way, and whether one arrived whole: the same bytes behind nothing but
trace fields.

Spec: RFC 5321 §4.4 (trace), §4.5.2 (dots); RFC 5322 §2.1.1 (998 octets); RFC 6152 (8 bit).   Not here: sending, mailboxes.
"""

import base64
import email.parser
import random
import time

from server import select_pause

# What servers put in front at acceptance and at final delivery.
TRACE = {"received", "return-path", "delivered-to", "x-original-to", "envelope-to", "delivery-date",
         "authentication-results", "received-spf"}
KINDS = ("dots", "eight-bit", "large")
# Another kind, "utf8-header", needs SMTPUTF8 (RFC 6531) from every server that it passes.
DOTS = """.
..
...three dots and text
.. \t
From here on a mailbox may quote, and must not.
>From is not ours to change either.
a line with blanks behind it   \t
{long}

-- \x20
. the last line begins with a dot""".format(long="x" * 998)
EIGHT_BIT = "Grüße, 你好, Здравствуйте — in eight bits.\n.Ein Punkt am Anfang.\n" * 20


def body_of(kind):
    """(content type, transfer encoding, body with LF)."""
    if kind == "dots":
        return "text/plain; charset=us-ascii", "7bit", DOTS
    if kind in ("eight-bit", "utf8-header"):
        return "text/plain; charset=utf-8", "8bit", EIGHT_BIT
    # Above the size (64 KiB) from which a body is written to a file of its own.
    noise = random.Random(kind).randbytes(300_000)
    return "application/octet-stream", "base64", base64.encodebytes(noise).decode()


def wait_until(condition, what, seconds=40):
    """Looks again until it is true; for what has no event to wait for. Returns what was true."""
    deadline = time.monotonic() + seconds
    while not (found := condition()):
        assert time.monotonic() < deadline, f"{what}: not within {seconds} s"
        select_pause()
    return found


class Letter:
    """letter.bytes is the message with CRLF; letter.id its Message-ID, which no other letter has."""
    count = 0

    def __init__(self, kind, sender, recipients):
        Letter.count += 1
        self.kind, self.sender, self.recipients = kind, sender, recipients
        self.id = f"<{time.time_ns()}.{Letter.count}@{sender.partition('@')[2]}>"
        content_type, encoding, body = body_of(kind)
        word = "Grüße" if kind == "utf8-header" else "a letter"
        text = (f"From: =?utf-8?q?Al=C3=ADce?= <{sender}>\nTo: {', '.join(recipients)}\n"
                f"Subject: {word} of kind {kind},\n\twith a subject on two lines\n"
                f"Date: Sat, 21 Nov 2026 12:00:00 +0000\nMessage-ID: {self.id}\nMIME-Version: 1.0\n"
                f"Content-Type: {content_type}\nContent-Transfer-Encoding: {encoding}\n"
                f"X-Kept:  blanks  stay  as they are \n\n{body}")
        self.bytes = text.rstrip("\n").encode().replace(b"\n", b"\r\n") + b"\r\n"

    rcpt_options = ()  # parameters of its RCPT commands

    def mail_options(self):
        return {"eight-bit": ["BODY=8BITMIME"], "utf8-header": ["BODY=8BITMIME", "SMTPUTF8"]}.get(self.kind, [])

    def among(self, messages):
        """Those that carry its Message-ID, in their header or (a report) anywhere."""
        return [message for message in messages if self.id.encode() in message]

    def arrived_in(self, look, what, seconds=40):
        """Waits until `look()`, a list of messages, has it; then the one copy."""
        found = wait_until(lambda: self.among(look()), what, seconds)
        assert len(found) == 1, f"{what}: {len(found)} copies"
        return found[0]

    def check_whole(self, arrived, exact=False):
        """Maildirs may hold LF for CRLF; what is read over a protocol (`exact`) may not."""
        sent = self.bytes
        if not exact:
            sent, arrived = sent.replace(b"\r\n", b"\n"), arrived.replace(b"\r\n", b"\n")
        front = arrived[:len(arrived) - len(sent)]
        if front + sent != arrived:
            at = next((at for at, (a, b) in enumerate(zip(reversed(sent), reversed(arrived))) if a != b), 0)
            raise AssertionError(f"changed on its way: sent ...{sent[-at - 40:][:80]!r}, "
                                 f"arrived ...{arrived[-at - 40:][:80]!r}")
        strangers = {name.lower() for name in fields_of(front).keys()} - TRACE
        assert not strangers, f"fields that are no trace came in: {strangers}"


def fields_of(message):
    return email.parser.BytesHeaderParser().parsebytes(message)


def top_received(message):
    """The newest Received field: what the last server says of the one before it."""
    return " ".join((fields_of(message).get("Received") or "").split())
