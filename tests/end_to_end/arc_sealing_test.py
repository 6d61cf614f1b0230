"""arc_sealing_test.py: what an alias leads elsewhere is sealed, and verify and dkimpy find the chain whole.

Spec: RFC 8617 §5.1; docs/reference/configuration.md (arc.key).
"""

import contextlib
import json
import sys
import unittest

from dns_server import DnsServer
from mail_auth_test import make_key
from peer import Peer
from running import TOP, Plain, Server, packetboat, send, skip, until


class ArcSealingTest(unittest.TestCase):
    def setUp(self):
        held = contextlib.ExitStack()
        self.addCleanup(held.close)
        self.dns = held.enter_context(DnsServer({
            "stranger.test": {"TXT": ["v=spf1 ip4:127.0.0.1 -all"]},
            "_dmarc.stranger.test": {"TXT": ["v=DMARC1; p=reject"]}}))
        self.peer = held.enter_context(Peer())
        self.server = Server(verify=True)
        held.callback(self.server.__exit__)
        aliases, secret = self.server.folder / "aliases", self.server.folder / "srs"
        aliases.write_text("out: x@far.test\nhere: alice\n")
        secret.write_text("a long secret of ours\n")
        secret.chmod(0o600)
        text = self.server.config.read_text().replace(
            'name = "one.test"\ndeliver = "sandbox"', f'name = "one.test"\naliases = "{aliases}"')
        self.server.config.write_text(
            f'{text}[dns]\nservers = ["{self.dns.address}"]\n[delivery]\nsrs_secret = "{secret}"\n'
            f'[[route]]\ndomain = "far.test"\nvia = "relay://127.0.0.1:{self.peer.port}"\n')

    def start(self, seal):
        made = make_key(self.server, self.dns)
        if seal:
            selector = made["name"].split("._domainkey")[0]
            text = self.server.config.read_text()
            self.server.config.write_text(f'{text}[arc]\nkey = "one.test/{selector}"\n')
        self.server.add_user(Server.ALICE)
        self.server.start("--config", self.server.config)

    def forwarded(self):
        with Plain("localhost", self.server.port["relay"], timeout=30) as client:
            send(client, "alice@stranger.test", "out@one.test")
        (message,) = self.peer.messages(1)
        return message.content

    def test_the_chain_holds_at_the_next_hop(self):
        self.start(seal=True)
        content = self.forwarded()
        self.assertTrue(content.startswith(b"ARC-Seal: "), content[:200])
        self.assertIn(b"ARC-Authentication-Results: i=1; mx.one.test", content)
        self.assertIn(b"dmarc=pass", content.split(b"ARC-Authentication-Results:")[1].split(b"\r\nAuth")[0])
        file = self.server.folder / "forwarded.eml"
        file.write_bytes(content)
        done = packetboat("arc", "verify", file, "--dns", self.dns.address)
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr + content.decode())
        self.assertIn("pass", done.stdout)
        self.check_with_dkimpy(content)

    def check_with_dkimpy(self, content):
        packages = TOP / "build/peers/dkimpy/usr/lib/python3/dist-packages"
        if not packages.is_dir():
            return skip("arc_sealing_test: dkimpy", "missing package (dkimpy; script/bootstrap fetches it)")
        sys.path.insert(0, str(packages))
        import dkim

        def txt(name, timeout=5):
            return self.dns.zone[name.decode().rstrip(".")]["TXT"][0].encode()

        result, _, reason = dkim.arc_verify(content, dnsfunc=txt)
        self.assertEqual(result, dkim.CV_Pass, reason)

    def test_a_named_forwarder_is_believed_where_others_are_refused(self):
        for forwarders, outcome in (("", "bounced"), ('"one.test"', "delivered")):
            with self.subTest(forwarders=forwarders), contextlib.ExitStack() as held:
                second = Server(verify=True, listener_more='dmarc = "reject"\n',
                                more='[dmarc]\nforwarders = [%s]\n[dns]\nservers = ["%s"]\n'
                                     % (forwarders, self.dns.address))
                held.callback(second.__exit__)
                text = second.config.read_text().replace('name = "two.test"\ndeliver = "sandbox"',
                                                         'name = "far.test"')
                second.config.write_text(text.replace("mx.one.test", "mx.far.test"))
                second.add_user(("x@far.test", "a long password"))
                second.start("--config", second.config)
                first = self.server
                if first.process is None:
                    self.start(seal=True)
                first.config.write_text(first.config.read_text().replace(
                    f"relay://127.0.0.1:{self.peer.port}", f"relay://127.0.0.1:{second.port['relay']}"))
                first.packetboat("reload", check=True)
                with Plain("localhost", first.port["relay"], timeout=30) as client:
                    queue_id = send(client, "alice@stranger.test", "out@one.test").split()[-1]
                until(lambda: outcome in self.kinds(queue_id), outcome)
                self.peer.port = second.port["relay"]

    def kinds(self, queue_id):
        done = self.server.packetboat("journal", "replay", "--json", check=True)
        entries = [json.loads(line) for line in done.stdout.splitlines()]
        return [entry["kind"] for entry in entries if entry.get("id") == queue_id]

    def test_nothing_is_sealed_without_a_key_or_when_it_stays_here(self):
        self.start(seal=False)
        self.assertNotIn(b"ARC-Seal", self.forwarded())

    def test_check_names_a_key_that_is_not_there(self):
        text = self.server.config.read_text()
        self.server.config.write_text(text + '[arc]\nkey = "one.test/none"\n')
        done = self.server.packetboat("check")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("arc.key", done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main()
