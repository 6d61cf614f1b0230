"""store_test.py: packetboat store check, repair, backup, export and compact, with a server and without.

Spec: docs/reference/command-line.md.
"""

import contextlib
import json
import shutil
import subprocess
import unittest

from running import BINARY, Server, send, until


class StoreTest(unittest.TestCase):
    def setUp(self):
        held = contextlib.ExitStack()
        self.addCleanup(held.close)
        self.server = held.enter_context(Server())
        for subject in ("first", "second"):
            self.server.submit("submission", "starttls", "alice@one.test", "bob@two.test", subject,
                               Server.ALICE)

    def store(self, *arguments):
        return self.server.packetboat("store", *arguments)

    def findings(self):
        done = self.store("check", "--json")
        return done.returncode, json.loads(done.stdout)

    def check_all(self):
        code, found = self.findings()
        self.assertEqual((code, found["messages"], found["accounts"], found["damages"]), (0, 2, 2, []))
        done = self.store("check")
        self.assertIn("Every record and every block can be read.", done.stdout)
        out = self.server.folder / "out"
        done = self.store("export", "--eml", out)
        self.assertEqual(done.returncode, 0, done.stderr)
        letters = sorted(out.glob("*.eml"))
        self.assertEqual(len(letters), 2)
        self.assertIn("Subject: first\r\n", letters[0].read_bytes().decode())
        envelopes = [json.loads(line) for line in (out / "envelopes.jsonl").read_text().splitlines()]
        self.assertEqual(envelopes[0]["recipients"], ["bob@two.test"])
        self.assertEqual(envelopes[0]["id"] + ".eml", letters[0].name)
        self.assertNotEqual(self.store("export", "--eml", out).returncode, 0, "it is not empty")
        shutil.rmtree(out)
        self.assertEqual(self.store("compact").returncode, 0)

    def test_with_a_server(self):
        self.check_all()
        done = self.store("repair")
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("stop it first", done.stderr)

    def test_without_one(self):
        self.assertEqual(self.server.stop(), 0)
        before = sorted(path.name for path in (self.server.data / "store").iterdir())
        code, _ = self.findings()
        self.assertEqual(code, 0)
        after = sorted(path.name for path in (self.server.data / "store").iterdir())
        self.assertEqual(before, after, "a check writes nothing")
        self.check_all()

    def test_a_copy_made_while_mail_flows_serves(self):
        copy = self.server.folder / "copy"
        done = self.store("backup", copy)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertNotEqual(self.store("backup", copy).returncode, 0, "it is there already")
        self.server.submit("submission", "starttls", "alice@one.test", "bob@two.test", "later",
                           Server.ALICE)
        self.assertEqual(self.server.stop(), 0)
        shutil.rmtree(self.server.data)
        copy.rename(self.server.data)
        self.server.start("--config", self.server.config)
        self.assertEqual(len(self.server.inbox()), 2)
        self.server.submit("submission", "starttls", "alice@one.test", "bob@two.test", "new",
                           Server.ALICE)
        self.assertEqual(len(self.server.inbox()), 3)

    def test_a_damaged_table_is_found_and_what_is_left_serves(self):
        self.store("compact")
        self.assertEqual(self.server.stop(), 0)
        tables = sorted((self.server.data / "store").glob("*.sst"), key=lambda one: one.stat().st_size)
        self.assertTrue(tables)
        data = bytearray(tables[-1].read_bytes())
        data[len(data) // 3] ^= 0xFF
        tables[-1].write_bytes(bytes(data))
        code, found = self.findings()
        self.assertEqual(code, 2)
        self.assertTrue(found["damages"])

    def test_repair_of_what_is_whole_changes_nothing(self):
        self.assertEqual(self.server.stop(), 0)
        done = self.store("repair")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("Nothing was damaged", done.stdout)
        self.server.start("--config", self.server.config)
        self.assertEqual(len(self.server.inbox()), 2)

    def test_each_command_has_an_example(self):
        for name in ("check", "repair", "backup", "export"):
            done = subprocess.run([BINARY, "store", name, "--help"], capture_output=True, text=True)
            self.assertIn("packetboat store " + name, done.stdout)


if __name__ == "__main__":
    unittest.main()
