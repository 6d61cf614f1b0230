#!/usr/bin/env python3
"""smarthost_test.py: Packetboat logs in at Postfix (logins by Dovecot: SCRAM) and at Exim (PLAIN) on their 587, 465 and 2525, the
certificate verified by name. A wrong password or a certificate that does not fit keeps the mail in the queue and is an error in
the log; to such a server no password is sent.
"""

import base64
import contextlib
import pathlib
import sys

from letters import KINDS, Letter, top_received, wait_until
from matrix import Matrix
from peers import LOGIN_PORTS, NAMES, Postfix
from rooted_peers import LOGIN, Dovecot, Exim
from server import TOP, USER, Server

sys.path.insert(0, str(pathlib.Path(TOP, "tests/end_to_end")))
from dns_server import DnsServer  # noqa: E402

matrix = Matrix("smarthost")
RIGHT, WRONG = NAMES  # both stand in the certificate; at the second we give a wrong password
OTHER = "other.peer.test"  # does not


def url(host, role, port):
    return f"{'submissions' if role == '465' else 'submission'}://{host}:{port}"


def configuration(peer, dns, folder):
    """A route for each port at each of the three names, chosen by the recipient's domain."""
    text = f'[dns]\nservers = ["{dns.address}"]\n'
    for host, prefix in ((RIGHT, "p"), (WRONG, "wrong"), (OTHER, "other")):
        for role, port in peer.login_port.items():
            text += f'[[route]]\ndomain = "{prefix}{role}.{peer.domain}"\nvia = "{url(host, role, port)}"\n'
        secret = folder / f"{host}.secret"
        secret.write_text((LOGIN[1] if host != WRONG else "not the password") + "\n")
        secret.chmod(0o600)
        text += f'[[credential]]\nhost = "{host}"\nuser = "{LOGIN[0]}"\npassword_file = "{secret}"\n'
    return text


def logged_in(peer):
    """How often each way to log in was tried, as the peer's log has it."""
    log = peer.log_text()
    if isinstance(peer, Postfix):
        return {"SCRAM-SHA-256": log.count("sasl_method=SCRAM-SHA-256"), "refused": log.count("authentication failed")}
    return {"PLAIN": log.count(" A=plain:"), "refused": log.count("plain authenticator failed")}


def deliver(ours, peer, role, kind):
    with matrix.cell(peer.name, role, "right login", kind) as say:
        before = logged_in(peer)
        letter = Letter(kind, USER, [f"bob@p{role}.{peer.domain}"])
        ours.submit(letter)
        arrived = letter.arrived_in(lambda: peer.letters("bob"), "bob")
        letter.check_whole(arrived)
        hop = top_received(arrived)
        assert "esmtpsa" in hop.lower(), hop
        method = next(iter(before))
        wait_until(lambda: logged_in(peer)[method] > before[method], f"a login by {method} in the peer's log")
        say(f"{method}, {'implicit TLS' if role == '465' else 'STARTTLS'}")


def stay(ours, peer, role, prefix, reason, what):
    with matrix.cell(peer.name, role, what, "stays") as say:
        letter = Letter("dots", USER, [f"bob@{prefix}{role}.{peer.domain}"])
        queue_id = ours.submit(letter)
        fault = wait_until(lambda: [line for line in ours.log_lines("delivery_fault")
                                    if line["message"] == queue_id], "an error in our log")[0]
        assert fault["level"] == "error" and fault["reason"] == reason, fault
        shown = ours.packetboat("queue", "show", queue_id).stdout
        assert "deferred, next attempt" in shown, shown
        assert not letter.among(peer.letters("bob")), "it was delivered all the same"
        assert LOGIN[1] not in shown and "not the password" not in shown + ours.log_text()
        sent = [line.strip() for line in shown.splitlines() if line.strip().startswith("> ")]
        assert any("AUTH" in line for line in sent) == (reason == "credentials_refused"), sent
        say(f"{reason}: {fault['reply']}"[:80])


def check_nobody_tried(peer, before):
    with matrix.cell(peer.name, "all three", "untrusted", "no password") as say:
        assert logged_in(peer) == before, (before, logged_in(peer))
        say(f"the peer saw no login: {before}")


class PostfixWithLogins(Postfix):
    """Needs Dovecot, too, which answers for its logins."""

    @classmethod
    def why_not(cls):
        return Postfix.why_not() or Dovecot.why_not()


def run(kind_of_peer):
    with contextlib.ExitStack() as stack:
        if kind_of_peer is PostfixWithLogins:
            dovecot = stack.enter_context(Dovecot())
            peer = stack.enter_context(Postfix(sasl=f"127.0.0.1:{dovecot.auth_port}"))
        else:
            peer = stack.enter_context(kind_of_peer())
        dns = stack.enter_context(DnsServer({host: {"A": ["127.0.0.1"]} for host in (RIGHT, WRONG, OTHER)}))
        extra = configuration(peer, dns, peer.folder)
        with Server(extra=extra, environment={"SSL_CERT_FILE": str(peer.ca)}) as ours:
            for role in LOGIN_PORTS:
                for kind in KINDS:
                    deliver(ours, peer, role, kind)
            before = logged_in(peer)
            for role in LOGIN_PORTS:
                stay(ours, peer, role, "other", "untrusted_certificate", "wrong name")
            strict_about_the_ca(peer, extra)
            check_nobody_tried(peer, before)
            for role in LOGIN_PORTS:
                stay(ours, peer, role, "wrong", "credentials_refused", "wrong login")
            wait_until(lambda: logged_in(peer)["refused"] >= len(LOGIN_PORTS), "the refusals in the peer's log")
            check_password_is_nowhere(ours, peer)
            if matrix.failed:
                print(peer.log_text()[-4000:], ours.log_text()[-6000:], sep="\n")


def check_password_is_nowhere(ours, peer):
    with matrix.cell(peer.name, "all three", "password", "in no file") as say:
        user, password = LOGIN
        plain = base64.b64encode(f"\0{user}\0{password}".encode())
        files = [path for path in [ours.folder / "server.log", *ours.data.rglob("*")] if path.is_file()]
        for path in files:
            content = path.read_bytes()
            assert password.encode() not in content and plain not in content, path
        say(f"{len(files)} files of log, queue and journal")


def strict_about_the_ca(peer, extra):
    """The same with the system's authorities alone, which do not know the peer's."""
    with Server(extra=extra) as ours:
        for role in LOGIN_PORTS:
            stay(ours, peer, role, "p", "untrusted_certificate", "unknown CA")


def main():
    matrix.side_by_side(run, matrix.peers(PostfixWithLogins, Exim))
    return matrix.finish()


if __name__ == "__main__":
    sys.exit(main())
