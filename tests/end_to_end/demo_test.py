"""demo_test.py: script/demo shows what it promises, twice in a row, also when its ports are taken."""

import contextlib
import os
import socket
import subprocess
import unittest

from demo import CASES, SANDBOX_PORTS, columns
from running import BINARY, TOP


def demo(*arguments):
    return subprocess.run([str(TOP / "script/demo"), "--fast", *arguments], text=True, timeout=120,
                          capture_output=True, env={**os.environ, "PB_BINARY": str(BINARY)})


class DemoTest(unittest.TestCase):
    def test_says_first_what_it_does_then_shows_every_port_and_stops(self):
        done = demo("--lang", "en")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertTrue(done.stdout.startswith("Builds (the first time"))
        self.assertIn("Nothing leaves this computer.", done.stdout)
        sent, probed = done.stdout.split("[4/4]")
        rows = [line for line in sent.splitlines() if line.startswith(("  587 ", "  465 ",
                                                                              "  2525 ", "  25 "))]
        self.assertEqual(len(rows), len(CASES))
        for row in rows:
            self.assertIn(" 250 ", row)
        self.assertIn(f"{len(CASES)} of {len(CASES)} found in the inbox", done.stdout)
        self.assertIn("Your message to bbo@two.test was not delivered: there is no mailbox",
                      done.stdout)
        self.assertIn("    spf=pass  dkim=pass  dmarc=pass", done.stdout)
        self.assertIn("    spf=fail  dkim=none  dmarc=fail", done.stdout)
        self.assertIn("p=reject", done.stdout)
        self.assertIn("Use port ", probed)
        self.assertEqual(probed.count("  open  "), 4, probed)
        self.assertLessEqual(max(map(columns, done.stdout.splitlines())), 80)

    def test_works_in_chinese_with_the_usual_ports_taken(self):
        with contextlib.ExitStack() as held:
            for port in SANDBOX_PORTS.values():
                taken = held.enter_context(socket.socket())
                with contextlib.suppress(OSError):
                    taken.bind(("127.0.0.1", port))
                    taken.listen()
            done = demo("--lang", "zh-Hant")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("沒有任何東西離開這台電腦", done.stdout)
        self.assertIn("您寄給 bbo@two.test 的郵件未能送達：沒有 bbo@two.test 這個信箱。", done.stdout)
        self.assertIn("請用連接埠", done.stdout.split("[4/4]")[1])
        header = next(line for line in done.stdout.splitlines() if "佇列編號" in line)
        row = next(line for line in done.stdout.splitlines() if line.startswith("  2525"))
        self.assertEqual(columns(header[:header.index("TLS")]), columns(row[:row.index(" 1.3")]) + 1)


if __name__ == "__main__":
    unittest.main()
