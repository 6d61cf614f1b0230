"""demo.py: what script/demo shows after the build: every port in every setting, and the inbox.

The client is Python's standard library (smtplib, ssl), so that nobody need trust our own. Exits 0 only
when every row behaved as its table says.   Not here: the build (script/demo), other clients (interop/).
"""

import argparse
import concurrent.futures
import contextlib
import dataclasses
import smtplib
import socket
import ssl
import sys
import textwrap
import time
import unicodedata

import mail_auth_test as auth
import running
from dns_server import DnsServer

WELL_KNOWN = {"submission": 587, "submissions": 465, "submission-alt": 2525, "relay": 25}
SANDBOX_PORTS = {"relay": 1025, "submission": 1587, "submissions": 1465, "submission-alt": 2525}

ENGLISH = {
    "skipped": "skipped", "build": "build", "ports": "mail through every port, as people set it up",
    "port": "port", "role": "role", "set up as": "set up as", "login": "login", "reply": "reply",
    "queue id": "queue id", "starttls": "STARTTLS", "implicit": "SSL/TLS", "clear": "none",
    "wrong": "{} (wrong)", "unsafe": "{} (unsafe)", "stranger": "{}, stranger",
    "note wrong": "Wrong settings worked; the server's log says which one to use.",
    "note unsafe": "A real server refuses strangers and what is unsafe; this is a test server.",
    "inbox": "The inbox now ({} messages, the ids are those of the replies):",
    "good": "{} of {} submissions behaved, {} of {} found in the inbox. All is stopped.",
    "bad": "{} of {} submissions behaved, {} of {} found in the inbox. Not as it should be:",
    "try": "Try it:  {} serve --sandbox   (README, \"Five minutes\")", "seconds": "{} s",
    "minutes": "{} min {} s", "hops": "one message, hop by hop", "letter": "then",
    "mistyped": "to a mistyped {}:",
    "says": "Authentication-Results at the second server:",
    "forged": "The same sender, forged from {}:", "filed": "filed under", "why": "verify says why:",
    "on disk": "Each 250 was said when the message was on the disk.",
    "probed": "what probe says of this server",
}
TRADITIONAL = {
    "skipped": "略過", "build": "編譯", "ports": "透過每個連接埠寄信，照大家的設定方式",
    "port": "連接埠", "role": "角色", "set up as": "加密設定", "login": "登入", "reply": "回覆",
    "queue id": "佇列編號", "starttls": "STARTTLS", "implicit": "SSL/TLS", "clear": "無",
    "wrong": "{}（設錯）", "unsafe": "{}（不安全）", "stranger": "{}，寄給外人",
    "note wrong": "設錯的也能寄出；伺服器的記錄會說該改成哪個設定。",
    "note unsafe": "標示不安全的與寄給外人的，真正的伺服器會拒絕；這裡是測試伺服器。",
    "inbox": "收到的郵件（{} 封，編號與回覆相同）：",
    "good": "{}/{} 次提交符合預期，{}/{} 封在收件匣找到。全部已停止。",
    "bad": "{}/{} 次提交符合預期，{}/{} 封在收件匣找到。不符預期的是：",
    "try": "試試看： {} serve --sandbox   （見 README）", "seconds": "{} 秒", "minutes": "{} 分 {} 秒",
    "hops": "一封郵件，一站一站", "letter": "-", "mistyped": "寄到打錯的 {}：",
    "says": "第二台伺服器的 Authentication-Results：",
    "forged": "同一個寄件人，從 {} 偽造：", "filed": "歸入", "why": "verify 說明原因：",
    "on disk": "每個 250 都在郵件寫入磁碟之後才回覆。",
    "probed": "probe 怎麼說這台伺服器",
}
SIMPLIFIED = {
    "skipped": "略过", "build": "编译", "ports": "通过每个端口发送邮件，按大家的设置方式",
    "port": "端口", "role": "角色", "set up as": "加密设置", "login": "登录", "reply": "回复",
    "queue id": "队列编号", "starttls": "STARTTLS", "implicit": "SSL/TLS", "clear": "无",
    "wrong": "{}（设错）", "unsafe": "{}（不安全）", "stranger": "{}，发给外人",
    "note wrong": "设错的也能发出；服务器的日志会说该改成哪个设置。",
    "note unsafe": "标为不安全的与发给外人的，真正的服务器会拒绝；这里是测试服务器。",
    "inbox": "收到的邮件（{} 封，编号与回复相同）：",
    "good": "{}/{} 次提交符合预期，{}/{} 封在收件箱找到。全部已停止。",
    "bad": "{}/{} 次提交符合预期，{}/{} 封在收件箱找到。不符预期的是：",
    "try": "试试看： {} serve --sandbox   （见 README）", "seconds": "{} 秒", "minutes": "{} 分 {} 秒",
    "hops": "一封邮件，一站一站", "letter": "-", "mistyped": "发到打错的 {}：",
    "says": "第二台服务器的 Authentication-Results：",
    "forged": "同一个发件人，从 {} 伪造：", "filed": "归入", "why": "verify 说明原因：",
    "on disk": "每个 250 都在邮件写入磁盘之后才回复。",
    "probed": "probe 怎么说这台服务器",
}
WORDS = {"en": ENGLISH, "zh-Hant": TRADITIONAL, "zh-Hans": SIMPLIFIED}


