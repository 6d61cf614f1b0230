#!/usr/bin/env python3
"""port-check.php, run by PHP's own web server, names faults of the laboratory as `probe` does.

usage: port_check_test.py PACKETBOAT      (needs what run.py needs, and php-cli)
"""
import json
import os
import pathlib
import random
import shutil
import subprocess
import sys
import tempfile
import time
import urllib.request

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import run  # noqa: E402

WANTED = ("connection-refused", "web-server-answers", "greeting-refused", "starttls-stripped",
          "starttls-not-offered", "starttls-refused", "cert-expired", "cert-name-mismatch",
          "cert-self-signed")


def choose():
    """One scenario a fault, those that need nothing but their own server; and a healthy one."""
    from scenarios import SCENARIOS
    chosen = {}
    for s in SCENARIOS:
        plain = not s.args and not s.env and not s.alone and s.family == "ipv4" and s.port is None
        if plain and s.fault in (*WANTED, None) and s.fault not in chosen:
            chosen[s.fault] = s
    return list(chosen.values())


def ask_php(folder, lab, program, s, port):
    page = folder / f"check-{port}.php"
    written = subprocess.run([program, "settings", s.host, "--for", "port-check.php"], check=True,
                             capture_output=True, text=True)
    page.write_text(written.stdout)
    server = subprocess.Popen(["php", "-d", f"openssl.cafile={lab.certs.ca_file}", "-S",
                               f"127.0.0.1:{port}", "-t", folder], stdout=subprocess.DEVNULL,
                              stderr=subprocess.DEVNULL)
    try:
        answers = []
        for query in ("?json=1", "", "?lang=zh-Hant"):
            deadline = time.monotonic() + 100
            while True:
                try:
                    url = f"http://127.0.0.1:{port}/{page.name}{query}"
                    with urllib.request.urlopen(url, timeout=90) as answer:
                        answers.append(answer.read().decode())
                    break
                except urllib.error.URLError:
                    if time.monotonic() > deadline:
                        raise
        return answers
    finally:
        server.kill()
        server.wait()


def main():
    program = sys.argv[1]
    if not shutil.which("php"):
        print("port check: skipped (needs php-cli)")
        sys.exit(77)
    run.reexec()
    scenarios = choose()
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        lab = run.Lab(name)
        run.place(lab, scenarios, random.Random(1))
        for s in scenarios:
            s.random_port = 587
            s.build(lab, s)
        lab.write_hosts()
        wrong = 0
        for number, s in enumerate(scenarios):
            text, screen, chinese = ask_php(folder, lab, program, s, 8100 + number)
            report = json.loads(text)
            mine = [row["fault"] for row in report["ports"] if row["port"] == 587][0]
            _, probed, _ = run.probe(program, lab, s)
            theirs = (run.attempt(s, probed) or {}).get("fault")
            explained = subprocess.run([program, "explain", "--from-json", "-"], input=text, text=True,
                                       capture_output=True)
            good = (mine == theirs == s.fault and "587" in screen and screen != chinese and
                    explained.returncode in (0, 1) and "587" in explained.stdout)
            wrong += not good
            print(f"{'ok   ' if good else 'wrong'} php {mine}, probe {theirs}, laboratory {s.fault}"
                  + ("" if good else f"\n{text}\n{screen}\n{explained}"))
        # An old file deletes itself.
        page = folder / "check-8100.php"
        os.utime(page, (time.time() - 4000, time.time() - 4000))
        subprocess.run(["php", page], capture_output=True, check=True)
        assert not page.exists(), "it is still there after an hour"
    faults = len([s for s in scenarios if s.fault])
    print(f"port check: {len(scenarios) - wrong} of {len(scenarios)} as probe says ({faults} faults)")
    os._exit(1 if wrong or faults < 5 else 0)


main()
