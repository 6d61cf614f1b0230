"""hostile_servers_test.py: servers that try to keep a client from TLS get no password and no mail.

Suite: smtp/no-starttls-fake-mail-server (59 cases, 4 of certificates, 2 that a comment describes), each played twice: to a
smarthost with a user, and to a relay without one (RFC 3207 §4, §6; RFC 8314 §3).
Not here: injected plaintext bit by bit (src/smtp/client), what a server of ours does.
"""

import base64
import pathlib
import subprocess
import unittest

import ron
from outgoing import Case, Outgoing, words
from peer import Peer
from running import make_certificate
from suites import Count, suite_folder

USER, PASSWORD = "victim@example.org", "pa55word-of-the-test"
BODY = b"the body that nobody else may read"
SECRETS = [PASSWORD.encode(), base64.b64encode(PASSWORD.encode()),
           base64.b64encode(f"\0{USER}\0{PASSWORD}".encode()), base64.b64encode(USER.encode()), b"n,,n="]


class FakeServer:
    """What one file of the suite says the server does; `certificate` is the pair for its crt_path."""

    def __init__(self, case):
        self.case = case
        self.answers = {verb.upper(): reply for verb, reply in dict(case.get("override_response") or
                                                                     {}).items()}
        self.hidden = [verb.upper() for verb in case.get("hide_commands", [])]
        self.ignored = [verb.upper() for verb in case.get("ignore_commands_tls", [])]

    def capabilities(self, tls):
        out = []
        for one in self.case.get("capabilities_tls" if tls else "capabilities") or []:
            if one == "StartTLS":
                out.append("STARTTLS")
            elif one[0] == "Auth":
                names = [m[1][0] if isinstance(m, tuple) else m for m in one[1][0]]
                out.append("AUTH " + " ".join(name.upper() for name in names))
        return out

    def talk(self, peer):
        def say(text):
            peer.socket.sendall(text.encode())

        say(self.case.get("greeting") or "220 example.org ESMTP\r\n")
        while True:
            line = peer.read_line()
            verb = line.split(" ")[0].upper()
            if verb in self.ignored and peer.tls:
                continue
            if verb in self.answers:
                say(self.answers[verb])
            elif verb in self.hidden:
                say("500 Syntax error, command unrecognized\r\n")
            elif verb == "EHLO":
                lines = ["example.org"] + self.capabilities(peer.tls)
                say("".join(f"250-{one}\r\n" for one in lines[:-1]) + f"250 {lines[-1]}\r\n")
            elif verb == "STARTTLS":
                self.starttls(peer, say)
            elif verb == "DATA":
                say("354 go\r\n")
                while peer.read_octets_of_line() != b".\r\n":
                    pass
                say("250 2.0.0 thank you\r\n")
            elif verb == "QUIT":
                say("221 2.0.0 bye\r\n")
                return
            else:
                say("235 2.7.0 in\r\n" if verb == "AUTH" else "250 2.0.0 ok\r\n")

    def starttls(self, peer, say):
        reply = self.case.get("stls_response") or "220 2.0.0 go\r\n"
        say(reply)
        if self.case.get("stls_make_transition", reply.startswith("220")):
            peer.socket = peer.owner.context().wrap_socket(peer.socket, server_side=True)
            peer.tls, peer.buffer = True, b""


def certificates(server):
    """{how the suite's crt_path ends: (certificate, key)}."""
    folder = server.folder
    stranger = folder / "stranger"
    stranger.mkdir()
    new_key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes"]

    def openssl(*arguments):
        subprocess.run(["openssl", *map(str, arguments)], check=True, capture_output=True)

    names = ["-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost"]
    openssl("req", "-x509", *new_key, "-keyout", stranger / "own.key", "-out", stranger / "own.pem",
            "-days", 30, *names)
    other = folder / "other.cnf"
    other.write_text("subjectAltName=DNS:other.example.org\n")
    signed = ("-CA", server.ca, "-CAkey", folder / "ca.key", "-CAcreateserial")
    for name, days, extensions in (("other", 30, other), ("expired", -1, folder / "names.cnf")):
        openssl("req", *new_key, "-keyout", folder / f"{name}.key", "-out", folder / "leaf.csr",
                "-subj", "/CN=localhost")
        openssl("x509", "-req", "-in", folder / "leaf.csr", *signed, "-out", folder / f"{name}.pem",
                "-days", days, "-extfile", extensions)
    _, *unknown = make_certificate(stranger)
    return {"self-signed.pem": (stranger / "own.pem", stranger / "own.key"),
            "unknown-root.pem": tuple(unknown),
            "other.example.org.pem": (folder / "other.pem", folder / "other.key"),
            "expired.pem": (folder / "expired.pem", folder / "expired.key"),
            "": (server.certificate, server.key)}


