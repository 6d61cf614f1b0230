#!/usr/bin/env python3
"""Builds every fault in a network namespace of its own and asks `packetboat probe` for its name.

usage: run.py PACKETBOAT [--seed N] [--only TEXT] [--jobs N]      (needs root: namespaces, nft)
Names, addresses, ports and the order come from the seed. Skips, saying so, where it cannot run.
"""
import argparse
import concurrent.futures
import json
import os
import random
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))


def reexec():
    """Into namespaces where addresses, firewall and resolv.conf are ours alone."""
    if os.environ.get("PB_FAULT_LAB") == "inside":
        return
    if os.geteuid() != 0 or not shutil.which("nft") or not shutil.which("unshare"):
        print("fault laboratory: skipped (needs root, unshare and nft)")
        if skips := os.environ.get("PB_SKIPS"):
            with open(skips, "a") as file:
                file.write("fault laboratory: needs root, unshare and nft\n")
        sys.exit(77)
    os.environ["PB_FAULT_LAB"] = "inside"
    os.execvp("unshare", ["unshare", "--net", "--mount", sys.executable, *sys.argv])


class Lab:
    def __init__(self, folder):
        from certs import Certificates
        self.folder = folder
        self.certs = Certificates(folder)
        self.hosts = {}
        self.run("ip", "link", "set", "lo", "up")
        self.run("nft", "add table inet lab")
        for chain in ("input", "output"):
            self.run("nft", f"add chain inet lab {chain} {{ type filter hook {chain} priority 0; }}")
        from dns import Dns
        self.run("ip", "addr", "add", "198.18.255.53/32", "dev", "lo")
        self.dns = Dns("198.18.255.53")
        self.resolver_files()

    def resolver_files(self):
        for path, text in (("/etc/resolv.conf", "nameserver 198.18.255.53\nsearch corp.test\n"
                            "options timeout:2 attempts:1 ndots:1\n"),
                           ("/etc/nsswitch.conf", "hosts: files dns\n")):
            mine = self.folder + "/" + os.path.basename(path)
            with open(mine, "w") as out:
                out.write(text)
            self.run("mount", "--bind", mine, path)

    def write_hosts(self):
        mine = self.folder + "/hosts"
        with open(mine, "w") as out:
            out.write("127.0.0.1 localhost\n")
            out.writelines(f"{ip} {host}\n" for host, ip in self.hosts.items())
        self.run("mount", "--bind", mine, "/etc/hosts")

    @staticmethod
    def run(*command):
        subprocess.run(command if len(command) > 2 or command[0] != "nft"
                       else ["nft", command[1]], check=True, capture_output=True)

    def nft(self, rule):
        chain, rest = rule.split(" ", 1)
        self.run("nft", f"add rule inet lab {chain} {rest}")

    def listen(self, address, port, talk):
        from servers import Listener
        return Listener(address, port, talk)

    def dual(self, s):
        self.dns.answers[s.host] = [s.ip, s.ip6]

    def extra_address(self, s, n):
        address = s.ip.rsplit(".", 1)[0] + f".{100 + n}"
        self.run("ip", "addr", "add", address + "/32", "dev", "lo")
        return address

    def healthy(self, host, ip, port, implicit=False, **change):
        from servers import Smtp
        context = self.certs.context(self.certs.leaf([host]))
        self.listen(ip, port, Smtp(host, context, implicit, **change))

    def healthy_controls(self, s):
        for host, ip in s.controls:
            self.healthy(host, ip, s.random_port)

    def four_ports(self, s, **change):
        for host, ip in [(s.host, s.ip)] + s.controls:
            for port in (25, 587, 2525):
                self.healthy(host, ip, port, **change)
            self.healthy(host, ip, 465, implicit=True, **change)


