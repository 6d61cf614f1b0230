#!/usr/bin/env python3
"""dovecot_test.py: Packetboat hands mail to Dovecot over LMTP, on TCP and on a unix socket; it is read back over IMAP and over
POP3, byte for byte behind its trace fields. For a mailbox that Dovecot does not know a bounce goes back.
"""

import imaplib
import poplib
import sys

from letters import KINDS, Letter
from matrix import Matrix
from rooted_peers import Dovecot
from server import USER, Server

matrix = Matrix("lmtp")
PASSWORD = "read me: if you can"
DOMAINS = {"tcp": "dovecot.test", "unix": "unix.dovecot.test"}


def over_imap(peer, user):
    client = imaplib.IMAP4("127.0.0.1", peer.imap_port, timeout=60)
    client.login(user, PASSWORD)
    client.select("INBOX", readonly=True)
    found = client.search(None, "ALL")[1][0].split()
    messages = [client.fetch(number, "(BODY.PEEK[])")[1][0][1] for number in found]
    client.logout()
    return messages


def over_pop3(peer, user):
    client = poplib.POP3("127.0.0.1", peer.pop3_port, timeout=60)
    client.user(user)
    client.pass_(PASSWORD)
    count = client.stat()[0]
    messages = [b"\r\n".join(client.retr(number)[1]) + b"\r\n" for number in range(1, count + 1)]
    client.quit()
    return messages


def deliver(ours, peer, way, kind):
    user = f"bob@{DOMAINS[way]}"
    letter = Letter(kind, USER, [user])
    queue_id = ours.submit(letter)
    for protocol, read in (("imap", over_imap), ("pop3", over_pop3)):
        with matrix.cell("dovecot", way, kind, protocol) as say:
            arrived = letter.arrived_in(lambda: read(peer, user), protocol)
            letter.check_whole(arrived, exact=True)
            say(f"{queue_id}, {len(letter.bytes)} octets the same")


def deliver_to_two(ours, peer, way):
    users = [f"{name}@{DOMAINS[way]}" for name in ("bob", "alice")]
    with matrix.cell("dovecot", way, "two at once", "imap"):
        letter = Letter("dots", USER, users)
        ours.submit(letter)
        for user in users:
            letter.check_whole(letter.arrived_in(lambda: over_imap(peer, user), user), exact=True)


def bounce(ours, way):
    with matrix.cell("dovecot", way, "no mailbox", "bounce") as say:
        nobody = f"nobody@{DOMAINS[way]}"
        letter = Letter("dots", USER, [nobody])
        ours.submit(letter)
        report = letter.arrived_in(ours.caught, "the bounce").decode()
        assert f"Final-Recipient: rfc822; {nobody}" in report, report
        assert "Diagnostic-Code: smtp; 550 5.1.1" in report, report
        say(next(line for line in report.splitlines() if line.startswith("Diagnostic-Code:"))[:70])


def main():
    if matrix.peers(Dovecot):
        users = [(f"{name}@{domain}", PASSWORD) for domain in DOMAINS.values() for name in ("bob", "alice")]
        with Dovecot(logins=users) as peer:
            places = {"tcp": f"127.0.0.1:{peer.port}", "unix": f"unix:{peer.lmtp_socket}"}
            extra = "".join(f'[[domain]]\nname = "{DOMAINS[way]}"\ndeliver = "lmtp:{places[way]}"\n'
                            'recipients = "any"\n' for way in DOMAINS)
            with Server(extra=extra) as ours:
                for way in DOMAINS:
                    for kind in KINDS:
                        deliver(ours, peer, way, kind)
                    deliver_to_two(ours, peer, way)
                    bounce(ours, way)
                if matrix.failed:
                    print(peer.log_text()[-3000:], ours.log_text()[-6000:], sep="\n")
    return matrix.finish()


if __name__ == "__main__":
    sys.exit(main())
