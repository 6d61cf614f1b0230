"""sendmail: what PHP, cron, mutt and git ask of /usr/sbin/sendmail; and accounts.

The next server is smtp_peer.py on loopback; the outbox is in a home of our own.
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE))
from running import BINARY, Sandbox, free_ports, packetboat  # noqa: E402


class Peer:
    """smtp_peer.py as a child; its events as a list."""

    def __init__(self, port=0, *on):
        rules = [word for rule in on for word in ("--on", rule)]
        self.process = subprocess.Popen([sys.executable, HERE / "smtp_peer.py", "--listen",
                                         f"127.0.0.1:{port}", *rules], stdin=subprocess.PIPE,
                                        stdout=subprocess.PIPE, text=True)
        self.port = int(self.process.stdout.readline().split()[1])

    def stop(self):
        """Ends it and returns the messages that it took."""
        self.process.stdin.close()
        events = [json.loads(line) for line in self.process.stdout]
        self.process.wait(10)
        return [event for event in events if event["event"] == "message"]


class Home:
    def __init__(self, folder):
        self.folder = pathlib.Path(folder)
        for name in ("sendmail", "mailq", "newaliases"):
            (self.folder / name).symlink_to(BINARY)
        self.environment = dict(os.environ, HOME=folder, LC_ALL="C", XDG_STATE_HOME=f"{folder}/state",
                                XDG_CONFIG_HOME=f"{folder}/config")
        self.environment.pop("PACKETBOAT_PASSWORD", None)

    def run(self, name, *arguments, given="", port=None, **more):
        environment = dict(self.environment, **more)
        if port:
            environment["PACKETBOAT_SENDMAIL_SERVER"] = f"127.0.0.1:{port}/none"
        return subprocess.run([self.folder / name, *arguments], input=given.encode(), timeout=60,
                              capture_output=True, env=environment)


def programs_find_what_they_expect(home):
    peer = Peer()
    php = "To: bob@two.test, Jo <jo@two.test>\nBcc: eve@two.test\nSubject: x\n\none\n.two\n.\nthree\n"
    assert home.run("sendmail", "-t", "-i", "-fwww@one.test", given=php, port=peer.port).returncode == 0
    cron = home.run("sendmail", "-FCronDaemon", "-i", "-B8BITMIME", "-oem", "root@one.test",
                    given="From: cron@one.test\nSubject: job\n\ndone\n", port=peer.port)
    assert cron.returncode == 0, cron
    dot = home.run("sendmail", "-f", "<>", "bob@two.test", given="Subject: y\n\nup to\n.\nnot this\n",
                   port=peer.port)
    assert dot.returncode == 0, dot
    bare = home.run("sendmail", "-N", "failure", "bob@two.test", given="no header at all\n",
                    port=peer.port)
    assert bare.returncode == 0, bare
    talk = ("HELO me\r\nMAIL FROM:<a@one.test>\r\nRCPT TO:<b@two.test>\r\nDATA\r\nSubject: bs\r\n\r\n"
            "..dot\r\n.\r\nQUIT\r\n")
    said = home.run("sendmail", "-bs", given=talk, port=peer.port).stdout.decode()
    assert said.startswith("220 ") and "354 " in said and "\n221 " in said, said
    first, second, third, fourth, fifth = peer.stop()
    assert first["sender"].startswith("MAIL FROM:<www@one.test>"), first
    assert len(first["to"]) == 3 and "eve" not in first["content"], first
    assert first["content"].endswith("\r\n\r\none\r\n.two\r\n.\r\nthree\r\n"), first
    assert "Message-ID: <" in first["content"] and "Date: " in first["content"]
    assert second["content"].startswith("Date: ") and "From: cron@one.test" in second["content"]
    assert third["sender"].startswith("MAIL FROM:<>") and "not this" not in third["content"], third
    assert fourth["content"].endswith("\r\n\r\nno header at all\r\n"), fourth
    assert fifth["content"].endswith("\r\n\r\n.dot\r\n"), fifth
    print("sendmail: -t -i -f -F -N -bs, CRLF out, Bcc removed")


def what_cannot_go_waits_in_the_outbox(home):
    port, = free_ports(1)
    for number in range(3):
        kept = home.run("sendmail", "-t", given=f"To: bob@two.test\nSubject: {number}\n\nx\n", port=port)
        assert kept.returncode == 0 and b"outbox" in kept.stderr, kept
    listed = home.run("mailq").stdout.decode()
    assert listed.count("bob@two.test") == 3 and "3 messages" in listed, listed
    assert home.run("newaliases").returncode == 0
    chinese = home.run("sendmail", "-bp", PACKETBOAT_LANG="zh-Hant").stdout.decode()
    assert "3 封郵件" in chinese, chinese
    peer = Peer(port)
    assert home.run("sendmail", "-q", port=port).returncode == 0
    assert home.run("mailq").stdout.decode().strip() == "Mail queue is empty"
    subjects = [message["content"].split("Subject: ")[1][0] for message in peer.stop()]
    assert subjects == ["0", "1", "2"], subjects
    print("sendmail: the outbox keeps what cannot go, -q and the next call send it, in order")


def replies_become_exit_codes(home):
    no = Peer(0, "RCPT=550 5.1.1 no such user")
    refused = home.run("sendmail", "-i", "bob@two.test", given="Subject: x\n\nx\n", port=no.port)
    assert refused.returncode == 67 and b"550 5.1.1" in refused.stderr, refused
    assert no.stop() == []
    later = Peer(0, "MAIL=451 4.3.0 later")
    kept = home.run("sendmail", "-i", "bob@two.test", given="Subject: later\n\nx\n", port=later.port)
    assert kept.returncode == 0, kept
    later.stop()
    cut = Peer(0, "END=close")
    held = home.run("sendmail", "-i", "bob@two.test", given="Subject: held\n\nx\n", port=cut.port)
    assert held.returncode == 0, held
    cut.stop()
    good = Peer()
    home.run("sendmail", "-q", port=good.port)
    assert "Subject: held" not in str(good.stop()), "what may have arrived was sent again"
    assert "may have arrived" in home.run("mailq").stdout.decode()
    assert home.run("sendmail", "-bd").returncode == 64
    assert home.run("sendmail", "-t", given="Subject: nobody\n\nx\n").returncode == 65
    print("sendmail: 0, 64, 65, 67; what may have arrived is never sent twice")


def accounts(home):
    def account(*arguments, **more):
        return packetboat("account", *arguments, env=dict(home.environment, **more))

    assert account("list").returncode == 1
    assert account("add", "home", "--from", "you@gmail.com", "--secret-tool").returncode == 0
    listed = json.loads(account("list", "--json").stdout)
    assert listed["accounts"][0]["host"] == "smtp.gmail.com", listed
    assert account("add", "home", "--from", "you@gmail.com").returncode == 73
    assert account("add", "bad name", "--from", "you@gmail.com").returncode == 64
    assert account("remove", "home").returncode == 0
    assert account("remove", "home", "--lang", "zh-Hans").stderr.strip().endswith("没有账号 home。")
    with Sandbox() as sandbox:
        ports = f"{sandbox.port['submission']}/starttls,{sandbox.port['submissions']}/tls"
        authority = shutil.copy(sandbox.ca, home.folder / "ca.pem")
        made = account("add", "default", "--from", "ann@one.test", "--server", "localhost", "--port",
                       ports, "--ca-file", authority, "--password-command", "echo secret-7")
        assert made.returncode == 0, made
        stored = (home.folder / "config/packetboat/accounts.json").read_text()
        assert "secret-7" in stored and oct((home.folder / "config/packetboat/accounts.json").stat()
                                            .st_mode)[-3:] == "600"
        tested = account("test", "default", "-4")
        assert tested.returncode == 0 and "Your password works" in tested.stdout, tested
        sent = home.run("sendmail", "-t", given="To: bob@two.test\nSubject: by account\n\nhi\n")
        assert sent.returncode == 0 and not sent.stderr, sent
        whole = packetboat("send", "--account", "default", "--to", "bob@two.test", "--subject", "信",
                           "--body", "你好", env=home.environment)
        assert whole.returncode == 0, whole
        subjects = [message["subject"] for message in sandbox.inbox()]
        assert sorted(subjects) == ["by account", "信"], subjects
    assert account("test", "default", "--timeout", "2").returncode == 75
    print("account: add, list, test, remove; send and sendmail use it")


def main():
    with tempfile.TemporaryDirectory(prefix="pb-sendmail-") as folder:
        home = Home(folder)
        programs_find_what_they_expect(home)
        what_cannot_go_waits_in_the_outbox(home)
        replies_become_exit_codes(home)
        accounts(home)


main()
