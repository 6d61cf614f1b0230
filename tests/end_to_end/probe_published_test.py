"""probe_published_test.py: what a domain publishes over HTTPS (autoconfig, autodiscover, an MTA-STS policy) stands below
`probe you@DOMAIN`, is compared with what was measured, and no web server keeps the probe longer or further than its limits.

Needs to bind port 443 of a loopback address of its own.  Not here: the files' grammar (src/advisor/published_test.cpp).
"""
import http.server
import json
import pathlib
import random
import ssl
import subprocess
import tempfile
import threading
import time
import unittest

from running import Sandbox, packetboat, skip

AUTOCONFIG = "/mail/config-v1.1.xml"
WELL_KNOWN = "/.well-known/autoconfig/mail/config-v1.1.xml"
AUTODISCOVER = "/autodiscover/autodiscover.xml"
STS = "/.well-known/mta-sts.txt"
ZONE = """$ORIGIN example.test.
@ 3600 IN MX 10 localhost.
@ 3600 IN A {address}
{names}
"""


def config(*servers):
    rows = "".join(
        f'<outgoingServer type="smtp"><hostname>{host}</hostname><port>{port}</port>'
        f"<socketType>{kind}</socketType><username>%EMAILADDRESS%</username></outgoingServer>"
        for host, port, kind in servers)
    return f"<clientConfig version='1.1'><emailProvider id='x'>{rows}</emailProvider></clientConfig>"


def discover(host, port, encryption):
    return ("<Autodiscover><Response><Account><Protocol><Type>SMTP</Type>"
            f"<Server>{host}</Server><Port>{port}</Port><Encryption>{encryption}</Encryption>"
            "<LoginName>you@example.test</LoginName></Protocol></Account></Response></Autodiscover>")


class Web:
    """HTTPS on port 443. `pages`: (host, path) -> (status, headers, body) or a function of the handler."""

    def __init__(self, folder):
        self.pages, self.asked = {}, []
        self.address = "127.%d.%d.%d" % tuple(random.randrange(2, 250) for _ in range(3))
        names = ",".join("DNS:" + name for name in
                         ("example.test", "*.example.test", "elsewhere.test"))
        pem = folder / "web.pem"
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
                        "ec_paramgen_curve:P-256", "-nodes", "-days", "30", "-subj", "/CN=web",
                        "-addext", "subjectAltName=" + names, "-keyout", folder / "web.key",
                        "-out", pem], check=True, capture_output=True)
        self.certificate = pem.read_text()
        web = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                path = self.path.split("?")[0]
                web.asked.append((self.command, self.headers["Host"], self.path, body.decode()))
                page = web.pages.get((self.headers["Host"], path), (404, {}, b"no"))
                if callable(page):
                    return page(self)
                status, headers, content = page
                content = content.encode() if isinstance(content, str) else content
                self.send_response(status)
                for name, value in headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(content)))
                self.end_headers()
                self.wfile.write(content)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            def handle_error(self, *_):
                pass  # a client that goes away in the middle is what some tests are about

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem, folder / "web.key")
        self.server = Quiet((self.address, 443), Handler)
        self.server.daemon_threads = True
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True,
                                                 do_handshake_on_connect=False)
        threading.Thread(target=self.server.serve_forever, daemon=True).start()

    def close(self):
        self.server.shutdown()
        self.server.server_close()


