#!/usr/bin/env python3
"""programs_test.py: programs that people send mail with, set up by what `packetboat settings --for PROGRAM` prints.

Each sends through a Packetboat on 587, 465 and 2525 with the certificate verified, and the message stands in the inbox with
X-Packetboat-Program. None sends, nor logs in, where STARTTLS was taken away, where 465 speaks in the clear, where a CA that
nobody trusts signed, or where the certificate is another's. Prints program x port. Arguments: programs, to run only these.
"""

import concurrent.futures
import pathlib
import shutil
import subprocess
import sys

import own_machine

HERE = pathlib.Path(__file__).resolve().parent
sys.path[1:1] = [str(HERE.parent / "end_to_end"), str(HERE.parent / "fault_lab")]
from dns import Dns  # noqa: E402
from hostile_port import HostilePort, context  # noqa: E402
from programs import PROGRAMS, TO, USER, Job, environment, missing, version_of  # noqa: E402
from running import make_certificate  # noqa: E402
from server import BINARY, Server, make_certificates, skip  # noqa: E402
from smarthost_programs import SMARTHOST_PROGRAMS  # noqa: E402

OURS = ("smtp.one.test", "198.18.1.10")
SENDS = (587, 465, 2525)
TRAPS = (("stripped", 587), ("stripped", 2525), ("stripped", 465), ("stranger", 587), ("stranger", 465),
         ("elsewhere", 587), ("elsewhere", 465))
TO_SEE = {"stripped": "stripped", "stranger": "untrusted", "elsewhere": "other name"}
ENOUGH = 14  # programs that really send


def host_of(trap, program):
    return f"{trap}-{program.name}.test"


def address_of(trap, number):
    return f"198.18.{100 + number}.{10 + list(TO_SEE).index(trap)}"


class Bench:
    """The server, the traps for each program, and what came of each letter."""

    def __init__(self, server, programs, machine):
        self.server, self.machine = server, machine
        self.traps = {}
        contexts = self.contexts(programs)
        for number, program in enumerate(programs):
            for trap, port in TRAPS:
                self.traps[program.name, trap, port] = HostilePort(address_of(trap, number), port, contexts[trap],
                                                                   implicit=port == 465)

    def contexts(self, programs):
        strangers = self.machine.folder / "strangers"
        strangers.mkdir()
        _, certificate, key = make_certificates(strangers, *(host_of("stranger", program) for program in programs))
        _, other, other_key = make_certificate(self.server.folder, "elsewhere", self.server.ca)
        return {"stripped": None, "stranger": context(certificate, key), "elsewhere": context(other, other_key)}

    def send(self, program, host, port, subject):
        """None when the program says that it sent, else its complaint."""
        settings = self.settings(program, host, port)
        if settings.returncode != 0:
            return f"no settings: {settings.stderr.strip()}"
        folder = self.machine.home / subject.replace(" ", "-")
        folder.mkdir()
        job = Job(program.name, settings.stdout, folder, subject, environment(folder, self.server.ca))
        try:
            done = program.send(job)
        except subprocess.TimeoutExpired as late:
            return f"{late}"
        except (OSError, AssertionError) as failed:
            return f"{failed!r}"
        return None if done.returncode == 0 else (done.stderr or done.stdout).strip()[-400:] or f"exit {done.returncode}"

    def settings(self, program, host, port):
        return subprocess.run([BINARY, "settings", host, "--for", program.name, "--port", str(port), "--user", USER],
                              capture_output=True, text=True, timeout=30)

    def is_said(self, program, trap, port):
        """A weakness of the program that its settings name; STARTTLS cannot be missing where TLS comes first."""
        said, _ = KNOWN.get((program.name, trap), (None, None))
        if said is None or trap == "stripped" and port == 465:
            return False
        return said in self.settings(program, OURS[0], port).stdout

    def row(self, program):
        """What each cell shows, and what is wrong."""
        cells, wrong = {}, []
        for port in SENDS:
            complaint = self.send(program, OURS[0], port, f"{program.name} {port}")
            cells[str(port)] = "sent" if complaint is None else "FAILED"
            if complaint is not None:
                wrong.append(f"{program.name} {port}: {complaint}")
        for trap, port in TRAPS:
            complaint = self.send(program, host_of(trap, program), port, f"{program.name} {trap} {port}")
            hostile = self.traps[program.name, trap, port]
            betrayals = hostile.betrayals()
            refused = complaint is not None and not betrayals and hostile.connections > 0
            known = betrayals and self.is_said(program, trap, port)
            cells[f"{trap} {port}"] = "refused" if refused else "SENT*" if known else "FAILED"
            if not refused and not known:
                wrong.append(f"{program.name} {trap} {port}: betrayed {betrayals}, connections {hostile.connections}, "
                             f"said {complaint}")
        return program, cells, wrong


