"""confinement_test.py: the server that runs is confined in every thread, and does all its work so."""

import os
import pathlib
import unittest

from running import Sandbox, Server, make_certificate, until
from serve_test import certificate_of


def status(pid, field):
    for line in pathlib.Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith(field + ":"):
            return line.split()[1]
    return None


def threads(server):
    return os.listdir(f"/proc/{server.process.pid}/task")


class ConfinementTest(unittest.TestCase):
    def assert_confined(self, server):
        self.assertGreater(len(threads(server)), 3)
        for thread in threads(server):
            self.assertEqual(status(thread, "Seccomp"), "2", thread)
            self.assertEqual(status(thread, "NoNewPrivs"), "1", thread)
        self.assertEqual(server.log_lines("not-confined"), [])

    def test_every_thread_is_under_the_filter(self):
        with Server() as server:
            server.submit("submission", "starttls", "alice@one.test", "bob@two.test",
                          login=Server.ALICE)
            self.assert_confined(server)
            self.assertEqual(server.stop(), 0)

    def test_the_sandbox_too(self):
        with Sandbox() as sandbox:
            sandbox.submit("relay", "clear", "alice@one.test", "bob@two.test")
            self.assert_confined(sandbox)

    def test_a_renewed_certificate_and_a_new_domain_are_taken_at_reload(self):
        with Server() as server:
            first = certificate_of(server)
            make_certificate(server.folder, ca=server.ca)
            server.write_config('[[domain]]\nname = "three.test"\ndeliver = "sandbox"\n')
            self.assertEqual(server.packetboat("reload").returncode, 0)
            self.assertNotEqual(certificate_of(server), first)
            server.submit("relay", "starttls", "alice@one.test", "bob@two.test")
            self.assert_confined(server)

    def test_a_reload_that_would_write_elsewhere_is_refused_with_the_reason(self):
        with Server() as server:
            elsewhere = server.folder / "elsewhere"
            server.write_config(f'[[domain]]\nname = "three.test"\n'
                                f'deliver = "maildir:{elsewhere}/{{account}}"\n')
            done = server.packetboat("reload")
            self.assertEqual(done.returncode, 78)
            self.assertIn(f"to write to {elsewhere.resolve()} needs a restart", done.stderr)

    def test_a_link_out_of_the_maildirs_leads_nowhere(self):
        more = '[[domain]]\nname = "three.test"\n'
        carol = ("carol@three.test", "pass phrase")
        server = Server(more=more)
        elsewhere = server.folder / "elsewhere"
        elsewhere.mkdir()
        server.add_user(carol)
        box = server.data / "mail/three.test"
        box.mkdir(parents=True)
        (box / carol[0]).symlink_to(elsewhere)
        with server:
            server.submit("relay", "starttls", "alice@one.test", carol[0])
            until(lambda: '"deferred"' in server.packetboat("journal", "replay", "--json").stdout,
                  "the delivery is refused")
            self.assertEqual(list(elsewhere.iterdir()), [])

    def test_it_can_be_switched_off(self):
        with Server(before="confine = false") as server:
            self.assertEqual(status(server.process.pid, "Seccomp"), "0")


if __name__ == "__main__":
    unittest.main()
