"""probe_deep_test.py: `probe --deep` finds the TLS versions and ciphers of the advised port.

Not here: the ladder of a port (tests/fault_lab).
"""
import json
import unittest

from running import Sandbox, packetboat


class ProbeDeepTest(unittest.TestCase):
    def test_versions_and_ciphers_are_listed_and_old_ones_are_not_spoken(self):
        for role in ("submission", "submissions"):
            with Sandbox() as server:
                arguments = ("probe", "localhost", "--port", server.port[role], "--ca-file", server.ca,
                             "--no-control", "-4", "--deep")
                screen = packetboat(*arguments)
                report = json.loads(packetboat(*arguments, "--json").stdout)
            swept = {one["version"]: one for one in report["tls_sweep"]["versions"]}
            self.assertEqual(report["tls_sweep"]["port"], server.port[role])
            self.assertEqual({name for name, one in swept.items() if one["spoken"]},
                             {"TLS 1.2", "TLS 1.3"}, swept)
            self.assertGreater(len(swept["TLS 1.2"]["ciphers"]), 1)
            self.assertEqual(len(set(swept["TLS 1.2"]["ciphers"])), len(swept["TLS 1.2"]["ciphers"]))
            self.assertIn("not spoken", screen.stdout)
            self.assertEqual(screen.returncode, 0, screen.stdout)


if __name__ == "__main__":
    unittest.main()
