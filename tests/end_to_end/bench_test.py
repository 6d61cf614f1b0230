"""bench_test.py: `bench source` into `bench sink`: every message counted at both ends, over each kind
of TLS, with and without a login.   Not here: figures (script/bench)."""
import contextlib
import json
import os
import pathlib
import signal
import subprocess
import tempfile
import unittest

from running import BINARY, packetboat, until

ENVIRONMENT = {**os.environ, "PACKETBOAT_PASSWORD": "any"}


@contextlib.contextmanager
def sink(*arguments):
    """Yields (port, CA file, a list that holds its report at the end)."""
    with tempfile.TemporaryDirectory(prefix="pb-bench-") as folder:
        ca = pathlib.Path(folder, "ca.pem")
        with open(pathlib.Path(folder, "err"), "w+") as errors:
            process = subprocess.Popen([str(BINARY), "bench", "sink", "--listen", "127.0.0.1:0",
                                        "--ca-out", str(ca), "--json", *arguments], stdout=subprocess.PIPE,
                                       stderr=errors, text=True)
            report = []
            try:
                until(lambda: "Ctrl-C" in pathlib.Path(errors.name).read_text(), "the sink is ready")
                text = pathlib.Path(errors.name).read_text()
                yield int(text.split("127.0.0.1:")[1].split(":")[0]), ca, report
            finally:
                process.send_signal(signal.SIGTERM)
                report.append(json.loads(process.communicate(timeout=30)[0]))


def source(port, ca, *arguments):
    return packetboat("bench", "source", "localhost", "--port", port, "--ca-file", ca, "--json",
                      *arguments, env=ENVIRONMENT)


class BenchTest(unittest.TestCase):
    def test_what_is_sent_is_counted_at_both_ends(self):
        sent = 0
        with sink() as (port, ca, report):
            for way, login in (("starttls", True), ("none", False), ("starttls", False)):
                done = source(f"{port}/{way}", ca, "--messages", 40, "--sessions", 3, "--each", 7,
                              *(["--login", "alice"] if login else []))
                self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
                result = json.loads(done.stdout)
                self.assertEqual((result["sent"], result["refused"], result["broken"]), (40, 0, 0))
                self.assertLessEqual(result["ms"]["p50"], result["ms"]["max"])
                sent += result["sent"]
        self.assertEqual(report[0]["messages"], sent)
        self.assertEqual(report[0]["recipients"], sent)
        self.assertGreater(report[0]["octets"], sent * 4000)

    def test_a_sink_that_begins_with_tls(self):
        with sink("--tls") as (port, ca, report):
            done = source(f"{port}/tls", ca, "--messages", 20, "--login", "alice")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertEqual(json.loads(done.stdout)["broken"], 0)
        self.assertEqual(report[0]["messages"], 20)

    def test_no_password_in_the_clear_and_no_load_on_strangers(self):
        self.assertEqual(source("2525/none", "x", "--login", "alice").returncode, 64)
        done = packetboat("bench", "source", "192.0.2.1", "--lang", "zh-Hans")
        self.assertEqual(done.returncode, 64)
        self.assertIn("--own-server", done.stderr)

    def test_an_issuer_that_is_not_trusted_gets_nothing(self):
        with sink() as (port, _, report):
            done = packetboat("bench", "source", "localhost", "--port", f"{port}/starttls", "--messages",
                              5, "--json")
        self.assertEqual(done.returncode, 2, done.stdout)
        self.assertIn("certificate", json.loads(done.stdout)["first_problem"])
        self.assertEqual(report[0]["messages"], 0)


if __name__ == "__main__":
    unittest.main()