# What programs cannot be told, in the version that this Debian has: (settings' own word about it, here).
KNOWN = {("symfony", "stripped"): ("Before Symfony 7.3", "* Symfony Mailer 5.4 has no require_tls; port 465 is safe"),
         ("django", "stranger"): ("does not check certificates", "* Django 3.2 does not check certificates"),
         ("django", "elsewhere"): ("does not check certificates", "* Django 3.2 does not check certificates"),
         ("swaks", "elsewhere"): ("not its name", "* swaks 20201014 checks who signed the certificate, not its name")}


def choose():
    chosen = []
    for program in [*PROGRAMS, *SMARTHOST_PROGRAMS]:
        if sys.argv[1:] and program.name not in sys.argv[1:]:
            continue
        if reason := missing(program):
            skip(f"interop programs: {program.name}", reason)
        else:
            chosen.append(program)
    return chosen


def arrived(server, program, port):
    """The message that stands in the inbox, or None: with the right header, over TLS, with a login."""
    for message in server.inbox():
        if message["subject"] == f"{program.name} {port}":
            raw = server.raw(message["id"])
            by_tls = any("smtpsa" in line.lower() for line in raw.splitlines()[:12])
            named = f"x-packetboat-program: {program.name}" in raw.lower()
            return message["id"] if by_tls and named else None
    return None


def show(server, rows):
    """Prints the matrix; returns (number of programs that sent on all ports, complaints)."""
    complaints, complete = [], 0
    titles = [*(str(port) for port in SENDS), *(f"{TO_SEE[trap]} {port}" for trap, port in TRAPS)]
    print("MATRIX " + f"{'program':<14}" + "".join(f"{title:<16}" for title in titles) + "version")
    for program, cells, wrong in rows:
        complaints += wrong
        for port in SENDS:
            found = arrived(server, program, port)
            if found is None and cells[str(port)] == "sent":
                cells[str(port)] = "NOT THERE"
                complaints.append(f"{program.name} {port}: it is not in the inbox")
        complete += all(cells[str(port)] == "sent" for port in SENDS)
        print("MATRIX " + f"{program.name:<14}" + "".join(f"{cell:<16}" for cell in cells.values()) + version_of(program))
    for why in sorted({why for (name, _), (_, why) in KNOWN.items() if any(name == row[0].name for row in rows)}):
        print("MATRIX", why)
    return complete, complaints


def main():
    if reason := own_machine.why_not():
        skip("interop programs", reason)
        return 0
    own_machine.enter()
    programs = choose()
    hosts = dict([OURS])
    for number, program in enumerate(programs):
        hosts.update({host_of(trap, program): address_of(trap, number) for trap in TO_SEE})
    with own_machine.OwnMachine(hosts) as machine:
        dns = Dns("127.0.0.1")
        dns.answers.update({name: [address] for name, address in hosts.items()})
        with Server(address=OURS[1], ports=(25, 587, 465, 2525), names=[OURS[0]]) as server:
            machine.trust(server.ca)
            bench = Bench(server, programs, machine)
            # Programs side by side; the letters of one program after each other, as they share its files.
            with concurrent.futures.ThreadPoolExecutor(4) as pool:
                rows = list(pool.map(bench.row, programs))
            complete, complaints = show(server, rows)
            if complaints:
                print(server.log_text()[-3000:])
    print(f"SUITE programs: {len(programs)} present, {complete} sent on 587, 465 and 2525")
    if not sys.argv[1:] and len(programs) >= ENOUGH > complete:
        complaints.append(f"fewer than {ENOUGH} programs sent")
    for complaint in complaints:
        print("FAILED", complaint)
    return 1 if complaints else 0


if __name__ == "__main__":
    assert shutil.which("openssl") and TO
    sys.exit(main())
