"""probe_compare_test.py: `probe --compare`: a server measures the same ports for an account of its own, and
for nobody else.

XPROBE takes ports of mail only: the targets listen on 2525, each at a loopback address of its own.
Not here: how two views are compared (src/advisor/other_place_test.cpp).
"""
import base64
import json
import os
import random
import socket
import threading
import unittest

from dns_server import DnsServer
from running import WAIT, Server, make_certificate, packetboat

PORT = 2525
ALICE, BOB = Server.ALICE, Server.BOB
LOOPBACK = '[networks]\nxprobe = ["127.0.0.0/8"]\n'


def own_address():
    """A loopback address on which nobody else listens."""
    return "127." + ".".join(str(random.randint(1, 254)) for _ in range(3))


class Measuring(Server):
    """A server with a second submission listener: what is measured, and what measures, in one."""

    def __init__(self, more="", trusts_itself=True):
        self.at = own_address()
        super().__init__()
        make_certificate(self.folder, ca=self.ca, more=(f"IP:{self.at}", "DNS:mx.target.test"))
        self.write_config(more=f'[[listener]]\nrole = "submission"\naddress = "{self.at}:{PORT}"\n{more}')
        stranger = self.folder / "stranger"
        stranger.mkdir()
        trusted = self.ca if trusts_itself else make_certificate(stranger)[0]
        self.environment = {**os.environ, "SSL_CERT_FILE": str(trusted)}

    def compare(self, target, *arguments, login=ALICE, ports=f"{PORT},2587"):
        return packetboat("probe", target, "--port", ports, "--no-control", "--ca-file", self.ca,
                          "--compare", f"localhost:{self.port['submission']}", "--login", login[0],
                          "--password-command", f"printf '%s\\n' '{login[1]}'", *arguments)

    def account(self, login=ALICE, role="submission"):
        client = self.connect(role, "implicit" if role == "submissions" else "starttls")
        client.ehlo()
        client.login(*login)
        return client


class Eavesdropper:
    """A mail server in the clear that offers AUTH and keeps every byte that it is told."""

    def __init__(self):
        self.at = own_address()
        self.listener = socket.create_server((self.at, PORT))
        self.heard = b""
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                connection, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=self.talk, args=(connection,), daemon=True).start()

    def talk(self, connection):
        with connection:
            connection.settimeout(WAIT)
            connection.sendall(b"220 <script>faults=-\x1b[31m</script>\r\n")
            while data := connection.recv(4096):
                self.heard += data
                connection.sendall(b"250-<script>\r\n250 AUTH PLAIN LOGIN\r\n")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.listener.close()


def port_of(report, port):
    row, = (one for one in report["compare"]["ports"] if one["port"] == port)
    return row


