#!/usr/bin/env python3
"""curl, Python's smtplib and nodemailer against the laboratory's faults, beside what `probe` says of them.

Each program tries to log in with encryption demanded and certificates checked. Where probe says that the port is not usable,
each must fail; where it says usable, each must work; EXCEPTIONS names who does not, and why. Prints versions and MATRIX lines.
usage: programs_test.py PACKETBOAT [--seed N] [--only TEXT]      (needs root, nft, curl, node and nodemailer; 77: skipped)
"""
import argparse
import json
import os
import random
import shutil
import smtplib
import socket
import ssl
import subprocess
import sys
import tempfile

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run  # noqa: E402

USER, PASSWORD = "anna@example.com", "correct-horse"
PATIENCE = 8  # seconds for one step; the slowest healthy server greets after 4
CHOSEN = """healthy
healthy implicit TLS
greeting after 4 s
three-line greeting
1.2 s a command
ECDSA only, TLS 1.3 only
lower-case keywords
escape sequences in the banner
silent
web server that speaks
IMAP
closed on connect
reset on connect
554 greeting
421 greeting
EHLO refused
EHLO unanswered
closed at EHLO
no STARTTLS
keyword masked
STARTTLS 454
STARTTLS unanswered
closed at STARTTLS
reply injected before TLS
closed in the handshake
plain text in the handshake
alert in the handshake
closed in the handshake, implicit
TLS 1.1 only
no common cipher
RSA 1024
client certificate wanted
no intermediate
antivirus certificate
self-signed
expired
not yet valid
other name
for clients only
no AUTH after TLS
NTLM only
AUTH offered in the clear
587 dropped
port unreachable
nothing listens""".split("\n")
# (scenario, program): why the program does otherwise than probe says.
EXCEPTIONS = {
    ("lower-case keywords", "curl"):
        "knows STARTTLS in capitals only; keywords have no letter case (RFC 5321 2.4)",
    ("lower-case keywords", "smtplib"):
        "knows the names of AUTH mechanisms in capitals only (RFC 4422 3.1 has no others, Postfix and probe read both)",
    ("no STARTTLS", "nodemailer"): "requireTLS sends STARTTLS unasked, and this server takes it",
    ("keyword masked", "nodemailer"): "requireTLS sends STARTTLS unasked, and this server takes it",
    ("reply injected before TLS", "smtplib"):
        "does not look at what came with the reply to STARTTLS (RFC 3207 4.2)",
    ("RSA 1024", "nodemailer"): "a Node.js with an OpenSSL of its own is content with weaker keys",
    ("no AUTH after TLS", "curl"): "goes on without a login where none is offered",
    ("no AUTH after TLS", "nodemailer"): "sends AUTH PLAIN unasked, and this server takes it",
    ("NTLM only", "nodemailer"): "sends AUTH PLAIN unasked, and this server takes it",
}
NODE = """
const nodemailer = require('nodemailer');
const [host, servername, port, secure, ca, user, pass, wait] = process.argv.slice(1);
nodemailer.createTransport({host, port: Number(port), secure: secure === 'yes', requireTLS: true,
  tls: {servername, ca: require('fs').readFileSync(ca)}, auth: {user, pass}, connectionTimeout: wait * 1000,
  greetingTimeout: wait * 1000, socketTimeout: wait * 1000, dnsTimeout: wait * 1000})
  .verify().then(() => { console.log('ok'); process.exit(0); },
    e => { console.log((e.code || '') + ' ' + e.message); process.exit(1); });
"""


def first_line(text):
    return " ".join(text.split())[:70] or "-"


def curl(host, port, implicit, ca):
    done = subprocess.run(
        ["curl", "-sS", "--ssl-reqd", "--cacert", ca, "--user", f"{USER}:{PASSWORD}", "-X", "NOOP",
         "--connect-timeout", str(PATIENCE), "--max-time", str(2 * PATIENCE),
         f"{'smtps' if implicit else 'smtp'}://{host}:{port}/packetboat.test"],
        capture_output=True, text=True, timeout=4 * PATIENCE)
    return done.returncode == 0, "ok" if done.returncode == 0 else first_line(done.stderr)


