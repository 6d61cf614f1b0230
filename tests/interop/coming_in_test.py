#!/usr/bin/env python3
"""coming_in_test.py: Postfix and Exim relay to Packetboat's port 25, with STARTTLS and without; Exim with BDAT and with DATA. Each
letter is in the account's Maildir, whole; an unknown mailbox is refused with 550, and the peer's bounce says so.
"""

import pathlib
import smtplib
import sys

from letters import KINDS, Letter, top_received, wait_until
from matrix import Matrix
from peers import Postfix, maildir_letters
from rooted_peers import Exim
from server import TOP, Server, hand_in

sys.path.insert(0, str(pathlib.Path(TOP, "tests/end_to_end")))
from dns_server import DnsServer  # noqa: E402

matrix = Matrix("in")
BOX = "box@box.test"


def postfix(ours, encrypted):
    level = {"smtp_tls_security_level": "may" if encrypted else "none"}
    return Postfix(relayhost=f"[127.0.0.1]:{ours.port['relay']}", extra=level)


def exim(ours, encrypted):
    """Where it may not encrypt it shall also not chunk: the other way to send a body."""
    clear = "hosts_avoid_tls = *\n  hosts_try_chunking ="
    return Exim(smarthost=f"127.0.0.1::{ours.port['relay']}", client="" if encrypted else clear)


def send_through(peer, letter):
    with smtplib.SMTP("127.0.0.1", peer.port, timeout=60) as client:
        hand_in(client, letter)


def relay(ours, peer, encrypted, kind):
    body = "BDAT" if isinstance(peer, Exim) and encrypted else "DATA"
    with matrix.cell(peer.name, "starttls" if encrypted else "clear", body, kind) as say:
        letter = Letter(kind, f"bob@{peer.domain}", [BOX])
        send_through(peer, letter)
        arrived = letter.arrived_in(lambda: maildir_letters(ours.data / "mail/box.test" / BOX), BOX)
        letter.check_whole(arrived)
        hop = top_received(arrived)
        assert "by mx.one.test" in hop and ("with ESMTPS " in hop) == encrypted, hop
        if isinstance(peer, Exim):  # K: it sent in chunks
            chunked = wait_until(lambda: [" K C=" in line for line in peer.log_text().splitlines()
                                          if f"=> {BOX} " in line], "the peer's log")[-1]
            assert chunked == (body == "BDAT"), peer.log_text()
        say(hop.partition(" with ")[2].partition(" for ")[0])


def refuse(ours, peer):
    with matrix.cell(peer.name, "", "", "no mailbox") as say:
        letter = Letter("dots", f"bob@{peer.domain}", ["nobody@box.test"])
        send_through(peer, letter)
        report = letter.arrived_in(lambda: peer.letters("bob"), "the peer's bounce").decode(errors="replace")
        assert "550" in report and "5.1.1" in report, report
        say("bounced by the peer with our 550 5.1.1")


def run(kind_of_peer):
    zone = {f"{name}.test": {"A": ["127.0.0.1"], "TXT": ["v=spf1 ip4:127.0.0.1 -all"]}
            for name in ("postfix", "exim", "mx.postfix", "mx.exim")}
    with DnsServer(zone) as dns:
        extra = f'[[domain]]\nname = "box.test"\n[dns]\nservers = ["{dns.address}"]\n'
        with Server(extra=extra, accounts=[BOX]) as ours:
            for encrypted in (True, False):
                with kind_of_peer(ours, encrypted) as peer:
                    for kind in KINDS:
                        relay(ours, peer, encrypted, kind)
                    if encrypted:
                        refuse(ours, peer)
                    if matrix.failed:
                        print(peer.log_text()[-3000:], ours.log_text()[-6000:], sep="\n")


def main():
    able = matrix.peers(Postfix, Exim)
    matrix.side_by_side(run, [{Postfix: postfix, Exim: exim}[peer] for peer in able])
    return matrix.finish()


if __name__ == "__main__":
    sys.exit(main())