def place(lab, scenarios, chance):
    """Gives each scenario addresses, names and a port of its own."""
    numbers = chance.sample(range(1, 250), len(scenarios))
    for number, s in zip(numbers, scenarios):
        word = "".join(chance.choice("abcdefghijklmnopqrstuvwxyz") for _ in range(8))
        net = f"198.18.{number}"
        s.ip, s.ip6 = f"{net}.10", f"2001:db8:{number:x}::10"
        s.host = f"{word}.mail{number}.test"
        s.target = s.target or s.host
        s.controls = [(f"{word}-{c}.test", f"{net}.{n}") for c, n in (("a", 20), ("b", 30))]
        s.random_port = chance.randrange(10000, 30000)
        for address in (s.ip, s.controls[0][1], s.controls[1][1]):
            lab.run("ip", "addr", "add", address + "/32", "dev", "lo")
        lab.run("ip", "-6", "addr", "add", s.ip6 + "/128", "dev", "lo", "nodad")
        lab.dns.answers[s.host] = [s.ip]
        for host, ip in s.controls:
            lab.dns.answers[host] = [ip]


def probe(program, lab, s):
    command = [program, "probe", s.target, "--json", "--resolver", "198.18.255.53"]
    args = [lab.certs.empty_ca_file if a == "EMPTY" else a for a in s.args]
    if "--ca-file" not in args:
        command += ["--ca-file", lab.certs.ca_file]
    if s.port is None:
        command += ["--port", str(s.random_port)]
    for host, _ in s.controls:
        command += ["--control", host]
    start = time.monotonic()
    done = subprocess.run(command + args, capture_output=True, text=True, timeout=60,
                          env={**os.environ, **s.env, "LANG": "C"})
    return done.returncode, json.loads(done.stdout), time.monotonic() - start


def attempt(s, report):
    wanted = s.port or s.random_port
    for row in report["ports"]:
        if row["port"] == wanted and row["family"] == s.family:
            return row
    return None


def verdict(s, code, report):
    """Empty when the probe is right, else what is wrong."""
    row = attempt(s, report)
    found = report["faults"][0] if report["faults"] else (row or {}).get("fault")
    notes = report["notes"] + [note for r in report["ports"] for note in r["notes"]]
    if found != s.fault:
        return f"fault {found}, expected {s.fault}"
    if s.note and s.note not in notes:
        return f"notes {notes}, expected {s.note}"
    if s.fault is None and code != 0:
        return f"exit code {code} of a healthy server"
    if s.exit is not None and code != s.exit:
        return f"exit code {code}, expected {s.exit}"
    if s.advice and (report["advice"] or {}).get("port") != s.advice:
        return f"advice {report['advice']}, expected {s.advice}"
    return ""


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("packetboat")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", default="")
    parser.add_argument("--jobs", type=int, default=6)
    options = parser.parse_args()
    reexec()
    from scenarios import SCENARIOS
    from witness import witness
    chance = random.Random(options.seed)
    scenarios = [s for s in SCENARIOS if options.only.lower() in s.name.lower()]
    chance.shuffle(scenarios)
    wrong = []
    with tempfile.TemporaryDirectory() as folder:
        lab = Lab(folder)
        place(lab, scenarios, chance)
        for s in scenarios:
            s.build(lab, s)
        lab.write_hosts()

        def one(s):
            code, report, took = probe(options.packetboat, lab, s)
            problem = verdict(s, code, report)
            if not problem and s.witness and not witness(lab, s):
                problem = f"the witness does not see {s.witness}"
            if not problem and took > 23:
                problem = f"took {took:.1f} s"
            return s, problem, took

        def all_of_them():
            with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
                yield from pool.map(one, [s for s in scenarios if not s.alone])
            yield from map(one, [s for s in scenarios if s.alone])
        for s, problem, took in all_of_them():
            print(f"{'wrong' if problem else 'ok   '}  {took:5.1f} s  {s.name:38} "
                  f"{s.fault or 'healthy'}" + (f"   <-- {problem}" if problem else ""), flush=True)
            if problem:
                wrong.append(s.name)
    faults = len([s for s in scenarios if s.fault])
    alone = [s.name for s in scenarios if s.fault and not s.witness]
    print(f"{faults - len(alone)} of {faults} faults have a second witness", *alone)
    wrong += alone
    print(f"{len(scenarios) - len(wrong)} of {len(scenarios)} named rightly ({faults} faults, "
          f"{len(scenarios) - faults} healthy servers; seed {options.seed})")
    os._exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
