"""probe_domain_test.py: `probe you@DOMAIN` finds the host in the DNS; `probe --relay` judges the MX side.

Not here: what DANE and MTA-STS come to (src/advisor/relay_test.cpp).
"""
import json
import pathlib
import tempfile
import unittest

from running import Sandbox, packetboat

ZONE = """$ORIGIN example.test.
@ 3600 IN MX 10 localhost.
_submission._tcp 3600 IN SRV 0 1 {port} localhost.
null.example.test. 3600 IN MX 0 .
plain.example.test. 3600 IN A 127.0.0.1
mail.plain.example.test. 3600 IN A 127.0.0.1
"""


class ProbeDomainTest(unittest.TestCase):
    def setUp(self):
        self.folder = tempfile.TemporaryDirectory(prefix="pb-probe-")
        self.zone = pathlib.Path(self.folder.name, "zone")
        self.zone.write_text(ZONE.format(port=1))

    def tearDown(self):
        self.folder.cleanup()

    def probe(self, *arguments):
        return packetboat("probe", *arguments, "--dns-file", self.zone, "--no-control", "-4")

    def test_an_address_is_probed_at_the_host_and_port_that_its_domain_names(self):
        with Sandbox() as server:
            self.zone.write_text(ZONE.format(port=server.port["submission"]))
            done = self.probe("you@example.test", "--ca-file", server.ca)
            report = json.loads(self.probe("you@example.test", "--ca-file", server.ca, "--json").stdout)
        self.assertIn("example.test names localhost for sending (SRV record).", done.stdout)
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual([row["port"] for row in report["ports"]], [server.port["submission"]])
        self.assertEqual(report["advice"]["security"], "starttls")

    def test_without_srv_records_a_name_that_exists_is_tried_and_said(self):
        done = self.probe("you@plain.example.test", "--port", "1", "--lang", "zh-Hant")
        self.assertIn("mail.plain.example.test 存在，所以試它", done.stdout.replace("\n", ""))

    def test_a_null_mx_takes_no_mail(self):
        done = self.probe("--relay", "null.example.test")
        self.assertEqual(done.returncode, 2)
        self.assertIn("takes no mail", done.stdout)

    def test_relay_looks_at_the_hosts_of_the_mx_records(self):
        done = self.probe("--relay", "you@example.test", "--json")
        report = json.loads(done.stdout)
        self.assertEqual(report["schema"], "packetboat.relay/1")
        self.assertEqual([host["host"] for host in report["hosts"]], ["localhost"])
        self.assertIn(done.returncode, (1, 2, 3))


if __name__ == "__main__":
    unittest.main()