class ProbeCompareTest(unittest.TestCase):
    def test_both_sides_stand_in_two_columns_and_one_sentence(self):
        with Measuring(LOOPBACK) as server:
            screen = server.compare(server.at)
            self.assertEqual(screen.returncode, 0, screen.stdout + screen.stderr)
            self.assertIn("from here", screen.stdout)
            self.assertIn("from localhost", screen.stdout)
            self.assertIn("open, STARTTLS, TLS 1.3", screen.stdout)
            self.assertIn("2525: in order from here and from localhost; there is no difference.",
                          screen.stdout)
            report = json.loads(server.compare(server.at, "--json").stdout)
            self.assertEqual(report["schema"], "packetboat.probe/1")
            compare = report["compare"]
            self.assertEqual((compare["server"], compare["finding"], compare["because"]),
                             ("localhost", "same-in-order", [PORT]))
            there = port_of(report, PORT)["there"]
            self.assertEqual((there["tcp"], there["security"], there["tls_version"], there["fault"]),
                             ("open", "starttls", "TLS 1.3", None))
            closed = port_of(report, 2587)
            self.assertEqual((closed["there"]["tcp"], closed["contrast"]), ("refused", "same-fault"))
            chinese = server.compare(server.at, "--lang", "zh-Hant").stdout
            self.assertIn("2525：從這裡和從 localhost 看都正常，沒有差別。", chinese)
            lines = server.log_lines("xprobe")
            self.assertEqual({(line["account"], line["target"]) for line in lines},
                             {(ALICE[0], server.at)})
            self.assertNotIn(ALICE[1], server.log_text())

    def test_a_difference_is_named(self):
        with Measuring(LOOPBACK, trusts_itself=False) as server:
            done = server.compare(server.at, "--json", ports=str(PORT))
            report = json.loads(done.stdout)
            self.assertEqual(report["compare"]["finding"], "changed-there", report["compare"])
            self.assertEqual(port_of(report, PORT)["there"]["fault"], "cert-unknown-issuer")
            self.assertEqual(done.returncode, 0, "what is wrong there is no fault of here")

    def test_a_name_is_resolved_over_there(self):
        with DnsServer({}) as dns:
            with Measuring(f'{LOOPBACK}[dns]\nservers = ["{dns.address}"]\n') as server:
                dns.zone["mx.target.test"] = {"A": [server.at]}
                done = server.compare("mx.target.test", "--json", ports=str(PORT))
        report = json.loads(done.stdout)
        self.assertEqual(report["compare"]["finding"], "no-name-here", report["compare"])
        self.assertEqual(port_of(report, PORT)["there"]["security"], "starttls")
        self.assertEqual(port_of(report, PORT)["here"]["tcp"], "unknown")

    def test_private_targets_are_refused_after_resolution_unless_configured(self):
        with DnsServer({}) as dns:
            with Measuring(f'[dns]\nservers = ["{dns.address}"]\n') as server:
                dns.zone["inside.target.test"] = {"A": [server.at, "10.1.2.3"]}
                with server.account() as client:
                    for host in ("inside.target.test", f"[{server.at}]", "[192.168.0.1]",
                                 "[169.254.169.254]", "[IPv6:::1]", "[IPv6:::ffff:127.0.0.1]"):
                        code, text = client.docmd("XPROBE", f"{host}:{PORT}")
                        self.assertEqual((code, text), (550, b"5.7.1 Not a public address"), host)
                done = server.compare(server.at, "--json", ports=str(PORT), login=BOB)
                report = json.loads(done.stdout)
                self.assertEqual(report["compare"]["finding"], "not-compared")
                self.assertEqual(port_of(report, PORT)["told"], "denied")
                self.assertEqual(done.returncode, 0, "the probe itself went well")

    def test_it_is_no_scanner_for_strangers(self):
        with Measuring(LOOPBACK + "[limits]\nxprobe_per_hour = 3\n") as server:
            ask = f"[{server.at}]:{PORT}"
            with server.connect("relay", "starttls") as client:
                client.ehlo()
                self.assertFalse(client.has_extn("xprobe"))
                self.assertEqual(client.docmd("XPROBE", ask)[0], 502)
            with server.connect("submission", "clear") as client:
                client.ehlo()
                self.assertEqual(client.docmd("XPROBE", ask), (530, b"5.7.0 Must issue STARTTLS first"))
            with server.connect("submission", "starttls") as client:
                client.ehlo()
                self.assertFalse(client.has_extn("xprobe"))
                self.assertEqual(client.docmd("XPROBE", ask), (530, b"5.7.0 Authentication required"))
            with server.account() as client:
                client.ehlo()
                self.assertTrue(client.has_extn("xprobe"))
                for port in (22, 80 + 8000, 6379, 11211):
                    self.assertEqual(client.docmd("XPROBE", f"[{server.at}]:{port}"),
                                     (550, b"5.7.1 Not a port of mail"))
                self.assertEqual(client.docmd("XPROBE", "localhost:25")[0], 501)
                self.assertEqual(client.docmd("XPROBE", ask)[0], 250)
                self.assertEqual(client.docmd("XPROBE", ask)[0], 250)
            with server.account(role="submissions") as client:  # the count is the whole server's
                self.assertEqual(client.docmd("XPROBE", ask)[0], 250)
                self.assertEqual(client.docmd("XPROBE", ask),
                                 (450, b"4.7.1 Too many probes; try again later"))
            with server.account(BOB) as client:
                self.assertEqual(client.docmd("XPROBE", ask)[0], 250)
            done = server.compare(server.at, ports=str(PORT))
            self.assertIn("only a few times an hour", " ".join(done.stdout.split()))

    def test_nothing_of_a_target_s_text_and_no_password_travels(self):
        with Eavesdropper() as target, Measuring(LOOPBACK) as server:
            with server.account() as client:
                code, text = client.docmd("XPROBE", f"[{target.at}]:{PORT}")
            self.assertEqual((code, text), (250, b"2.0.0 family=ipv4 tcp=open security=cleartext tls=- "
                                                 b"faults=starttls-not-offered"))
            done = server.compare(target.at, "--json", ports=str(PORT))
            self.assertEqual(json.loads(done.stdout)["compare"]["finding"], "same-fault")
            for secret in (ALICE[1].encode(), base64.b64encode(ALICE[1].encode()), b"AUTH"):
                self.assertNotIn(secret, target.heard)

    def test_a_server_that_cannot_be_asked_is_named(self):
        with Measuring("[limits]\nxprobe_per_hour = 0\n") as server:
            with server.account() as client:
                client.ehlo()
                self.assertFalse(client.has_extn("xprobe"))
            off = server.compare(server.at, ports=str(PORT))
            self.assertEqual(off.returncode, 69)
            self.assertIn("XPROBE is switched off there", off.stderr)
            self.assertIn("STARTTLS", off.stdout, "what was measured here is shown all the same")
            wrong = server.compare(server.at, "--json", login=(ALICE[0], "wrong"), ports=str(PORT))
            self.assertEqual(wrong.returncode, 77)
            self.assertIn("could not be asked", json.loads(wrong.stdout)["compare"]["problem"])
            nobody = packetboat("probe", server.at, "--compare", "mail.nobody.test",
                                env={"HOME": str(server.folder), "PATH": "/usr/bin"})
            self.assertEqual(nobody.returncode, 64)
            self.assertIn("--login USER", nobody.stderr)


if __name__ == "__main__":
    unittest.main()
