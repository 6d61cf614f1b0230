"""root_test.py: a server that root starts becomes its user for good, and still reads new keys at reload."""

import contextlib
import os
import pwd
import signal
import socket
import unittest

from running import Server, make_certificate, skip
from serve_test import certificate_of


def low_port():
    for port in range(700, 1024):
        with socket.socket() as held, contextlib.suppress(OSError):
            held.bind(("127.0.0.1", port))
            return port
    raise AssertionError("no port below 1024 is free")


class RootServer(Server):
    """Its files are root's alone; its data belongs to nobody (the user of that name)."""

    def __init__(self):
        super().__init__(before='user = "nobody"')
        self.folder.chmod(0o711)
        self.config.chmod(0o600)

    def status(self, pid, field):
        with open(f"/proc/{pid}/status") as status:
            return next(line.split()[1:] for line in status if line.startswith(field + ":"))

    def children(self):
        with open(f"/proc/{self.process.pid}/task/{self.process.pid}/children") as children:
            return [int(pid) for pid in children.read().split()]


class RootTest(unittest.TestCase):
    def test_root_is_gone_for_every_thread_and_cannot_come_back(self):
        with RootServer() as server:
            uid = str(pwd.getpwnam("nobody").pw_uid)
            for thread in os.listdir(f"/proc/{server.process.pid}/task"):
                self.assertEqual(server.status(thread, "Uid"), [uid] * 4)
                self.assertEqual(server.status(thread, "NoNewPrivs"), ["1"])
                self.assertEqual(server.status(thread, "CapEff"), ["0" * 16])
            self.assertEqual(server.data.stat().st_uid, int(uid))

    def test_a_key_that_only_root_can_read_is_read_again_at_reload(self):
        with RootServer() as server:
            first = certificate_of(server)
            make_certificate(server.folder, ca=server.ca)
            done = server.packetboat("reload")
            self.assertEqual(done.returncode, 0, done.stderr)
            self.assertNotEqual(certificate_of(server), first)
            server.config.write_text("nonsense = 1\n" + server.config.read_text())
            done = server.packetboat("reload")
            self.assertEqual(done.returncode, 78)
            self.assertIn('unknown key "nonsense"', done.stderr)

    def test_a_port_below_1024_is_bound_at_reload(self):
        with RootServer() as server:
            port = low_port()
            server.write_config(f'[[listener]]\nrole = "relay"\naddress = "127.0.0.1:{port}"\n')
            done = server.packetboat("reload")
            self.assertEqual(done.returncode, 0, done.stderr)
            with socket.create_connection(("127.0.0.1", port), 10) as client:
                self.assertTrue(client.recv(4).startswith(b"220"))

    def test_the_keeper_ends_with_the_server(self):
        with RootServer() as server:
            (keeper,) = server.children()
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(30), 0)
            self.assertFalse(os.path.exists(f"/proc/{keeper}"))

    def test_accounts_made_by_root_without_a_server_belong_to_the_user(self):
        with RootServer() as server:
            server.submit("submission", "starttls", *[Server.ALICE[0], Server.BOB[0]],
                          login=Server.ALICE)


if __name__ == "__main__":
    if os.geteuid() != 0:
        skip("e2e root_test", "needs root: starts a server that gives root up")
    else:
        unittest.main()
