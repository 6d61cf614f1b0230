"""mail_auth_test.py: signed on 587, judged on the next server's port 25; a forgery is filed as junk and explained."""

import json
import pathlib
import unittest

from dns_server import DnsServer
from running import WAIT, Plain, Server, packetboat, until, wait_for_inbox
from two_hops_test import two_servers

FORGER = "127.0.0.2"


def zone_of_both():
    """one.test sends from 127.0.0.1 alone and wants all else refused; two.test takes mail at mx.two.test."""
    return {"two.test": {"MX": [(10, "mx.two.test")]}, "mx.two.test": {"A": ["127.0.0.1"]},
            "mx.one.test": {"A": ["127.0.0.1"]}, "1.0.0.127.in-addr.arpa": {"PTR": ["mx.one.test"]},
            "one.test": {"TXT": ["v=spf1 ip4:127.0.0.1 -all"]},
            "_dmarc.one.test": {"TXT": ["v=DMARC1; p=reject"]}}


def servers_with_dns(dns):
    own_dns = f'[dns]\nservers = ["{dns.address}"]\n'
    return two_servers(lambda other: own_dns + f'[delivery]\nmx_port = {other.port["relay"]}\n', own_dns)


def make_key(server, dns, *arguments):
    """A key where the server looks for it, published: what `dkim keygen` printed."""
    made = json.loads(server.packetboat("dkim", "keygen", "one.test", "--json", *arguments,
                                        check=True).stdout)
    dns.zone[made["name"]] = {"TXT": [made["record"]]}
    return made


def send_forgery(second):
    """From a host that may not send for one.test, with results in the victim's own name."""
    client = Plain("127.0.0.1", second.port["relay"], timeout=WAIT, local_hostname="forger.test",
                   source_address=(FORGER, 0))
    with client:
        client.sendmail("alice@one.test", ["bob@two.test"],
                        "Authentication-Results: mx.two.test; dmarc=pass\r\nFrom: alice@one.test\r\n"
                        "To: bob@two.test\r\nSubject: forged\r\n\r\nPay me.\r\n")


def results_of(letter):
    """The Authentication-Results fields of a letter, folds opened."""
    header = letter.split("\n\n")[0].replace("\n\t", " ").replace("\n ", " ")
    return [line for line in header.split("\n") if line.startswith("Authentication-Results:")]


def one_letter(second, below):
    folder = pathlib.Path(second.data) / "mail"
    until(lambda: list(folder.glob(f"two.test/*/{below}/*")), "the letter arrives")
    (letter,) = folder.glob(f"two.test/*/{below}/*")
    return letter


class MailAuthTest(unittest.TestCase):
    def setUp(self):
        self.dns = DnsServer(zone_of_both())
        self.dns.__enter__()
        self.first, self.second = servers_with_dns(self.dns)
        self.addCleanup(self.dns.__exit__)
        self.addCleanup(self.second.__exit__)
        self.addCleanup(self.first.__exit__)

    def start_both(self):
        self.second.add_user(Server.BOB)
        self.second.start("--config", self.second.config)
        self.first.add_user(Server.ALICE)
        self.first.start("--config", self.first.config)

    def test_what_an_account_submits_passes_at_the_next_server(self):
        make_key(self.first, self.dns)
        make_key(self.first, self.dns, "--type", "ed25519")
        self.start_both()
        self.first.submit("submission", "starttls", "alice@one.test", "bob@two.test", "signed",
                          Server.ALICE)
        letter = one_letter(self.second, "new").read_text()
        self.assertEqual(letter.count("\nDKIM-Signature: "), 2)
        (results,) = results_of(letter)
        for word in ("mx.two.test;", "spf=pass", "dmarc=pass", "a=rsa-sha256", "a=ed25519-sha256",
                     "iprev=pass"):
            self.assertIn(word, results)
        self.assertEqual(results.count("dkim=pass"), 2)

    def test_a_forgery_is_filed_as_junk_and_verify_says_why(self):
        self.start_both()
        send_forgery(self.second)
        letter = one_letter(self.second, ".Junk/new")
        (results,) = results_of(letter.read_text())
        for word in ("spf=fail", "dkim=none", "dmarc=fail"):
            self.assertIn(word, results)
        (line,) = self.second.log_lines("authenticated")
        self.assertEqual((line["dmarc"], line["then"]), ("fail", "junk"))
        said = packetboat("verify", letter, "--dns", self.dns.address, "--ip", FORGER,
                          "--helo", "forger.test", "--mail-from", "alice@one.test")
        self.assertEqual(said.returncode, 2, said.stdout + said.stderr)
        self.assertIn("one.test", said.stdout)

    def test_a_key_made_beside_a_running_server_signs_after_a_reload(self):
        self.start_both()
        make_key(self.first, self.dns)
        self.first.packetboat("reload", check=True)
        self.first.submit("submission", "starttls", "alice@one.test", "bob@two.test", "signed",
                          Server.ALICE)
        (results,) = results_of(one_letter(self.second, "new").read_text())
        self.assertIn("dkim=pass", results)

    def test_our_own_bounces_are_signed(self):
        make_key(self.first, self.dns)
        self.start_both()
        self.first.submit("submission", "starttls", "alice@one.test", "bbo@two.test", "mistyped",
                          Server.ALICE)
        wait_for_inbox(self.first)
        (message,) = self.first.inbox()
        bounce = self.first.folder / "bounce.eml"
        bounce.write_text(self.first.packetboat("inbox", "raw", message["id"], check=True).stdout)
        done = packetboat("dkim", "verify", bounce, "--dns", self.dns.address)
        self.assertEqual(done.returncode, 0, done.stdout + bounce.read_text())
        self.assertIn("d=one.test", done.stdout)

    def test_a_trusted_network_causes_no_question(self):
        text = self.second.config.read_text()
        self.second.config.write_text(text + '[networks]\ntrusted = ["127.0.0.2/32"]\n')
        self.start_both()
        send_forgery(self.second)
        self.assertEqual(results_of(one_letter(self.second, "new").read_text()), [])
        self.assertEqual([name for name, _ in self.dns.asked if name.endswith("one.test")], [])

    def test_a_listener_may_refuse(self):
        text = self.second.config.read_text()
        self.second.config.write_text(text.replace('role = "relay"\n', 'role = "relay"\ndmarc = "reject"\n'))
        self.start_both()
        with self.assertRaisesRegex(Exception, "550"):
            send_forgery(self.second)

    def test_a_broken_key_is_named_before_it_harms(self):
        made = make_key(self.first, self.dns)
        pathlib.Path(made["file"]).write_text("not a key\n")
        done = self.first.packetboat("check")
        self.assertEqual(done.returncode, 78, done.stdout)
        self.assertIn(made["file"], done.stdout)


if __name__ == "__main__":
    unittest.main()
