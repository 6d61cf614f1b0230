"""sandbox_test.py: a person starts the test mail server and finds every program's mail in the inbox."""

import json
import pathlib
import smtplib
import subprocess
import unittest

from running import BINARY, ROLES, Sandbox, free_ports, packetboat, send, until


class SandboxTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.sandbox = Sandbox().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.sandbox.__exit__()

    def setUp(self):
        self.sandbox.packetboat("inbox", "clear", check=True)

    def test_every_port_takes_mail_in_every_setting_that_people_use(self):
        settings = [("relay", "clear"), ("relay", "starttls"), ("submission", "clear"),
                    ("submission", "starttls"), ("submission", "implicit"),
                    ("submissions", "implicit"), ("submission-alt", "clear"),
                    ("submission-alt", "starttls"), ("submission-alt", "implicit")]
        for role, setting in settings:
            login = None if role == "relay" else ("anyone", "any password")
            reply = self.sandbox.submit(role, setting, "shop@any.example", "bob@other.example",
                                        f"{role} {setting}", login)
            self.assertRegex(reply, r"^2\.0\.0 .*[0-9a-z]{13}")
        inbox = {message["subject"]: message for message in self.sandbox.inbox()}
        self.assertEqual(set(inbox), {f"{role} {setting}" for role, setting in settings})
        for role, setting in settings:
            message = inbox[f"{role} {setting}"]
            self.assertEqual(message["role"], role)
            self.assertEqual(message["to"], ["bob@other.example"])
            self.assertEqual(message["tls"].startswith("TLSv1.3"), setting != "clear", message)
            self.assertEqual(message["account"], "" if role == "relay" else "anyone")

    def test_starttls_on_465_works_after_ten_seconds_of_silence(self):
        reply = self.sandbox.submit("submissions", "starttls", "a@b.example", "c@d.example",
                                    "late", ("x", "y"))
        self.assertIn("2.0.0", reply)
        self.assertEqual(len(self.sandbox.log_lines("client-setting")) > 0, True)

    def test_the_log_says_what_a_real_server_would_have_refused(self):
        self.sandbox.submit("relay", "clear", "a@b.example", "stranger@elsewhere.example")
        until(lambda: any(line["rule"] == "sandbox: relay_denied"
                          for line in self.sandbox.log_lines("sandbox-note")), "a note in the log")

    def test_no_password_reaches_the_log(self):
        self.sandbox.submit("submission", "starttls", "a@b.example", "c@d.example",
                            login=("user", "pa55word-of-the-test"))
        until(lambda: self.sandbox.log_lines("accepted"), "a line about the message")
        self.assertNotIn("pa55word-of-the-test", self.sandbox.log_text())

    def test_wait_answers_when_the_message_comes_and_not_before(self):
        waiting = subprocess.Popen([str(BINARY), "inbox", "wait", "--to", "later@two.test",
                                    "--timeout", "20", "--json", "--data", str(self.sandbox.data)],
                                   stdout=subprocess.PIPE, text=True)
        self.sandbox.submit("relay", "clear", "a@b.example", "other@two.test", "not this one")
        self.assertIsNone(waiting.poll())
        self.sandbox.submit("relay", "clear", "a@b.example", "later@two.test", "this one")
        found, _ = waiting.communicate(timeout=30)
        self.assertEqual(waiting.returncode, 0)
        self.assertEqual([one["subject"] for one in json.loads(found)], ["this one"])

    def test_wait_gives_up_with_exit_code_1(self):
        done = self.sandbox.packetboat("inbox", "wait", "--to", "nobody@two.test", "--timeout", "0.2")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no such message came in time", done.stderr)

    def test_wait_finds_what_is_there_already(self):
        self.sandbox.submit("relay", "clear", "a@b.example", "early@two.test", "early")
        done = self.sandbox.packetboat("inbox", "wait", "--to", "EARLY", "--timeout", "0")
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("early", done.stdout)

    def test_show_and_raw_give_the_message(self):
        self.sandbox.submit("relay", "clear", "a@b.example", "c@two.test", "=?utf-8?Q?caf=C3=A9?=")
        (message,) = self.sandbox.inbox()
        self.assertEqual(message["subject"], "café")
        shown = self.sandbox.packetboat("inbox", "show", message["id"], check=True).stdout
        self.assertIn("Subject: café", shown)
        self.assertIn("Hello.", shown)
        raw = self.sandbox.packetboat("inbox", "raw", message["id"], check=True).stdout
        self.assertIn(f"id {message['id']}", raw)
        self.assertIn("Subject: =?utf-8?Q?caf=C3=A9?=", raw)

    def test_a_terminal_is_safe_from_what_a_message_says(self):
        self.sandbox.submit("relay", "clear", "a@b.example", "c@two.test", "\x1b[2J bell \x07")
        listed = self.sandbox.packetboat("inbox", "list", check=True).stdout
        self.assertNotIn("\x1b", listed)
        self.assertIn("\\x1B", listed.upper().replace("\\X", "\\x"))

    def test_clear_empties_the_inbox_and_an_unknown_id_is_said_so(self):
        self.sandbox.submit("relay", "clear", "a@b.example", "c@two.test")
        done = self.sandbox.packetboat("inbox", "clear", check=True)
        self.assertEqual(done.stdout, "1 message removed.\n")
        self.assertEqual(self.sandbox.inbox(), [])
        done = self.sandbox.packetboat("inbox", "show", "0000000000000")
        self.assertEqual(done.returncode, 1)
        self.assertIn("no captured message has this id", done.stderr)


