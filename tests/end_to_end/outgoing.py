"""outgoing.py: a server that sends one message a case, each case to a domain with a route of its own;
what became of each is read from the journal.

Not here: what the other side does (peer.py), which outcome is right (the tests).
"""

import json
import os
import re

from running import Server, until
from wire import Wire

FINAL = ("delivered", "deferred", "bounced", "expired", "held")
SENDER = "bob@two.test"  # its bounces are captured here


class Case:
    """One message to x@DOMAIN by `via`; `more` stands in its [[route]]."""

    def __init__(self, name, via=None, more="", content=None):
        self.name, self.via, self.more, self.content = name, via, more, content
        self.domain, self.id = None, None
        self.local_part, self.sender = "x", SENDER

    def envelope(self):
        utf8 = "" if (self.sender + self.local_part + self.domain).isascii() else " SMTPUTF8"
        return (f"MAIL FROM:<{self.sender}> BODY=8BITMIME{utf8}",
                f"RCPT TO:<{self.local_part}@{self.domain}>")


class Outgoing(Server):
    """with Outgoing(cases, ...) as server: outcomes = server.play(). Cases without via go by MX."""

    def __init__(self, cases, sections="", delivery='wait_max = "1s"', certificate_as_root=True):
        routes = ""
        for number, case in enumerate(cases):
            case.domain = case.domain or f"case{number}.test"
            if case.via:
                name = case.domain.encode("idna").decode()
                routes += f'[[route]]\ndomain = "{name}"\nvia = "{case.via}"\n{case.more}\n'
        super().__init__(more=f'[networks]\ntrusted = ["127.0.0.0/8"]\n[delivery]\n{delivery}\n'
                              f'{routes}{sections}\n')
        self.cases, self.trusts_ca = cases, certificate_as_root

    def start(self, *arguments, **options):
        # The system's roots are what OpenSSL is told they are: the test's CA.
        if self.trusts_ca:
            options["env"] = {**os.environ, "SSL_CERT_FILE": str(self.ca)}
        super().start(*arguments, **options)

    def journal(self):
        lines = self.packetboat("journal", "replay", "--since", "3600", "--json", check=True).stdout
        return [json.loads(line) for line in lines.splitlines() if line]

    def hand_in(self, case):
        content = case.content
        if content is None:
            content = b"Subject: one\r\n\r\nthe body of " + case.name.encode() + b"\r\n"
        with Wire(self.port["relay"]) as wire:
            wire.greet()
            for line in case.envelope():
                wire.say(line)
            code, text = wire.say("DATA")
            if code != 354:
                raise AssertionError(f"{case.name}: {code} {text}")
            wire.send(re.sub(rb"(?m)^\.", b"..", content) + b".\r\n")
            code, text = wire.reply()
            if code != 250:
                raise AssertionError(f"{case.name}: {code} {text}")
            case.id = text.split()[-1]

    def play(self, seconds=40):
        """{case's name: the journal's entry of what became of it}."""
        for case in self.cases:
            self.hand_in(case)
        found = {}

        def all_there():
            for entry in self.journal():
                if entry["kind"] in FINAL:
                    found.setdefault(entry["id"], entry)
            return all(case.id in found for case in self.cases)

        try:
            until(all_there, "every message has an outcome", seconds)
        except AssertionError as error:
            hanging = [case.name for case in self.cases if case.id not in found]
            raise AssertionError(f"no outcome of {hanging} within {seconds} s") from error
        return {case.name: found[case.id] for case in self.cases}


def words(entry):
    """"deferred remote_timeout", with the reply's code where there was one."""
    code = entry.get("code", "0")
    return f"{entry['kind']} {entry.get('reason', '')} {code if code != '0' else ''}".strip()