def python(host, port, implicit, ca):
    context = ssl.create_default_context(cafile=ca)
    try:
        if implicit:
            client = smtplib.SMTP_SSL(host, port, timeout=PATIENCE, context=context)
        else:
            client = smtplib.SMTP(host, port, timeout=PATIENCE)
        try:
            if not implicit:
                client.starttls(context=context)
            client.login(USER, PASSWORD)
            client.noop()
        finally:
            client.close()
    except (OSError, smtplib.SMTPException) as error:
        return False, first_line(f"{type(error).__name__} {error}")
    return True, "ok"


def nodemailer(host, port, implicit, ca):
    # By address: on a machine with no interface but lo nodemailer looks up no name at all.
    address = socket.getaddrinfo(host, port, socket.AF_INET)[0][4][0]
    done = subprocess.run(
        ["node", "-e", NODE, address, host, str(port), "yes" if implicit else "no", ca, USER, PASSWORD,
         str(PATIENCE)], capture_output=True, text=True, timeout=8 * PATIENCE,
        env={**os.environ, "NODE_PATH": "/usr/share/nodejs"})
    return done.returncode == 0, first_line(done.stdout or done.stderr)


PROGRAMS = {"curl": curl, "smtplib": python, "nodemailer": nodemailer}


def versions(packetboat):
    node = subprocess.run(["node", "-p", "process.version + ' nodemailer ' + "
                           "require('nodemailer/package.json').version"], capture_output=True,
                          text=True, env={**os.environ, "NODE_PATH": "/usr/share/nodejs"}).stdout
    ours = subprocess.run([packetboat, "--version"], capture_output=True, text=True).stdout
    theirs = subprocess.run(["curl", "--version"], capture_output=True, text=True).stdout
    return [ours, " ".join(theirs.split()[:2]), f"Python {sys.version.split()[0]} smtplib",
            f"node {node}", ssl.OPENSSL_VERSION]


def missing():
    if not shutil.which("curl") or not shutil.which("node"):
        return "curl and node"
    has = subprocess.run(["node", "-e", "require('nodemailer')"], capture_output=True,
                         env={**os.environ, "NODE_PATH": "/usr/share/nodejs"}).returncode == 0
    return "" if has else "nodemailer"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("packetboat")
    parser.add_argument("--seed", type=int, default=3)
    parser.add_argument("--only", default="")
    options = parser.parse_args()
    if lacking := missing():
        print(f"programs beside the laboratory: skipped (no {lacking})")
        sys.exit(77)
    run.reexec()
    from scenarios import SCENARIOS
    by_name = {s.name: s for s in SCENARIOS}
    chosen = [by_name[name] for name in CHOSEN if options.only.lower() in name.lower()]
    wrong, unused = [], {key for key in EXCEPTIONS if key[0] in [s.name for s in chosen]}
    for line in versions(options.packetboat):
        print("MATRIX version", " ".join(line.split()))
    with tempfile.TemporaryDirectory() as folder:
        lab = run.Lab(folder)
        run.place(lab, chosen, random.Random(options.seed))
        for s in chosen:
            s.build(lab, s)
        lab.write_hosts()
        for s in chosen:
            _, report, _ = run.probe(options.packetboat, lab, s)
            row = run.attempt(s, report)
            usable = row["fault"] is None and row["security"] in ("starttls", "implicit-tls")
            implicit = row["security"] == "implicit-tls" or "implicit" in s.name
            said = {}
            for name, program in PROGRAMS.items():
                works, text = program(s.host, s.port or s.random_port, implicit, lab.certs.ca_file)
                said[name] = text
                excuse = EXCEPTIONS.get((s.name, name))
                unused.discard((s.name, name) if works != usable else None)
                if works != usable and not excuse:
                    wrong.append(f"{s.name}: {name} {'works' if works else 'fails'}: {text}")
                elif works != usable:
                    said[name] += f" (named exception: {excuse})"
            print("MATRIX", json.dumps({"fault": s.name, "probe": row["fault"] or row["security"],
                                        **said}), flush=True)
    for name, program in sorted(unused):
        print(f"MATRIX not needed with these versions: {name}, {program}")
    print(*[f"wrong: {line}" for line in wrong], sep="\n")
    print(f"{len(chosen)} faults and servers, {len(PROGRAMS)} programs, "
          f"{len(EXCEPTIONS)} named exceptions, {len(wrong)} wrong")
    sys.stdout.flush()
    os._exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