def columns(text):
    return sum(2 if unicodedata.east_asian_width(c) in "WF" else 1 for c in text)


def pad(text, width):
    return text + " " * max(0, width - columns(text))


def print_table(rows):
    widths = [max(columns(row[i]) for row in rows) for i in range(len(rows[0]))]
    for row in rows:
        print(("  " + "  ".join(pad(cell, width) for cell, width in zip(row, widths))).rstrip())


@dataclasses.dataclass
class Case:
    """One way in which people set up a program; `kind` is "", "wrong", "unsafe" or "stranger"."""
    role: str
    setting: str
    kind: str = ""
    seconds: float = 0
    tls: str = "-"
    login: str = "-"
    code: str = "-"
    queue_id: str = ""
    problem: str = ""

    @property
    def subject(self):
        return f"{WELL_KNOWN[self.role]} {self.setting} {self.kind}".strip()


MISTYPED = "bbo@two.test"
CASES = [
    Case("submission", "starttls"), Case("submission", "implicit", "wrong"),
    Case("submission", "clear", "unsafe"),
    Case("submissions", "implicit"), Case("submissions", "starttls", "wrong"),
    Case("submission-alt", "starttls"), Case("submission-alt", "implicit", "wrong"),
    Case("submission-alt", "clear", "unsafe"),
    Case("relay", "starttls"), Case("relay", "clear"), Case("relay", "clear", "stranger"),
]


class DemoSandbox(running.Running):
    """The sandbox on its usual ports, or on free ones where they are taken."""

    def __init__(self):
        super().__init__()
        self.data = self.folder / "sandbox"
        self.target = ("--data", self.data)
        self.ca = self.data / "ca.pem"
        self.port = {role: usual if is_free(usual) else self.port[role]
                     for role, usual in SANDBOX_PORTS.items()}

    def __enter__(self):
        flags = [part for role, flag in running.SANDBOX_FLAGS.items()
                 for part in (flag, self.port[role])]
        self.start("--sandbox", "--no-ipv6", "--data", self.data, *flags)
        return self


def is_free(port):
    with socket.socket() as held:
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # closed connections do not count
        try:
            held.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def submit(sandbox, case):
    """Sends one message as this program would, and notes what it saw."""
    began = time.monotonic()
    recipient = "eve@else.example" if case.kind == "stranger" else "bob@two.test"
    try:
        with sandbox.connect(case.role, case.setting) as client:
            if isinstance(client.sock, ssl.SSLSocket):
                case.tls = client.sock.version().removeprefix("TLSv")
            if case.role != "relay":
                client.login("alice@one.test", "any password")
                case.login = "PLAIN"
            client.ehlo_or_helo_if_needed()
            reply = running.send(client, "alice@one.test", recipient, case.subject,
                                 "Sent by script/demo.")
            case.code, case.queue_id = "250", reply.split()[-1]
    except smtplib.SMTPResponseException as error:
        case.code, case.problem = str(error.smtp_code), str(error)
    except (OSError, smtplib.SMTPException) as error:
        case.problem = str(error)
    case.seconds = time.monotonic() - began


