#!/usr/bin/env python3
"""next_hop_answers_test.py: what Packetboat makes of what real next hops say. Exim is down, then up; takes one recipient, refuses the
second for good and the third for now; cannot do DSN. Postfix takes no message so large; does DSN and sends its report back to us.
"""

import pathlib
import sys

from letters import Letter, wait_until
from matrix import Matrix
from peers import Postfix
from rooted_peers import Exim
from server import TOP, USER, Server

sys.path.insert(0, str(pathlib.Path(TOP, "tests/end_to_end")))
from dns_server import DnsServer  # noqa: E402

matrix = Matrix("answers")


def about(report, recipient):
    """The lines of a report's block about one recipient (RFC 3464 §2.3)."""
    blocks = report.replace("\r\n", "\n").split("\n\n")
    return next((block for block in blocks if f"Final-Recipient: rfc822; {recipient}" in block), "")


def states(ours, queue_id):
    """recipient -> what `queue show` says of it, while the message is queued."""
    lines = ours.packetboat("queue", "show", queue_id).stdout.splitlines()
    return dict(line.strip().split(": ", 1) for line in lines if line.startswith("  ") and "@" in line and ": " in line)


def wait_for_state(ours, queue_id, recipient, words):
    return wait_until(lambda: (text := states(ours, queue_id).get(recipient, "")) and
                      all(word in text for word in words) and text, f"{recipient} {words}")


def down_then_up(ours, peer):
    """The peer starts within."""
    to = f"bob@{peer.domain}"
    letter = Letter("dots", USER, [to])
    queue_id = ours.submit(letter)
    with matrix.cell(peer.name, "is down", "deferred") as say:
        say(wait_for_state(ours, queue_id, to, ("deferred", "connect_failed")))
    peer.__enter__()
    with matrix.cell(peer.name, "is up again", "delivered"):
        ours.packetboat("queue", "retry", queue_id)
        letter.check_whole(letter.arrived_in(lambda: peer.letters("bob"), "bob"))


def three_fates(ours, peer):
    bob, nobody, dave = (f"{name}@{peer.domain}" for name in ("bob", "nobody", "dave"))
    peer.write("/etc/shut", "")
    letter = Letter("dots", USER, [bob, nobody, dave])
    queue_id = ours.submit(letter)
    with matrix.cell(peer.name, "250 550 451", "250"):
        letter.check_whole(letter.arrived_in(lambda: peer.letters("bob"), bob))
    with matrix.cell(peer.name, "250 550 451", "550 bounces"):
        report = letter.arrived_in(ours.caught, "the bounce").decode()
        assert "Action: failed" in about(report, nobody), report
        assert not about(report, bob) and not about(report, dave), report
    with matrix.cell(peer.name, "250 550 451", "451 waits") as say:
        say(wait_for_state(ours, queue_id, dave, ("deferred", "451")))
        assert not letter.among(peer.letters("dave"))
    with matrix.cell(peer.name, "250 550 451", "then 250"):
        (peer.system / "etc/shut").unlink()
        ours.packetboat("queue", "retry", queue_id)
        letter.check_whole(letter.arrived_in(lambda: peer.letters("dave"), dave))
        assert len(letter.among(peer.letters("bob"))) == 1, "bob has it twice"


def ask_for_success(ours, peer, action, reporter):
    with matrix.cell(peer.name, "NOTIFY=SUCCESS", action) as say:
        letter = Letter("dots", USER, [f"carol@{peer.domain}"])
        letter.rcpt_options = ["NOTIFY=SUCCESS"]
        ours.submit(letter)
        letter.check_whole(letter.arrived_in(lambda: peer.letters("carol"), "carol"))
        report = letter.arrived_in(ours.caught, "the report").decode()
        assert f"Action: {action}" in about(report, f"carol@{peer.domain}"), report
        assert f"Reporting-MTA: dns; {reporter}" in report.replace("dns;mx", "dns; mx"), report
        say(f"report by {reporter}")


def too_large(ours, peer):
    with matrix.cell(peer.name, "SIZE 100000", "bounce") as say:
        letter = Letter("large", USER, [f"bob@{peer.domain}"])
        ours.submit(letter)
        report = letter.arrived_in(ours.caught, "the bounce").decode()
        block = about(report, f"bob@{peer.domain}")
        assert "Action: failed" in block and "Status: 5.3.4" in block, report
        assert "message size" not in peer.log_text().lower(), "the peer had to refuse it"
        say("Status: 5.3.4, not even offered")


def with_exim(ours, peer):
    down_then_up(ours, peer)
    three_fates(ours, peer)
    ask_for_success(ours, peer, "relayed", "mx.one.test")


def with_postfix(ours, peer):
    peer.relayhost = f"[127.0.0.1]:{ours.port['relay']}"
    peer.__enter__()
    too_large(ours, peer)
    ask_for_success(ours, peer, "delivered", "mx.postfix.test")


def run(kind_of_peer):
    peer = Postfix(extra={"message_size_limit": "100000"}) if kind_of_peer is Postfix else Exim()
    zone = {peer.domain: {"MX": [(10, "smtp.peer.test")]}, "smtp.peer.test": {"A": ["127.0.0.1"]}}
    try:
        with DnsServer(zone) as dns:
            extra = f'[dns]\nservers = ["{dns.address}"]\n[delivery]\nmx_port = {peer.port}\n'
            with Server(extra=extra) as ours:
                (with_postfix if kind_of_peer is Postfix else with_exim)(ours, peer)
                if matrix.failed:
                    print(peer.log_text()[-3000:], ours.log_text()[-6000:], sep="\n")
                wait_until(lambda: ours.packetboat("queue", "list").stdout.strip() == "Nothing is queued.",
                           "an empty queue at the end")
    finally:
        peer.__exit__()


def main():
    matrix.side_by_side(run, matrix.peers(Postfix, Exim))
    return matrix.finish()


if __name__ == "__main__":
    sys.exit(main())