class Published(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.mail = Sandbox().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.mail.__exit__()

    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pb-published-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        try:
            self.web = Web(self.folder)
        except PermissionError:
            skip(self.id(), "port 443 of loopback is not ours")
            self.skipTest("needs to bind port 443 of a loopback address")
        self.addCleanup(self.web.close)
        self.ca = self.folder / "ca.pem"
        self.ca.write_text(self.web.certificate + self.mail.ca.read_text())
        self.zone = self.folder / "zone"
        self.names("autoconfig", "autodiscover", "mta-sts")

    def names(self, *labels, more=""):
        rows = "\n".join(f"{label} 3600 IN A {self.web.address}" for label in labels)
        self.zone.write_text(ZONE.format(address=self.web.address, names=rows + "\n" + more))

    def probe(self, *arguments, target="you@example.test"):
        return packetboat("probe", target, "--dns-file", self.zone, "--ca-file", self.ca,
                          "--no-control", "-4", *arguments)

    def domain(self, *arguments, **options):
        report = json.loads(self.probe("--json", *arguments, **options).stdout)
        return report["domain"], report

    def autoconfig(self, page, host="autoconfig.example.test", path=AUTOCONFIG):
        self.web.pages[host, path] = page

    def right(self):
        return config(("localhost", self.mail.port["submission"], "STARTTLS"),
                      ("localhost", self.mail.port["submissions"], "SSL"))

    def test_autoconfig_names_the_host_and_ports_that_are_probed_and_agrees_with_them(self):
        self.autoconfig((200, {}, self.right()))
        facts, report = self.domain()
        self.assertEqual(facts["autoconfig"]["state"], "found")
        self.assertEqual([s["security"] for s in facts["autoconfig"]["servers"]],
                         ["starttls", "implicit-tls"])
        self.assertEqual({row["port"] for row in report["ports"]},
                         {self.mail.port["submission"], self.mail.port["submissions"]})
        self.assertEqual(facts["differences"], [])
        self.assertIn("/mail/config-v1.1.xml?emailaddress=you%40example.test",
                      [path for _, _, path, _ in self.web.asked])
        said = " ".join(self.probe().stdout.split())
        self.assertIn("example.test names localhost for sending (autoconfig).", said)
        self.assertIn("What was measured agrees with it.", said)
        self.assertIn("login: the whole address", said)

    def test_a_file_that_names_the_wrong_encryption_is_a_finding_in_three_languages(self):
        port = self.mail.port["submissions"]
        self.autoconfig((200, {}, config(("localhost", port, "STARTTLS"))))
        facts, _ = self.domain()
        self.assertEqual([(d["source"], d["kind"], d["measured"]) for d in facts["differences"]],
                         [("autoconfig", "other-security", "implicit-tls")])
        for language, start in (("en", "Correct autoconfig"), ("zh-Hant", "請更正 autoconfig"),
                                ("zh-Hans", "请更正 autoconfig")):
            self.assertIn(start, self.probe("--lang", language).stdout)

    def test_the_second_address_of_autoconfig_is_asked_too_also_for_a_bare_domain(self):
        self.names(more="")
        self.autoconfig((200, {}, self.right()), "example.test", WELL_KNOWN)
        facts, _ = self.domain(target="example.test")
        self.assertEqual(facts["autoconfig"]["state"], "found")
        self.assertTrue(facts["autoconfig"]["url"].startswith("https://example.test/.well-known/"))

    def test_at_most_three_redirects_are_followed_and_only_to_https(self):
        def hop(n):
            self.web.pages["example.test", f"/{n}"] = (302, {"Location": f"/{n - 1}"}, "")
        self.web.pages["example.test", "/0"] = (200, {}, self.right())
        for n in (1, 2, 3):
            hop(n)
        self.autoconfig((301, {"Location": "https://example.test/2"}, ""))
        self.assertEqual(self.domain()[0]["autoconfig"]["state"], "found")
        self.autoconfig((301, {"Location": "https://example.test/3"}, ""))
        self.assertEqual(self.domain()[0]["autoconfig"]["state"], "unreachable")
        self.autoconfig((301, {"Location": "http://example.test/0"}, ""))
        self.assertEqual(self.domain()[0]["autoconfig"]["state"], "insecure")

    def test_what_is_too_long_not_xml_or_with_a_document_type_is_not_read(self):
        for body in (self.right() + " " * 70_000, "<html>", "<!DOCTYPE a><a/>"):
            self.autoconfig((200, {}, body))
            self.assertEqual(self.domain()[0]["autoconfig"]["state"], "unreadable")

    def test_a_web_server_that_trickles_does_not_hold_the_probe(self):
        def trickle(handler):
            try:
                for _ in range(60):
                    handler.wfile.write(b"HTTP/1.1 200 OK\r\nX: "[:1])
                    handler.wfile.flush()
                    threading.Event().wait(0.5)
            except OSError:
                pass
        self.autoconfig(trickle)
        start = time.monotonic()
        facts, _ = self.domain("--port", str(self.mail.port["submission"]))
        self.assertIn(facts["autoconfig"]["state"], ("unreachable", "unreadable"))
        self.assertLess(time.monotonic() - start, 20)

    def test_a_certificate_for_another_name_is_not_believed(self):
        self.names(more=f"_autodiscover._tcp 3600 IN SRV 0 0 443 wrong.name.test.\n"
                        f"wrong.name.test. 3600 IN A {self.web.address}")
        self.web.pages["wrong.name.test", AUTODISCOVER] = (200, {}, discover("localhost", 1, "TLS"))
        self.assertEqual(self.domain()[0]["autodiscover"]["state"], "insecure")

    def test_autodiscover_is_asked_with_the_address_and_its_srv_record_is_followed(self):
        port = self.mail.port["submission"]
        self.names(more=f"_autodiscover._tcp 3600 IN SRV 0 0 443 elsewhere.test.\n"
                        f"elsewhere.test. 3600 IN A {self.web.address}")
        self.web.pages["elsewhere.test", AUTODISCOVER] = (200, {}, discover("localhost", port, "TLS"))
        facts, report = self.domain()
        self.assertEqual(facts["autodiscover"]["state"], "found")
        self.assertEqual(facts["autodiscover"]["servers"][0]["login"], "address")
        self.assertEqual([row["port"] for row in report["ports"]], [port])
        posts = [body for method, host, _, body in self.web.asked if host == "elsewhere.test"]
        self.assertIn("<EMailAddress>you@example.test</EMailAddress>", posts[0])

    def test_an_exchange_that_wants_a_login_is_said_to(self):
        self.web.pages["autodiscover.example.test", AUTODISCOVER] = (401, {}, "")
        self.assertEqual(self.domain()[0]["autodiscover"]["state"], "wants-login")
        self.assertIn("asks for a login", self.probe().stdout)

    def test_a_policy_of_mta_sts_is_read_but_never_behind_a_redirect(self):
        policy = "version: STSv1\nmode: enforce\nmx: localhost\nmax_age: 86400\n"
        self.names("mta-sts", more='_mta-sts 3600 IN TXT "v=STSv1; id=1"')
        self.web.pages["mta-sts.example.test", STS] = (200, {"Content-Type": "text/plain"}, policy)
        self.assertEqual(self.domain()[0]["mta_sts"], "enforce")
        self.web.pages["example.test", "/policy"] = (200, {}, policy)
        self.web.pages["mta-sts.example.test", STS] = (
            301, {"Location": "https://example.test/policy"}, "")
        facts = self.domain()[0]
        self.assertIsNone(facts["mta_sts"])
        self.assertIn("redirects", facts["mta_sts_problem"])


if __name__ == "__main__":
    unittest.main()
