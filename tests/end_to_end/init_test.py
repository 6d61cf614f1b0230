"""init_test.py: a new server's configuration is written, is good, and is never written over."""

import pathlib
import tempfile
import unittest

from running import make_certificate, packetboat


class InitTest(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="pb-init-")
        self.addCleanup(folder.cleanup)
        self.folder = pathlib.Path(folder.name)
        self.file = self.folder / "mail.toml"

    def init(self, *arguments):
        return packetboat("init", "--hostname", "mail.one.test", "-o", self.file, *arguments)

    def test_writes_a_commented_file_that_check_calls_good(self):
        _, certificate, key = make_certificate(self.folder)
        done = self.init("--data-dir", self.folder / "data", "--certificate", certificate, "--key",
                         key, "--user", "nobody")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn(f"packetboat check --config {self.file}", done.stdout)
        (self.folder / "data").mkdir(mode=0o777)
        (self.folder / "data").chmod(0o777)
        self.folder.chmod(0o755)
        check = packetboat("check", self.file)
        self.assertEqual(check.returncode, 0, check.stdout)

    def test_never_replaces_a_file(self):
        self.file.write_text("mine")
        done = self.init()
        self.assertEqual(done.returncode, 73)
        self.assertIn("it stays as it is", done.stderr)
        self.assertEqual(self.file.read_text(), "mine")

    def test_without_a_terminal_and_a_name_it_says_what_is_needed(self):
        done = packetboat("init", "-o", self.file, input="")
        self.assertEqual(done.returncode, 64)
        self.assertIn("--hostname", done.stderr)

    def test_refuses_what_the_server_would_refuse(self):
        done = self.init("--deliver", "|/bin/sh")
        self.assertEqual(done.returncode, 64)
        self.assertIn("deliver", done.stderr)
        self.assertFalse(self.file.exists())


if __name__ == "__main__":
    unittest.main()