def submit_all(sandbox):
    # STARTTLS on 465 waits ten seconds for a client's first byte: beside the others.
    with concurrent.futures.ThreadPoolExecutor(1) as patient:
        slow = [patient.submit(submit, sandbox, case) for case in CASES
                if (case.role, case.setting) == ("submissions", "starttls")]
        for case in CASES:
            if (case.role, case.setting) != ("submissions", "starttls"):
                submit(sandbox, case)
        for one in slow:
            one.result()


def show_ports(words):
    header = [words[name] for name in ("port", "role", "set up as")]
    rows = [header + ["TLS", words["login"], words["reply"], words["queue id"]]]
    for case in CASES:
        setting = words[case.setting]
        if case.kind:
            setting = words[case.kind].format(setting)
        waited = f" {words['seconds'].format(round(case.seconds))}" if case.seconds > 5 else ""
        rows.append([str(WELL_KNOWN[case.role]), case.role, setting, case.tls, case.login, case.code,
                     case.queue_id + waited])
    print_table(rows)
    print("  " + words["note wrong"])
    print("  " + words["note unsafe"])


def first_line(server, event):
    running.until(lambda: server.log_lines(event), f"a line {event} in the log")
    return server.log_lines(event)[0]


def clock_of(line):
    return line["time"][11:23]


def send_two_hops(first, second):
    """From 587 of one server, by MX from our own zone, to port 25 of another and its Maildir."""
    second.add_user(running.Server.BOB)
    second.start("--config", second.config)
    first.add_user(running.Server.ALICE)
    first.start("--config", first.config)
    first.submit("submission", "starttls", "alice@one.test", "bob@two.test", "hop by hop",
                 running.Server.ALICE)
    folder = second.data / "mail"
    running.until(lambda: list(folder.glob("two.test/*/new/*")), "the letter arrives")
    (letter,) = folder.glob("two.test/*/new/*")
    return first_line(first, "accepted"), first_line(second, "accepted"), letter


def send_mistyped(first):
    """The next hop has no such mailbox: its sender gets a bounce. Returns its first sentence."""
    first.submit("submission", "starttls", "alice@one.test", MISTYPED, "mistyped",
                 running.Server.ALICE)
    return running.first_sentence(running.wait_for_inbox(first))


def forge(second, dns):
    """A letter that claims alice@one.test from elsewhere: (where it was filed, its results, why)."""
    auth.send_forgery(second)
    letter = auth.one_letter(second, ".Junk/new")
    done = running.packetboat("verify", letter, "--dns", dns.address, "--ip", auth.FORGER, "--helo",
                              "forger.test", "--mail-from", "alice@one.test")
    return letter, methods_of(letter.read_text()), done.stdout


def methods_of(text):
    """{"spf": "pass", ...}: what Authentication-Results says, one word a method; the first one counts."""
    words = "; ".join(auth.results_of(text)).split(";")[1:]
    return dict(word.strip().split(" ")[0].split("=", 1) for word in reversed(words) if "=" in word)


def show_methods(methods):
    print("    " + "  ".join(f"{name}={methods.get(name, '-')}"
                             for name in ("spf", "dkim", "dmarc", "iprev")))


def show_forgery(words, filed, methods, why):
    print("  " + words["forged"].format(auth.FORGER))
    show_methods(methods)
    print(f"    {words['filed']} Maildir/two.test/{filed.parents[2].name}/.Junk/new/")
    print("  " + words["why"])
    print(why, end="")


