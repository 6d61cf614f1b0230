"""users_test.py: accounts are managed with a running server and without one, in the same words."""

import json
import smtplib
import unittest

from running import Server


def commands(server):
    """A life of accounts: what each command printed, with its exit code."""
    def run(*arguments, password=None):
        done = server.packetboat("user", *arguments,
                                 input=None if password is None else password + "\n")
        return done.returncode, done.stdout, done.stderr

    return [
        run("add", "carol@one.test", "--password-stdin", password="first"),
        run("add", "carol@one.test", "--password-stdin", password="again"),
        run("add", "not an address", "--password-stdin", password="x"),
        run("add", "dora@one.test", "--password-stdin", password=""),
        run("alias", "carol@one.test", "sales@one.test"),
        run("alias", "carol@one.test", "sales@one.test"),
        run("allow", "carol@one.test", "*@two.test"),
        run("allow", "carol@one.test", "nonsense"),
        run("passwd", "carol@one.test", "--password-stdin", password="second"),
        run("passwd", "nobody@one.test", "--password-stdin", password="x"),
        run("list"),
        run("list", "--json"),
        run("alias", "carol@one.test", "sales@one.test", "--remove"),
        run("remove", "carol@one.test"),
        run("remove", "carol@one.test"),
    ]


class UsersTest(unittest.TestCase):
    def test_both_ways_give_the_same_output(self):
        with Server() as server:
            live = commands(server)
            server.stop()
            self.assertEqual(commands(server), live)
        self.assertEqual([code for code, _, _ in live],
                         [0, 1, 64, 64, 0, 1, 0, 64, 0, 1, 0, 0, 0, 0, 1], live)

    def test_a_new_account_can_log_in_at_once_and_a_removed_one_cannot(self):
        with Server() as server:
            carol = ("carol@one.test", "a password")
            server.add_user(carol)
            server.submit("submission", "starttls", carol[0], "bob@two.test", login=carol)
            server.submit("relay", "clear", "x@y.example", carol[0])
            server.packetboat("user", "remove", carol[0], check=True)
            with self.assertRaises(smtplib.SMTPAuthenticationError):
                server.submit("submission", "starttls", carol[0], "bob@two.test", login=carol)
            with self.assertRaises(smtplib.SMTPResponseException):
                server.submit("relay", "clear", "x@y.example", carol[0])

    def test_a_new_password_counts_at_once_also_for_a_cached_login(self):
        with Server() as server:
            server.submit("submission", "starttls", *pair(Server.ALICE), login=Server.ALICE)
            server.packetboat("user", "passwd", Server.ALICE[0], "--password-stdin", input="new one\n",
                              check=True)
            with self.assertRaises(smtplib.SMTPAuthenticationError):
                server.submit("submission", "starttls", *pair(Server.ALICE), login=Server.ALICE)
            login = (Server.ALICE[0], "new one")
            server.submit("submission", "starttls", *pair(Server.ALICE), login=login)

    def test_an_allowed_pattern_lets_an_account_send_as_others(self):
        with Server() as server:
            server.packetboat("user", "allow", Server.ALICE[0], "*@shop.example", check=True)
            server.submit("submission", "starttls", "orders@shop.example", "bob@two.test",
                          login=Server.ALICE)

    def test_a_generated_password_is_shown_once_and_works(self):
        with Server() as server:
            done = server.packetboat("user", "add", "dora@one.test", "--generate", check=True)
            password = done.stdout.split("Its password is  ")[1].split()[0]
            server.submit("submissions", "implicit", "dora@one.test", "bob@two.test",
                          login=("dora@one.test", password))
            self.assertNotIn(password, server.log_text())

    def test_the_list_shows_nothing_secret(self):
        with Server() as server:
            listed = server.packetboat("user", "list", "--json", check=True).stdout
            self.assertEqual({one["name"] for one in json.loads(listed)},
                             {Server.ALICE[0], Server.BOB[0]})
            self.assertNotIn("argon2", listed)


def pair(login):
    return login[0], "bob@two.test"


if __name__ == "__main__":
    unittest.main()
