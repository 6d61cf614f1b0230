"""explain_host_test.py: `explain TEXT --host HOST` measures one port and names one cause.

Not here: which cause a measurement leaves (src/advisor/settle_test.cpp).
"""
import json
import plistlib
import socket
import threading
import unittest

from running import Sandbox, free_ports, packetboat


def web_server():
    """Answers each connection as HTTP does."""
    listener = socket.create_server(("127.0.0.1", 0))

    def serve():
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n")
    threading.Thread(target=serve, daemon=True).start()
    return listener


class ExplainHostTest(unittest.TestCase):
    def test_the_same_text_has_another_cause_at_another_server(self):
        text = "SSL routines:ssl3_get_record:wrong version number"
        with Sandbox() as server:
            port = server.port["submission"]
            healthy = packetboat("explain", text, "--host", f"localhost:{port}", "--ca-file", server.ca,
                                 "--json")
            screen = packetboat("explain", text, "--host", "localhost", "--port", port, "--ca-file",
                                server.ca, "--lang", "zh-Hans")
        web = web_server()
        other = packetboat("explain", text, "--host", f"127.0.0.1:{web.getsockname()[1]}", "--json")
        web.close()
        first = json.loads(healthy.stdout)["measured"]
        self.assertEqual((first["how"], first["fault"]), ("fits", "implicit-tls-on-starttls-port"))
        self.assertEqual(healthy.returncode, 0)
        self.assertIn("服务器正常（STARTTLS）", screen.stdout)
        second = json.loads(other.stdout)["measured"]
        self.assertEqual((second["how"], second["fault"]), ("measured", "web-server-answers"))

    def test_a_refused_connection_is_measured(self):
        port, = free_ports(1)
        done = packetboat("explain", "ECONNREFUSED 127.0.0.1", "--host", f"127.0.0.1:{port}", "--json")
        self.assertEqual(json.loads(done.stdout)["measured"]["fault"], "loopback-refused")

    def test_a_host_that_is_none_is_wrong_usage(self):
        done = packetboat("explain", "wrong version number", "--host", "a b")
        self.assertEqual(done.returncode, 64)
        self.assertIn("--host takes a host name", done.stderr)

    def test_an_unknown_text_says_so_and_names_the_host_in_the_next_line(self):
        done = packetboat("explain", "the cake is a lie", "--host", "smtp.example.com")
        self.assertEqual(done.returncode, 1)
        self.assertTrue(done.stdout.startswith("I do not know this text."))
        self.assertIn("packetboat probe smtp.example.com", done.stdout)


class ProfileTest(unittest.TestCase):
    def test_a_profile_for_apple_is_a_property_list_with_all_that_apple_requires(self):
        for port, user in ((587, "you@example.com"), (465, "a<b>&\"c\"@example.com")):
            done = packetboat("settings", "smtp--x.example.com", "--for", "mobileconfig", "--port", port,
                              "--user", user, "--incoming", "imap.example.net", check=True)
            profile = plistlib.loads(done.stdout.encode())
            account, = profile["PayloadContent"]
            self.assertEqual(profile["PayloadType"], "Configuration")
            self.assertEqual(account["PayloadType"], "com.apple.mail.managed")
            self.assertEqual(account["OutgoingMailServerPortNumber"], port)
            self.assertIs(account["OutgoingMailServerUseSSL"], True)
            self.assertEqual(account["OutgoingMailServerUsername"], user)
            self.assertEqual(account["IncomingMailServerHostName"], "imap.example.net")
            self.assertFalse([key for key in account if key in ("IncomingPassword", "OutgoingPassword")])
            for required in ("EmailAccountType", "IncomingMailServerAuthentication",
                             "OutgoingMailServerAuthentication", "OutgoingMailServerHostName"):
                self.assertIn(required, account)
            self.assertNotEqual(profile["PayloadUUID"], account["PayloadUUID"])
            self.assertRegex(account["PayloadUUID"], r"^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$")


if __name__ == "__main__":
    unittest.main()
