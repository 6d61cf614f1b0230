#!/usr/bin/env python3
"""auto_against_strict.py: what does understanding the wrong security setting cost correct programs?

Submissions a second on 587 (STARTTLS) and 465 (implicit TLS), each on a connection of its own with a login, against a server
with security = "auto" and one with "strict", in turn in one run. The bar: auto at least 0.95 of strict.
Usage: bench/auto_against_strict.py [COUNT] [ROUNDS]
"""

import pathlib
import statistics
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
sys.path.insert(0, str(TOP / "tests/interop"))
from server import PASSWORD, USER, Server  # noqa: E402

LOAD = TOP / "build/release/bin/bench_submission_load"


def measure(server, role, setting, count):
    out = subprocess.run([LOAD, str(server.port[role]), setting, server.ca, USER, PASSWORD, USER,
                          "bob@two.test", str(count), "8"], check=True, capture_output=True, text=True)
    return [float(figure) for figure in out.stdout.split()]


def main():
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    rounds = int(sys.argv[2]) if len(sys.argv) > 2 else 5
    worst = 1.0
    with Server(security="auto") as automatic, Server(security="strict") as strict:
        for role, setting in (("submission", "starttls"), ("submissions", "implicit")):
            for server in (automatic, strict):
                measure(server, role, setting, 200)  # warm: the login is known, the address too
            ratios, rates = [], {"auto": [], "strict": []}
            for number in range(rounds):
                # A B, B A, ...: neither always goes first.
                order = (automatic, strict) if number % 2 == 0 else (strict, automatic)
                rate = {server: measure(server, role, setting, count) for server in order}
                a, s = rate[automatic], rate[strict]
                ratios.append(a[0] / s[0])
                rates["auto"].append(a[0])
                rates["strict"].append(s[0])
            ratio = statistics.median(ratios)
            worst = min(worst, ratio)
            print(f"{role:<12} auto {statistics.median(rates['auto']):8.1f}/s   "
                  f"strict {statistics.median(rates['strict']):8.1f}/s   ratio {ratio:.3f} "
                  f"(min {min(ratios):.3f}, max {max(ratios):.3f}, {rounds} rounds of {count})")
    print(f"worst ratio {worst:.3f}, wanted at least 0.95: {'met' if worst >= 0.95 else 'NOT MET'}")
    return 0 if worst >= 0.95 else 1


if __name__ == "__main__":
    sys.exit(main())
