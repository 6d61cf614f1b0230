#!/usr/bin/env python3
"""whole_chain_test.py: swaks, msmtp and nodemailer submit to Packetboat on 587, 465 and 2525, certificate verified, with a login;
Packetboat relays to Postfix (found by MX in a zone of our own), Exim and OpenSMTPD; the letter is in the peer's Maildir, whole.
"""

import concurrent.futures
import contextlib
import json
import pathlib
import shutil
import sys

from letters import Letter
from matrix import Matrix
from peers import Postfix
from rooted_peers import Exim, OpenSmtpd
from server import PASSWORD, ROLES, TOP, USER, Server, run, skip

sys.path.insert(0, str(pathlib.Path(TOP, "tests/end_to_end")))
from dns_server import DnsServer  # noqa: E402

HERE = pathlib.Path(__file__).resolve().parent
matrix = Matrix("chain")


def swaks(port, implicit, letter, ca):
    text = letter.bytes.decode().replace("\r\n", "\n").removesuffix("\n")  # swaks adds one of its own
    run("swaks", "--server", "localhost", "--port", port, "--tls-on-connect" if implicit else "--tls",
        "--tls-verify", "--tls-ca-path", ca, "--auth", "PLAIN", "--auth-user", USER,
        "--auth-password", PASSWORD, "--from", USER, "--to", letter.recipients[0], "--data", "-",
        "--silent", "1", timeout=90, input=text)


def msmtp(port, implicit, letter, ca):
    run("msmtp", "--file=/dev/null", "--host=localhost", f"--port={port}", "--auth=on", f"--user={USER}",
        f"--passwordeval=echo '{PASSWORD}'", "--tls=on", f"--tls-trust-file={ca}",
        f"--tls-starttls={'off' if implicit else 'on'}", f"--from={USER}", letter.recipients[0],
        input=letter.bytes.decode().replace("\r\n", "\n"), timeout=90)


def nodemailer(port, implicit, letter, ca):
    run("node", HERE / "submit_nodemailer.js", json.dumps({
        "host": "localhost", "port": port, "secure": implicit, "requireTLS": not implicit, "ca": str(ca),
        "user": USER, "password": PASSWORD, "from": USER, "to": letter.recipients[0], "raw": True}),
        input=letter.bytes.decode(), timeout=90)


SUBMITTERS = {"swaks": (swaks, "swaks"), "msmtp": (msmtp, "msmtp"), "nodemailer": (nodemailer, "node")}


def pass_on(ours, peer, submitter, role):
    with matrix.cell(submitter, ROLES[role], "to", peer.name) as say:
        letter = Letter("dots" if role != "submissions" else "eight-bit", USER, [f"bob@{peer.domain}"])
        SUBMITTERS[submitter][0](ours.port[role], role == "submissions", letter, ours.ca)
        arrived = letter.arrived_in(lambda: peer.letters("bob"), "bob")
        letter.check_whole(arrived)
        ours_says = " ".join(arrived.decode().partition("by mx.one.test ")[2].split())
        assert ours_says.startswith("with ESMTPSA "), ours_says[:200]
        say(ours_says.partition(" for ")[0])


def main():
    submitters = [name for name, (_, program) in SUBMITTERS.items() if shutil.which(program)]
    for name in SUBMITTERS.keys() - set(submitters):
        skip(f"interop chain: {name}", f"missing package ({SUBMITTERS[name][1]})")
    able = matrix.peers(Postfix, Exim, OpenSmtpd)
    if not able:
        return matrix.finish()
    with contextlib.ExitStack() as stack:
        peers = [stack.enter_context(kind()) for kind in able]
        dns = stack.enter_context(DnsServer({"postfix.test": {"MX": [(10, "mx.postfix.test")]},
                                             "mx.postfix.test": {"A": ["127.0.0.1"]}}))
        extra = f'[dns]\nservers = ["{dns.address}"]\n'
        for peer in peers:
            if isinstance(peer, Postfix):
                extra += f"[delivery]\nmx_port = {peer.port}\n"
                continue
            extra += f'[[route]]\ndomain = "{peer.domain}"\nvia = "relay://127.0.0.1:{peer.clear_port}"\n'
        with Server(extra=extra) as ours, concurrent.futures.ThreadPoolExecutor(4) as pool:
            list(pool.map(lambda job: pass_on(ours, *job),
                          [(peer, submitter, role) for peer in peers for submitter in submitters
                           for role in ROLES if role != "relay"]))
            if matrix.failed:
                print(*(peer.log_text()[-2000:] for peer in peers), ours.log_text()[-6000:], sep="\n")
    return matrix.finish()


if __name__ == "__main__":
    sys.exit(main())
