"""talk_test.py: `packetboat talk` leads through a whole dialogue, shows no password, trusts nobody.

Not here: what replies mean (src/advisor/dialogue_test.cpp).
"""
import json
import os
import socket
import threading
import unittest

from running import Sandbox, packetboat, wait_for_inbox


def talk(server, role, lines, *arguments, **options):
    return packetboat("talk", "localhost", server.port[role], "--ca-file", server.ca, *arguments,
                      input="".join(line + "\n" for line in lines),
                      env={**os.environ, "PACKETBOAT_PASSWORD": "open sesame"}, **options)


class Peer:
    """One connection of a server that says what it is told, then closes."""

    def __init__(self, *answers):
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.got = b""
        threading.Thread(target=self.serve, args=(answers,), daemon=True).start()

    def serve(self, answers):
        connection, _ = self.listener.accept()
        self.listener.close()
        with connection:
            for answer in answers:
                connection.sendall(answer)
                try:
                    self.got += connection.recv(4096)
                except OSError:
                    return


LETTER = ["MAIL FROM:<alice@one.test>", "RCPT TO:<bob@two.test>", "DATA", "Subject: by hand", "",
          ".dot", "."]


class TalkTest(unittest.TestCase):
    def test_sends_a_message_by_hand_with_starttls_and_login(self):
        with Sandbox() as server:
            done = talk(server, "submission", ["EHLO me.example", "STARTTLS", "EHLO me.example",
                                               "login alice@one.test", *LETTER])
            self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
            message = wait_for_inbox(server)
        self.assertEqual(message["Subject"], "by hand")
        self.assertEqual(message.get_payload().strip(), ".dot")
        self.assertIn("| the server is ready", done.stdout)
        self.assertIn("| your login worked", done.stdout)
        self.assertIn("certificate of localhost is valid", done.stdout)
        self.assertNotIn("open sesame", done.stdout)
        self.assertNotIn("b3BlbiBzZXNhbWU", done.stdout)
        self.assertIn("> AUTH PLAIN ...", done.stdout)
        self.assertIn("> QUIT", done.stdout)

    def test_465_begins_with_tls_and_empty_lines_say_what_is_suggested(self):
        with Sandbox() as server:
            done = talk(server, "submissions", ["", "NOOP"], "--tls", "--lang", "zh-Hant")
        self.assertEqual(done.returncode, 0, done.stdout + done.stderr)
        self.assertIn("> EHLO [127.0.0.1]", done.stdout)
        self.assertIn("| 伺服器準備好了", done.stdout)

    def test_no_password_goes_out_in_the_clear_or_to_an_unknown_issuer(self):
        with Sandbox() as server:
            clear = talk(server, "submission", ["EHLO me", "login alice", "AUTH PLAIN AGEAYg=="])
            wrong = packetboat("talk", "localhost", server.port["submissions"], "--tls",
                               input="EHLO me\nlogin alice\n",
                               env={**os.environ, "PACKETBOAT_PASSWORD": "open sesame"})
        for done in (clear, wrong):
            self.assertIn("Not sent: a password needs TLS", done.stdout)
            self.assertNotIn("AUTH", done.stdout.replace("AUTH PLAIN LOGIN", "").replace("250-AUTH", ""))
        self.assertEqual(clear.returncode, 0, clear.stdout)
        self.assertEqual(wrong.returncode, 3, wrong.stdout)

    def test_what_a_peer_sends_never_reaches_the_terminal_raw(self):
        peer = Peer(b"220 \x1b[2J\x1b]0;owned\x07 hello\r\n", b"250 ok\r\n", b"221 bye\r\n")
        done = packetboat("talk", "127.0.0.1", peer.port, input="EHLO me\n")
        self.assertNotIn("\x1b", done.stdout)
        self.assertIn("\\x1b", done.stdout)

    def test_plain_text_behind_the_answer_to_starttls_is_a_danger(self):
        peer = Peer(b"220 hello\r\n", b"250-me\r\n250 STARTTLS\r\n", b"220 go\r\n250 injected\r\n")
        done = packetboat("talk", "127.0.0.1", peer.port, input="EHLO me\nSTARTTLS\n")
        self.assertEqual(done.returncode, 3, done.stdout)
        self.assertIn("somebody on the way", done.stdout)

    def test_silence_and_endless_replies_end(self):
        quiet = Peer(b"")
        done = packetboat("talk", "127.0.0.1", quiet.port, "--timeout", "0.3", input="EHLO me\n")
        self.assertEqual(done.returncode, 69, done.stdout)
        self.assertIn("begin with TLS: try --tls", done.stdout)
        endless_lines = Peer(b"220-on and on\r\n" * 5000)
        done = packetboat("talk", "127.0.0.1", endless_lines.port, "--timeout", "2", input="")
        self.assertEqual(done.returncode, 69)
        self.assertIn("does not end", done.stdout)

    def test_json_holds_the_dialogue_with_its_meanings(self):
        with Sandbox() as server:
            done = talk(server, "relay", ["EHLO me", "RCPT TO:<x@y.example>"], "--json")
        report = json.loads(done.stdout)
        self.assertEqual(report["schema"], "packetboat.talk/1")
        self.assertEqual(done.returncode, 1)
        self.assertEqual(report["exit"], 1)
        self.assertFalse(report["encrypted"])
        self.assertTrue(any(one.get("meaning") == "not in this order" for one in report["said"]),
                        report)


if __name__ == "__main__":
    unittest.main()