class HostileServersTest(unittest.TestCase):
    def setUp(self):
        folder = suite_folder(self, "smtp/no-starttls-fake-mail-server")
        self.files = {str(path.relative_to(folder)).replace("testcases", "").lstrip("/"):
                      ron.read(path.read_text()) for path in sorted(folder.rglob("*.ron"))}
        self.add_the_steps_that_comments_describe(folder)

    def add_the_steps_that_comments_describe(self, folder):
        """Buffering/B_1 has its steps as comments, to be switched on by hand."""
        name = "smtp/Buffering/B_1.ron"
        text = (folder / "testcases" / name).read_text()
        for step in ("ignore_commands_tls", "stls_response"):
            self.files[f"{name} with {step}"] = ron.read(text.replace(f"//{step}", step))

    def play(self, scheme, host, sections):
        """{name: (outcome, its peer)}; sections(folder) are added to the configuration."""
        cases, peers = [], {}
        server = Outgoing([])
        pairs = certificates(server)
        for name, case in self.files.items():
            path = dict(case.get("cert", ("Cert", {}))[1] or {}).get("crt_path", "")
            pair = next(pair for end, pair in pairs.items() if path.endswith(end))
            peer = Peer(talk=FakeServer(case).talk, certificate=pair,
                        implicit=case.get("implicit_tls", False)).__enter__()
            self.addCleanup(peer.__exit__)
            peers[name] = peer
            cases.append(Case(name, f"{scheme}://{host}:{peer.port}", content=b"Subject: x\r\n\r\n" +
                              BODY + b"\r\n"))
        playing = Outgoing(cases, sections(server.folder))
        playing.ca = server.ca
        with server.log_file, playing:
            outcomes = playing.play()
            self.assertNotIn(PASSWORD, playing.log_text())
        return {name: (words(outcomes[name]), peers[name]) for name in self.files}

    def tell(self, title, played):
        sums = {}
        for outcome, _ in played.values():
            sums[outcome] = sums.get(outcome, 0) + 1
        for outcome, count in sorted(sums.items()):
            print(f"MATRIX no-starttls, {title}: {count:3} {outcome}")

    def test_a_smarthost_gets_neither_password_nor_mail_in_the_clear(self):
        def sections(folder):
            secret = folder / "secret"
            secret.write_text(PASSWORD + "\n")
            secret.chmod(0o600)
            return f'[[credential]]\nhost = "localhost"\nuser = "{USER}"\npassword_file = "{secret}"\n'

        played = self.play("submission", "localhost", sections)
        count = Count("smtp/no-starttls-fake-mail-server, smarthost with a user")
        for name, (outcome, peer) in played.items():
            clear = b"".join(one.in_clear() for one in peer.conversations)
            told = [secret for secret in SECRETS + [BODY] if secret in clear]
            problem = f"{outcome}; in the clear: {told}" if told else ""
            if not outcome.startswith(("deferred ", "delivered")):
                problem = f"{outcome}: a hostile server must not bounce mail"
            if outcome.startswith("delivered") and not any(one.tls for one in peer.conversations):
                problem = "delivered without TLS"
            count.record(name, problem)
        self.tell("smarthost with a user", played)
        count.finish(self)

    def test_a_relay_is_spoken_to_as_it_can_and_every_outcome_has_a_name(self):
        played = self.play("relay", "127.0.0.1", lambda _: "")
        count = Count("smtp/no-starttls-fake-mail-server, relay without a user")
        for name, (outcome, peer) in played.items():
            seen = b"".join(one.everything() for one in peer.conversations)
            count.record(name, "AUTH was sent" if b"AUTH" in seen else "")
        self.tell("relay without a user", played)
        count.finish(self)


if __name__ == "__main__":
    unittest.main()