class SandboxLifeTest(unittest.TestCase):
    def test_mail_survives_a_stop_and_is_read_without_a_server(self):
        with Sandbox() as sandbox:
            sandbox.submit("relay", "clear", "a@b.example", "c@two.test", "kept")
            live = sandbox.packetboat("inbox", "list", "--json", check=True).stdout
            self.assertEqual(sandbox.stop(), 0)
            self.assertEqual(sandbox.packetboat("inbox", "list", "--json", check=True).stdout, live)
            done = sandbox.packetboat("inbox", "clear")
            self.assertEqual(done.returncode, 69, "removing needs the server")

    def test_the_ca_is_made_once_and_its_file_is_printed(self):
        with Sandbox() as sandbox:
            printed = sandbox.packetboat("sandbox", "ca", check=True).stdout.strip()
            self.assertEqual(pathlib.Path(printed), sandbox.ca)
            before = sandbox.ca.read_text()
            self.assertEqual(sandbox.data.joinpath("ca.key").stat().st_mode & 0o777, 0o600)
            sandbox.stop()
            self.assertEqual(packetboat("sandbox", "ca", "--data", sandbox.data).stdout.strip(),
                             printed)
            self.assertEqual(sandbox.ca.read_text(), before)

    def test_a_taken_port_is_named_with_what_to_do(self):
        with Sandbox() as sandbox:
            ports = free_ports(3)
            done = packetboat("serve", "--sandbox", "--no-ipv6", "--data", sandbox.folder / "other",
                              "--port-relay", sandbox.port["relay"], "--port-submission", ports[0],
                              "--port-submissions", ports[1], "--port-alt", ports[2])
            self.assertEqual(done.returncode, 71)
            self.assertIn(f"127.0.0.1:{sandbox.port['relay']}", done.stderr)
            self.assertIn("--port-relay", done.stderr)

    def test_the_same_data_directory_twice_is_refused(self):
        with Sandbox() as sandbox:
            ports = [part for flag, port in zip(("--port-relay", "--port-submission",
                                                 "--port-submissions", "--port-alt"), free_ports(4))
                     for part in (flag, port)]
            done = packetboat("serve", "--sandbox", "--no-ipv6", "--data", sandbox.data, *ports)
            self.assertEqual(done.returncode, 74, done.stderr)
            sandbox.submit("relay", "clear", "a@b.example", "c@two.test", "the first one lives on")

    def test_many_messages_on_one_connection(self):
        with Sandbox() as sandbox, sandbox.connect("relay", "starttls") as client:
            for number in range(50):
                send(client, "a@b.example", f"user{number}@two.test", f"number {number}")
            self.assertEqual(len(sandbox.inbox()), 50)
            self.assertEqual(len(sandbox.inbox("--to", "user7@")), 1)

    def test_a_large_message_is_kept_byte_for_byte(self):
        body = "".join(f"line {i} " + "x" * (i % 70) + "\r\n" for i in range(20_000))
        with Sandbox() as sandbox:
            with sandbox.connect("submission", "starttls") as client:
                client.login("a", "b")
                send(client, "a@b.example", "c@two.test", "large", body)
            (message,) = sandbox.inbox()
            raw = subprocess.run([str(BINARY), "inbox", "raw", message["id"], "--data",
                                  str(sandbox.data)], capture_output=True, check=True).stdout
            self.assertTrue(raw.endswith(body.encode() + b"\r\n"))


if __name__ == "__main__":
    unittest.main()
