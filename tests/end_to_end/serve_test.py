"""serve_test.py: a server is configured, started, reloaded, drained and stopped."""

import os
import signal
import smtplib
import socket
import ssl
import unittest

from running import (Server, free_ports, make_certificate, packetboat, send, until)


class RolesTest(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server().__enter__()

    @classmethod
    def tearDownClass(cls):
        cls.server.__exit__()

    def refused(self, code, role, setting, sender, recipient, login=None):
        with self.assertRaises(smtplib.SMTPException) as caught:
            self.server.submit(role, setting, sender, recipient, login=login)
        self.assertTrue(str(caught.exception).startswith(f"({code},"), caught.exception)

    def test_an_account_submits_to_anyone_on_every_submission_port(self):
        for role, setting in (("submission", "starttls"), ("submission", "implicit"),
                              ("submissions", "implicit"), ("submission-alt", "starttls"),
                              ("submission-alt", "implicit")):
            reply = self.server.submit(role, setting, Server.ALICE[0], Server.BOB[0],
                                       f"{role} {setting}", Server.ALICE)
            self.assertIn("2.0.0", reply)
            found = self.server.inbox("--subject", f"{role} {setting}")
            self.assertEqual(len(found), 1)
            self.assertEqual(found[0]["account"], Server.ALICE[0])

    def test_relay_takes_mail_for_known_recipients_and_nobody_else(self):
        self.server.submit("relay", "clear", "stranger@far.example", Server.BOB[0])
        self.server.submit("relay", "starttls", "stranger@far.example", "postmaster@one.test")
        self.refused(550, "relay", "clear", "stranger@far.example", "nobody@one.test")
        self.refused(550, "relay", "clear", "stranger@far.example", "x@elsewhere.example")

    def test_submission_wants_tls_then_a_login_then_an_owned_sender(self):
        with self.server.connect("submission", "clear") as client:
            client.ehlo()
            self.assertNotIn("auth", client.esmtp_features)
            self.assertEqual(client.mail("alice@one.test")[0], 530)
        self.refused(530, "submission", "starttls", "alice@one.test", "bob@two.test")
        self.refused(550, "submission", "starttls", "bob@two.test", "x@y.example", Server.ALICE)

    def test_a_wrong_password_is_refused(self):
        with self.server.connect("submission", "starttls") as client:
            with self.assertRaises(smtplib.SMTPAuthenticationError) as caught:
                client.login("alice@one.test", "wrong")
            self.assertEqual(caught.exception.smtp_code, 535)

    def test_a_message_over_the_limit_is_refused_at_mail(self):
        with self.server.connect("relay", "clear") as client:
            client.ehlo()
            self.assertEqual(client.esmtp_features["size"], str(50 << 20))
            self.assertEqual(client.mail("a@b.example", ["SIZE=99999999"])[0], 552)

    def test_health_says_ok_and_fills_no_log(self):
        before = len(self.server.log_text().splitlines())
        for _ in range(3):
            self.assertIn("status: ok", self.server.packetboat("health", check=True).stdout)
        self.assertEqual(len(self.server.log_text().splitlines()), before)


class ReloadTest(unittest.TestCase):
    def test_changes_what_new_sessions_see_and_leaves_old_ones_alone(self):
        with Server() as server, server.connect("relay", "clear") as old:
            old.ehlo()
            server.write_config(more="[limits]\nmessage_size = \"1 MiB\"\n")
            done = server.packetboat("reload")
            self.assertEqual(done.stdout, "changed: limits\n", done.stderr)
            with server.connect("relay", "clear") as new:
                new.ehlo()
                self.assertEqual(new.esmtp_features["size"], str(1 << 20))
            old.ehlo()
            self.assertEqual(old.esmtp_features["size"], str(50 << 20))

    def test_a_broken_configuration_changes_nothing_and_says_why(self):
        with Server() as server:
            server.write_config(more="[limits]\nmesage_size = \"1 MiB\"\n")
            done = server.packetboat("reload")
            self.assertEqual(done.returncode, 78)
            self.assertRegex(done.stderr, r"mail\.toml:\d+:1: unknown key \"limits\.mesage_size\"; did "
                                          r"you mean \"limits\.message_size\"\?")
            server.submit("relay", "clear", "a@b.example", "bob@two.test")

    def test_by_signal_and_its_result_is_logged(self):
        with Server() as server:
            server.write_config(more="[limits]\nrecipients = 200\n")
            server.process.send_signal(signal.SIGHUP)
            until(lambda: server.log_lines("reloaded"), "a line about the reload")
            self.assertEqual(server.log_lines("reloaded")[0]["what"], "changed: limits")
            server.write_config(more="[limits]\nrecipients = 1\n")
            server.process.send_signal(signal.SIGHUP)
            until(lambda: server.log_lines("reload-refused"), "a line about the refusal")

    def test_what_cannot_be_reloaded_is_named(self):
        with Server() as server:
            server.write_config(before="threads = 1")
            done = server.packetboat("reload")
            self.assertEqual(done.returncode, 78)
            self.assertIn("threads can only change at a restart", done.stderr)

    def test_a_new_certificate_is_used_and_open_sessions_stay(self):
        with Server() as server, server.connect("submission", "starttls") as old:
            first = certificate_of(server)
            make_certificate(server.folder, ca=server.ca)
            self.assertEqual(server.packetboat("reload").returncode, 0)
            self.assertNotEqual(certificate_of(server), first)
            old.login(*Server.ALICE)
            send(old, Server.ALICE[0], Server.BOB[0])

    def test_a_listener_comes_and_goes(self):
        with Server() as server:
            (port,) = free_ports(1)
            server.write_config(
                more=f'[[listener]]\nrole = "relay"\naddress = "127.0.0.1:{port}"\n')
            self.assertEqual(server.packetboat("reload").returncode, 0)
            smtplib.SMTP("127.0.0.1", port, timeout=10).quit()
            server.write_config()
            self.assertEqual(server.packetboat("reload").returncode, 0)
            with self.assertRaises(OSError):
                socket.create_connection(("127.0.0.1", port), 5)

    def test_new_domains_and_networks_count_at_once(self):
        with Server() as server:
            with self.assertRaises(smtplib.SMTPResponseException):
                server.submit("relay", "clear", "a@b.example", "any@three.test")
            server.write_config(more='[[domain]]\nname = "three.test"\ndeliver = "sandbox"\n'
                                     'recipients = "any"\n[networks]\ntrusted = ["127.0.0.0/8"]\n')
            self.assertEqual(server.packetboat("reload").returncode, 0)
            server.submit("relay", "clear", "a@b.example", "any@three.test", "three")
            self.assertEqual(len(server.inbox("--subject", "three")), 1)
            server.submit("relay", "clear", "a@b.example", "any@elsewhere.example")


def certificate_of(server):
    with socket.create_connection(("127.0.0.1", server.port["submissions"]), 10) as plain:
        with server.context().wrap_socket(plain, server_hostname="localhost") as stream:
            return stream.getpeercert(binary_form=True)


class NotifyTest(unittest.TestCase):
    def test_the_service_manager_hears_ready_reloading_and_stopping(self):
        server = Server()
        place = server.folder / "notify"
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
            manager.bind(str(place))
            manager.settimeout(30)
            server.environment = {**os.environ, "NOTIFY_SOCKET": str(place)}
            with server:
                self.assertEqual(manager.recv(200), b"READY=1")
                server.process.send_signal(signal.SIGHUP)
                self.assertRegex(manager.recv(200), rb"^RELOADING=1\nMONOTONIC_USEC=\d+$")
                self.assertEqual(manager.recv(200), b"READY=1")
                server.process.send_signal(signal.SIGTERM)
                self.assertEqual(manager.recv(200), b"STOPPING=1")
                self.assertEqual(server.process.wait(30), 0)


class StopTest(unittest.TestCase):
    def test_sigterm_lets_an_open_transaction_finish(self):
        with Server() as server, server.connect("relay", "clear") as client:
            client.ehlo()
            client.mail("a@b.example")
            client.rcpt("bob@two.test")
            server.process.send_signal(signal.SIGTERM)
            until(lambda: server.log_lines("stopping"), "the server drains")
            self.assertEqual(client.data("Subject: last words\r\n\r\n.\r\n")[0], 250)
            self.assertEqual(server.process.wait(30), 0)
            self.assertEqual(len(server.inbox("--subject", "last words")), 1)

    def test_an_idle_session_is_told_421(self):
        with Server() as server:
            client = smtplib.SMTP("127.0.0.1", server.port["relay"], timeout=20)
            client.ehlo()
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(client.getreply()[0], 421)
            client.close()
            self.assertEqual(server.process.wait(30), 0)

    def test_a_second_sigterm_stops_at_once(self):
        with Server() as server, server.connect("relay", "clear") as client:
            client.ehlo()
            client.mail("a@b.example")
            server.process.send_signal(signal.SIGTERM)
            until(lambda: server.log_lines("stopping"), "the server drains")
            server.process.send_signal(signal.SIGTERM)
            self.assertEqual(server.process.wait(10), 0)
            client.close()

    def test_what_was_answered_250_survives_kill_9(self):
        with Server() as server:
            for number in range(20):
                server.submit("relay", "clear", "a@b.example", "bob@two.test", f"kept {number}")
            server.process.kill()
            server.process.wait()
            self.assertEqual(len(server.inbox()), 20)
            server.start("--config", server.config)
            self.assertEqual(len(server.inbox()), 20)

    def test_logs_to_a_pipe_that_nobody_reads_do_not_stop_mail(self):
        reader, writer = os.pipe()
        with Server() as server:
            server.stop()
            os.set_blocking(writer, False)
            while True:  # fill the pipe to the brim
                try:
                    os.write(writer, b"x" * 4096)
                except BlockingIOError:
                    break
            os.set_blocking(writer, True)
            server.log_file.close()
            server.log_file = os.fdopen(writer, "wb")
            server.start("--config", server.config)
            with server.connect("relay", "clear") as client:
                client.ehlo()
                for number in range(200):
                    send(client, "a@b.example", "bob@two.test", f"number {number}")
            self.assertEqual(len(server.inbox()), 200)
            server.process.kill()
        os.close(reader)


class ConfigurationTest(unittest.TestCase):
    def test_no_configuration_says_how_to_make_one(self):
        done = packetboat("serve", "--config", "/no/such/mail.toml")
        self.assertEqual(done.returncode, 78)
        self.assertIn("packetboat init", done.stderr)

    def test_a_port_that_is_taken_is_named(self):
        with Server() as first:
            second = Server()
            second.port["relay"] = first.port["relay"]
            second.write_config()
            done = packetboat("serve", "--config", second.config)
            second.__exit__()
            self.assertEqual(done.returncode, 71)
            self.assertIn(f"127.0.0.1:{first.port['relay']}", done.stderr)


class WrongConfigurationTest(unittest.TestCase):
    def setUp(self):
        self.server = Server()
        self.addCleanup(self.server.__exit__)

    def both(self):
        check = self.server.packetboat("check")
        serve = packetboat("serve", "--config", self.server.config)
        self.assertEqual((check.returncode, serve.returncode), (78, 78))
        return check.stdout, serve.stderr

    def test_an_unknown_section_is_named_by_check_and_by_serve(self):
        self.server.write_config(more="[limts]\nrecipients = 300\n")
        for text in self.both():
            self.assertIn('unknown key "limts"; did you mean "limits"?', text)

    def test_a_missing_certificate_is_named(self):
        self.server.certificate.unlink()
        for text in self.both():
            self.assertIn("tls.certificate: ", text)
            self.assertIn("No such file", text)

    def test_a_certificate_that_is_none_is_refused(self):
        self.server.certificate.write_text("not a certificate")
        done = packetboat("serve", "--config", self.server.config)
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("localhost.pem", done.stderr)

    def test_submission_without_a_certificate_says_the_lines_to_add(self):
        text = self.server.config.read_text()
        self.server.config.write_text("\n".join(
            line for line in text.split("\n")
            if not line.startswith(("[tls]", "certificate", "key"))))
        for told in self.both():
            self.assertIn('certificate = "/etc/packetboat/fullchain.pem"', told)

    def test_check_says_good_and_warns_about_a_key_that_all_can_read(self):
        self.server.key.chmod(0o644)
        done = self.server.packetboat("check")
        self.assertEqual(done.returncode, 0, done.stdout)
        self.assertIn("everyone can read", done.stdout)
        self.assertIn("is good.", done.stdout)


if __name__ == "__main__":
    unittest.main()
