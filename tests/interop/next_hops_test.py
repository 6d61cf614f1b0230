#!/usr/bin/env python3
"""next_hops_test.py: from Packetboat out to Postfix, Exim and OpenSMTPD, by MX from a zone of our own (STARTTLS is taken) and by
relay:// (a port without it): each letter arrives whole, several recipients get theirs, a refusal becomes a bounce.
OpenSMTPD's handshake fails on Debian 12: what MX brings there goes in the clear after that.
"""

import pathlib
import sys

from letters import KINDS, Letter, top_received, wait_until
from matrix import Matrix
from peers import MAILBOXES, Postfix
from rooted_peers import Exim, OpenSmtpd
from server import TOP, USER, Server

sys.path.insert(0, str(pathlib.Path(TOP, "tests/end_to_end")))
from dns_server import DnsServer  # noqa: E402

matrix = Matrix("out")


def check_hop(arrived, peer, encrypted):
    hop = top_received(arrived).lower()
    assert f"by mx.{peer.domain}" in hop, hop
    assert ("smtps " in hop) == encrypted, hop  # with ESMTPS, or UTF8SMTPS (RFC 6531 §4.3)


def deliver(ours, peer, way, domain, kind, names):
    with matrix.cell(peer.name, way, kind, f"{len(names)} to") as say:
        letter = Letter(kind, USER, [f"{name}@{domain}" for name in names])
        queue_id = ours.submit(letter)
        for name in names:
            arrived = letter.arrived_in(lambda: peer.letters(name), name)
            letter.check_whole(arrived)
            check_hop(arrived, peer, way == "mx+tls" and type(peer) is not OpenSmtpd)
            assert queue_id.encode() in arrived, "our Received field does not name the queue id"
        say(queue_id)


def bounce(ours, peer, name, kind, reason):
    with matrix.cell(peer.name, "mx+tls", kind, "bounce") as say:
        letter = Letter(kind, USER, [f"{name}@{peer.domain}"])
        ours.submit(letter)
        report = letter.arrived_in(ours.caught, "the bounce").decode()
        assert f"Final-Recipient: rfc822; {name}@{peer.domain}" in report, report
        assert "Action: failed" in report and reason in report, report
        say(next(line for line in report.splitlines() if line.startswith(reason))[:70])


def say_goodbye(peer):
    """Postfix counts the commands of each connection when it ends."""
    with matrix.cell(peer.name, "mx+tls", "idle", "quit") as say:
        ends = lambda: [line for line in peer.log_text().splitlines() if " quit=1 " in line]  # noqa: E731
        wait_until(ends, "QUIT before our connection closes")
        say(ends()[0].partition("disconnect from ")[2])


def run(kind_of_peer):
    zone = {"smtp.peer.test": {"A": ["127.0.0.1"]}}
    with kind_of_peer() as peer, DnsServer(zone) as dns:
        zone_of_peer = {peer.domain: {"MX": [(10, "smtp.peer.test")]}}
        dns.zone.update(zone_of_peer)
        extra = (f'[dns]\nservers = ["{dns.address}"]\n[delivery]\nmx_port = {peer.port}\n'
                 f'[[route]]\ndomain = "relay.{peer.domain}"\n'
                 f'via = "relay://127.0.0.1:{peer.clear_port}"\n')
        with Server(extra=extra) as ours:
            for way, domain in (("mx+tls", peer.domain), ("relay clear", f"relay.{peer.domain}")):
                for kind in KINDS:
                    deliver(ours, peer, way, domain, kind, MAILBOXES[:1])
                deliver(ours, peer, way, domain, "dots", MAILBOXES)
            bounce(ours, peer, "nobody", "dots", "Diagnostic-Code: smtp; 5")
            if isinstance(peer, OpenSmtpd):  # it has no SMTPUTF8
                bounce(ours, peer, "bob", "utf8-header", "Status: 5.6.9")
            else:
                deliver(ours, peer, "mx+tls", peer.domain, "utf8-header", MAILBOXES[:1])
            if isinstance(peer, Postfix):
                say_goodbye(peer)
            if matrix.failed:
                print(peer.log_text()[-3000:], ours.log_text()[-6000:], sep="\n")


def main():
    matrix.side_by_side(run, matrix.peers(Postfix, Exim, OpenSmtpd))
    return matrix.finish()


if __name__ == "__main__":
    sys.exit(main())
