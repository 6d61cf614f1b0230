"""dmarc_reports_test.py: what was found of strangers' mail comes to its domain as an aggregate report.

Spec: RFC 9990 §2, §3, §4.   Not here: the document itself (src/report/dmarc_aggregate_test.cpp).
"""

import gzip
import unittest
import xml.etree.ElementTree as xml

from dns_server import DnsServer
from mail_auth_test import FORGER, make_key, send_forgery, servers_with_dns, zone_of_both
from running import Server, packetboat, until, wait_for_inbox

SPACE = "{urn:ietf:params:xml:ns:dmarc-2.0}"


class DmarcReportsTest(unittest.TestCase):
    def setUp(self):
        zone = zone_of_both()
        zone["_dmarc.one.test"] = {"TXT": ["v=DMARC1; p=reject; sp=none; rua=mailto:alice@one.test,"
                                           "mailto:x@watch.test"]}
        zone["one.test"]["MX"] = [(10, "mx.one.test")]
        self.dns = DnsServer(zone)
        self.dns.__enter__()
        self.first, self.second = servers_with_dns(self.dns)
        self.addCleanup(self.dns.__exit__)
        self.addCleanup(self.second.__exit__)
        self.addCleanup(self.first.__exit__)
        text = self.second.config.read_text().replace(
            '[[domain]]\nname = "one.test"\ndeliver = "sandbox"\n', "")
        self.second.config.write_text(
            f'{text}[dmarc]\nreports = true\nreport_every = "3s"\n'
            f'[[route]]\ndomain = "one.test"\nvia = "relay://127.0.0.1:{self.first.port["relay"]}"\n')
        make_key(self.first, self.dns)
        self.second.add_user(Server.BOB)
        self.second.start("--config", self.second.config)
        self.first.add_user(Server.ALICE)
        self.first.start("--config", self.first.config)

    def test_a_domain_is_told_of_its_own_mail_and_of_forgeries(self):
        self.first.submit("submission", "starttls", "alice@one.test", "bob@two.test", "ours", Server.ALICE)
        send_forgery(self.second)
        report = wait_for_inbox(self.first)
        self.assertIn("Report Domain: one.test", report["Subject"])
        self.assertEqual(report["From"].addresses[0].addr_spec, "postmaster@mx.two.test")
        (file,) = [part for part in report.walk() if part.get_content_type() == "application/gzip"]
        self.assertRegex(file.get_filename(), r"^mx\.two\.test!one\.test!\d+!\d+!\w+\.xml\.gz$")
        document = xml.fromstring(gzip.decompress(file.get_payload(decode=True)))
        self.assertEqual(document.tag, SPACE + "feedback")
        self.assertEqual(document.findtext(f"{SPACE}policy_published/{SPACE}p"), "reject")
        found = {}
        for record in document.findall(SPACE + "record"):
            row = record.find(SPACE + "row")
            evaluated = row.find(SPACE + "policy_evaluated")
            found[row.findtext(SPACE + "source_ip")] = [
                evaluated.findtext(SPACE + word) for word in ("disposition", "dkim", "spf")]
        self.assertEqual(found["127.0.0.1"], ["pass", "pass", "pass"])
        self.assertEqual(found[FORGER], ["quarantine", "fail", "fail"])
        # watch.test did not say that it takes reports about one.test.
        self.assertIn(("one.test._report._dmarc.watch.test", 16), self.dns.asked)
        self.assertEqual([line["to"] for line in self.second.log_lines("dmarc-report")], ["alice@one.test"])


if __name__ == "__main__":
    unittest.main()