def hop_by_hop(words, language):
    """[3/4]: each hop with its time, TLS version and queue id, and what the second server found; a
    bounce about a mistyped mailbox; a forgery. True when all is as it should be."""
    began = time.monotonic()
    with contextlib.ExitStack() as held:
        dns = held.enter_context(DnsServer(auth.zone_of_both()))
        first, second = auth.servers_with_dns(dns)
        held.callback(second.__exit__)
        held.callback(first.__exit__)
        first.config.write_text(first.config.read_text().replace(
            'name = "one.test"\n', f'name = "one.test"\nlanguage = "{language}"\n'))
        auth.make_key(first, dns)
        came, went, letter = send_two_hops(first, second)
        text = letter.read_text()
        sentence = send_mistyped(first)
        filed, forged, why = forge(second, dns)
        stopped = first.stop() == 0 and second.stop() == 0
    step(3, words["hops"], round(time.monotonic() - began), words)
    tls = [line["tls"].removeprefix("TLSv") for line in (came, went)]
    print(f"  {clock_of(came)} in   587  alice@one.test, TLS {tls[0]}, PLAIN   250 {came['message']}")
    print(f"  {clock_of(went)} out  25   mx.two.test, STARTTLS {tls[1]}        250 {went['message']}")
    print(f"  {words['letter']:<12} mail      Maildir/two.test/{letter.parent.parent.name}/new/")
    print("  " + words["on disk"])
    print("  " + words["says"])
    show_methods(methods_of(text))
    show_forgery(words, filed, forged, why)
    print("  " + words["mistyped"].format(MISTYPED))
    for line in textwrap.wrap(sentence, 76):
        print("    " + line)
    good = {"spf": "pass", "dkim": "pass", "dmarc": "pass"}
    return (stopped and text.count("Received: ") == 2 and came["message"] in text and
            MISTYPED in sentence and good.items() <= methods_of(text).items() and
            (forged["spf"], forged["dmarc"]) == ("fail", "fail"))


def probe_own(words, language):
    """[4/4]: a test server through `probe`, as a person would ask it. True when it is usable. A new one:
    the other has learnt from [2/4] that programs of this computer begin with TLS where they should not."""
    began = time.monotonic()
    with DemoSandbox() as sandbox:
        ports = ",".join(str(sandbox.port[role]) for role in ("submission", "submission-alt",
                                                              "submissions", "relay"))
        done = running.packetboat("probe", "localhost", "-4", "--port", ports, "--ca-file", sandbox.ca,
                                  "--no-control", "--lang", language)
        stopped = sandbox.stop() == 0
    step(4, words["probed"], round(time.monotonic() - began), words)
    print(done.stdout + done.stderr, end="")
    return done.returncode == 0 and stopped


def show_end(words, found):
    behaved = [case for case in CASES if case.code == "250"]
    failed = [case for case in CASES if case not in behaved or case.queue_id not in found]
    counts = (len(behaved), len(CASES), sum(case.queue_id in found for case in CASES), len(CASES))
    print()
    print(words["bad" if failed else "good"].format(*counts))
    for case in failed:
        print(f"  {WELL_KNOWN[case.role]} {case.setting}: {case.code} {case.problem}")
    binary = running.BINARY
    if binary.is_relative_to(running.TOP):
        binary = binary.relative_to(running.TOP)
    print(words["try"].format(binary))
    return not failed


def step(number, title, seconds, words, word=""):
    took = word or (words["seconds"].format(seconds) if seconds < 60 else
                    words["minutes"].format(seconds // 60, seconds % 60))
    print(f"[{number}/4] {title} " + "." * max(3, 60 - columns(title)) + f" {took}", flush=True)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--lang", default="en", choices=WORDS)
    parser.add_argument("--build-seconds", type=int, default=0)
    parser.add_argument("--fast", action="store_true")
    options = parser.parse_args()
    words = WORDS[options.lang]
    step(1, words["build"], options.build_seconds, words, words["skipped"] if options.fast else "")
    began = time.monotonic()
    with DemoSandbox() as sandbox:
        submit_all(sandbox)
        step(2, words["ports"], round(time.monotonic() - began), words)
        show_ports(words)
        found = {message["id"] for message in sandbox.inbox()}
        print("  " + words["inbox"].format(len(found)))
        listed = sandbox.packetboat("inbox", "list", "--lang", options.lang, check=True).stdout
        for line in listed.splitlines():
            print("  " + line)
        stopped = sandbox.stop() == 0
    good = hop_by_hop(words, options.lang)
    good = probe_own(words, options.lang) and good
    return 0 if show_end(words, found) and stopped and good else 1


if __name__ == "__main__":
    sys.exit(main())
