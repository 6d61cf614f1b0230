"""smarthost_programs.py: Postfix and Exim from build/peers as a person's smarthost clients: what `packetboat settings` prints is
their configuration, the rest is the little that a mail server needs to stand. Runs inside an OwnMachine: /etc is the test's.

Not here: programs without a queue (programs.py).
"""

import os
import pathlib
import smtplib
import subprocess
import time

from letters import wait_until
from peers import PEERS, Postfix
from programs import PASSWORD, TO, USER, Program

EXIM = PEERS / "exim"
EXIM_USER = "Debian-exim"


def finished(log, sent, kept):
    """As a program without a queue would end: 0 when the log has `sent`, 1 when it has `kept`."""
    def outcome():
        text = log()
        return sent in text or any(word in text for word in kept)
    wait_until(outcome, "an outcome in the log", 40)
    lines = [line for line in log().splitlines() if any(word in line for word in (sent, *kept))]
    return subprocess.CompletedProcess([], 0 if sent in log() else 1, "", "\n".join(lines))


def postfix(job):
    """The settings are two files in one text: main.cf, and behind it, commented, the line of sasl_passwd."""
    main, _, secret = job.text.partition("# /etc/postfix/sasl_passwd")
    settings = dict(line.split(" = ", 1) for line in main.splitlines() if " = " in line)
    line = next(line for line in secret.splitlines() if line.startswith("# ["))[2:]
    maps = pathlib.Path(settings["smtp_sasl_password_maps"].removeprefix("hash:"))
    maps.parent.mkdir(exist_ok=True)
    maps.write_text(line.replace(":PASSWORD", f":{PASSWORD}") + "\n")
    maps.chmod(0o600)
    with Postfix(extra={"smtp_tls_loglevel": "1", **settings}) as peer:
        made = peer.program("postmap", "-c", peer.folder / "etc", maps)
        assert made.wait(20) == 0, "postmap failed"
        with smtplib.SMTP("127.0.0.1", peer.port, timeout=30) as client:
            client.sendmail(USER, [TO], job.letter())
        return finished(peer.log_text, "status=sent", ["status=deferred", "status=bounced", "status=undeliverable"])


EXIM_FRAME = """
primary_hostname = client.one.test
exim_path = {binary}
spool_directory = {spool}
log_file_path = {spool}/log-%s
local_interfaces = 127.0.0.1
domainlist local_domains = client.one.test
keep_environment =
begin routers
{routers}
begin transports
{transports}
begin retry
* * F,1h,5m
begin authenticators
{authenticators}
"""


def exim(job):
    sections = {"routers": "", "transports": "", "authenticators": ""}
    section = None
    for line in job.text.splitlines():
        section = next((name for name in sections if line.startswith(f"# {name}")), section)
        sections[section] += line + "\n"
    spool = job.folder / "spool"
    spool.mkdir()
    accounts = pathlib.Path("/etc/passwd").read_text()
    if EXIM_USER not in accounts:
        pathlib.Path("/etc/passwd").write_text(accounts + f"{EXIM_USER}:x:9901:9901::/nonexistent:/bin/false\n")
        with open("/etc/group", "a") as groups:
            groups.write(f"{EXIM_USER}:x:9901:\n")
        # Exim becomes root again by its setuid bit, and then takes no libraries from the environment.
        with open("/etc/ld.so.conf", "a") as places:
            places.write(f"\n{EXIM}/usr/lib/x86_64-linux-gnu\n{EXIM}/usr/lib\n")
        subprocess.run(["/sbin/ldconfig", "-X"], check=True, capture_output=True)
    os.chown(spool, 9901, 9901)
    etc = pathlib.Path("/etc/exim4")
    etc.mkdir(exist_ok=True)
    (etc / "exim4.conf").write_text(EXIM_FRAME.format(binary=EXIM / "usr/sbin/exim4", spool=spool, **sections))
    secret = etc / "smarthost.password"
    secret.write_text(PASSWORD + "\n")
    os.chown(secret, 9901, 9901)
    secret.chmod(0o600)
    handed = job.run(EXIM / "usr/sbin/exim4", "-odi", "-f", USER, TO, input=job.letter())
    assert handed.returncode == 0, handed.stderr

    def log():
        return "\n".join(file.read_text(errors="replace") for file in spool.glob("log-*"))
    return finished(log, " => ", [" == ", " ** "])


def unpacked_version(peer, package):
    return ["sh", "-c", f"zcat {PEERS}/{peer}/usr/share/doc/{package}/changelog.Debian.gz | head -1"]


SMARTHOST_PROGRAMS = [
    Program("postfix", postfix, [str(PEERS / "postfix/.complete")], "postfix, unpacked", unpacked_version("postfix", "postfix")),
    Program("exim", exim, [str(PEERS / "exim/.complete")], "exim4-daemon-heavy, unpacked",
            unpacked_version("exim", "exim4-base")),
]
