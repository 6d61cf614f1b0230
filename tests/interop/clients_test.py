#!/usr/bin/env python3
"""clients_test.py: six mail programs submit on 587, 465 and 2525 in each security setting they have.

Safe settings, and the two wrong ones (implicit TLS on 587 and 2525, STARTTLS on 465), all with the certificate
verified. Prints client x port x setting; every cell's message must be found in the inbox by its queue id.
"""

import concurrent.futures
import email.message
import json
import os
import pathlib
import shutil
import smtplib
import ssl
import subprocess
import sys

from server import PASSWORD, ROLES, USER, Server, run, skip

HERE = pathlib.Path(__file__).resolve().parent
SETTINGS = ("starttls", "starttls-optional", "implicit")
TO = "bob@two.test"


def swaks(port, setting, subject, ca):
    flag = {"starttls": "--tls", "starttls-optional": "--tls-optional", "implicit": "--tls-on-connect"}
    run("swaks", "--server", "localhost", "--port", port, flag[setting], "--tls-verify",
        "--tls-ca-path", ca, "--auth", "PLAIN", "--auth-user", USER, "--auth-password", PASSWORD,
        "--from", USER, "--to", TO, "--header", f"Subject: {subject}", "--silent", "1", timeout=90)


def curl(port, setting, subject, ca):
    scheme = "smtps" if setting == "implicit" else "smtp"
    flags = {"starttls": ["--ssl-reqd"], "starttls-optional": ["--ssl"], "implicit": []}[setting]
    run("curl", "-sS", "--cacert", ca, f"{scheme}://localhost:{port}", *flags, "--mail-from", USER,
        "--mail-rcpt", TO, "--user", f"{USER}:{PASSWORD}", "--upload-file", "-", "--max-time", "90",
        input=f"From: {USER}\r\nTo: {TO}\r\nSubject: {subject}\r\n\r\nsent by curl\r\n")


def msmtp(port, setting, subject, ca):
    if setting == "starttls-optional":
        return None  # msmtp has no such setting
    run("msmtp", "--file=/dev/null", "--host=localhost", f"--port={port}", "--auth=on",
        f"--user={USER}", f"--passwordeval=echo '{PASSWORD}'", "--tls=on", f"--tls-trust-file={ca}",
        f"--tls-starttls={'off' if setting == 'implicit' else 'on'}", f"--from={USER}", TO,
        input=f"From: {USER}\nTo: {TO}\nSubject: {subject}\n\nsent by msmtp\n", timeout=90)


def python_smtplib(port, setting, subject, ca):
    if setting == "starttls-optional":
        return None  # smtplib has no such setting
    context = ssl.create_default_context(cafile=ca)
    message = email.message.EmailMessage()
    message["From"], message["To"], message["Subject"] = USER, TO, subject
    message.set_content("sent by smtplib")
    if setting == "implicit":
        client = smtplib.SMTP_SSL("localhost", port, timeout=60, context=context)
    else:
        client = smtplib.SMTP("localhost", port, timeout=60)
        client.starttls(context=context)
    with client:
        client.login(USER, PASSWORD)
        client.send_message(message)


def nodemailer(port, setting, subject, ca):
    run("node", HERE / "submit_nodemailer.js", json.dumps({
        "host": "localhost", "port": port, "secure": setting == "implicit",
        "requireTLS": setting == "starttls", "ca": str(ca), "user": USER, "password": PASSWORD,
        "from": USER, "to": TO, "subject": subject}), timeout=90)


def phpmailer(port, setting, subject, ca):
    secure = {"starttls": "tls", "starttls-optional": "", "implicit": "ssl"}[setting]
    run("php", HERE / "submit_phpmailer.php", json.dumps({
        "host": "localhost", "port": port, "secure": secure, "ca": str(ca), "user": USER,
        "password": PASSWORD, "from": USER, "to": TO, "subject": subject}), timeout=90)


CLIENTS = {"swaks": (swaks, "swaks"), "curl": (curl, "curl"), "msmtp": (msmtp, "msmtp"),
           "smtplib": (python_smtplib, "python3"), "nodemailer": (nodemailer, "node"),
           "PHPMailer": (phpmailer, "php")}


def submit(client, port, setting, subject, ca):
    """Up to two tries (on 587 the second is promised); the number of tries, or the error's text."""
    error = ""
    for attempt in (1, 2):
        try:
            CLIENTS[client][0](port, setting, subject, ca)
            return attempt
        except subprocess.CalledProcessError as failed:
            error = (failed.stderr or failed.stdout or "").strip().splitlines()[-1:]
        except (OSError, smtplib.SMTPException, subprocess.TimeoutExpired) as failed:
            error = repr(failed)
    return f"{error}"


def is_wrong(role, setting):
    return (setting == "implicit") != (role == "submissions")


def cell(server, client, role, setting):
    subject = f"{client} {ROLES[role]} {setting}"
    return subject, submit(client, server.port[role], setting, subject, server.ca)


def main():
    clients = [name for name, (_, program) in CLIENTS.items() if shutil.which(program)]
    for name in CLIENTS.keys() - set(clients):
        skip(f"interop clients: {name}", f"missing package ({CLIENTS[name][1]})")
    jobs = [(client, role, setting) for client in clients for role in ROLES if role != "relay"
            for setting in SETTINGS
            if not (setting == "starttls-optional" and client in ("msmtp", "smtplib"))]
    failures = []
    with Server() as server:
        # The wrong setting on 465 waits ten seconds for a client's first byte: side by side.
        with concurrent.futures.ThreadPoolExecutor(8) as pool:
            results = dict(pool.map(lambda job: cell(server, *job), jobs))
        inbox = {message["subject"]: message for message in server.inbox()}
        print(f"MATRIX {'client':<11}{'port':<6}{'setting':<19}{'':<7}{'tries':<6}queue id")
        for client, role, setting in jobs:
            subject = f"{client} {ROLES[role]} {setting}"
            tries, message = results[subject], inbox.get(subject)
            queue_id = message["id"] if message else "NOT FOUND"
            kind = "wrong" if is_wrong(role, setting) else "safe"
            print(f"MATRIX {client:<11}{ROLES[role]:<6}{setting:<19}{kind:<7}{tries!s:<6}{queue_id}")
            if not message or tries not in ((1, 2) if kind == "wrong" else (1,)):
                failures.append(f"{subject}: {tries}")
            elif queue_id not in server.raw(queue_id):
                failures.append(f"{subject}: its Received field does not name {queue_id}")
        if failures:
            print(server.log_text()[-6000:])
    print(f"SUITE clients: {len(jobs)} present, {len(jobs) - len(failures)} passed")
    for failure in failures:
        print("FAILED", failure)
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main())
