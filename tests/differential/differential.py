#!/usr/bin/env python3
"""differential.py: our SPF beside pyspf and our DKIM beside dkimpy, on inputs generated from a seed.

differential.py spf|dkim [--count N] [--seed S] [--seconds T]: compares N inputs. Every kind of difference is a row of EXPLAINED (in
spf_inputs.py and dkim_inputs.py) with the RFC text that decides it; any other fails the run and prints its input.
Peers lie under build/peers (tests/interop/fetch_peers pyspf dkimpy); without them it says so and is skipped.
"""

import argparse
import collections
import json
import os
import pathlib
import random
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parents[2]
PEERS = pathlib.Path(os.environ.get("PB_PEERS", TOP / "build/peers"))
PEER = os.environ.get("PB_DIFFERENTIAL_PEER", str(TOP / "build/dev/bin/differential_peer"))
SHOWN = 5


class Ours:
    """Our evaluators in a process of their own: ask(request) -> answer."""

    def __enter__(self):
        self.process = subprocess.Popen([PEER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        return self

    def ask(self, **request):
        self.process.stdin.write(json.dumps(request) + "\n")
        self.process.stdin.flush()
        return json.loads(self.process.stdout.readline())

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(10)


def compare(kind, ours, count, seed, seconds=3600):
    """(results that agree, how often each explained difference was seen, the unexplained)."""
    source, until = random.Random(seed), time.monotonic() + seconds
    explained, unexplained, agreed = collections.Counter(), [], collections.Counter()
    for number in range(count):
        if time.monotonic() > until:
            break
        case = kind.make(source, ours)
        here, there = kind.ours(ours, case), kind.theirs(case)
        if here["result"] == there["result"]:
            agreed[here["result"]] += 1
            continue
        why = next((name for name, holds in kind.EXPLAINED if holds(case, here, there)), None)
        if why:
            explained[why] += 1
        else:
            unexplained.append((number, case, here, there))
    return agreed, explained, unexplained


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("kind", choices=("spf", "dkim"))
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seconds", type=int, default=3600, help="stop then, however many were compared")
    options = parser.parse_args()
    peer = {"spf": "pyspf", "dkim": "dkimpy"}[options.kind]
    packages = PEERS / peer / "usr/lib/python3/dist-packages"
    if not packages.is_dir() or not pathlib.Path(PEER).exists():
        print(f"SKIPPED differential {options.kind}: {peer} is not unpacked (tests/interop/fetch_peers {peer})")
        return 0
    sys.path.insert(0, str(packages))
    kind = __import__(f"{options.kind}_inputs")
    began = time.monotonic()
    with Ours() as ours:
        agreed, explained, unexplained = compare(kind, ours, options.count, options.seed,
                                                 options.seconds)
    present = agreed.total() + explained.total() + len(unexplained)
    for result, number in agreed.most_common():
        print(f"  {number:>7} agree: {result}")
    for why, number in explained.most_common():
        print(f"  {number:>7} differ, explained: {why}")
    for number, case, here, there in unexplained[:SHOWN]:
        print(f"DIFFERENT input {number} of seed {options.seed}: we say {here}, {peer} says {there}\n  {case}")
    print(f"SUITE differential {options.kind} beside {peer}: present {present} passed "
          f"{present - len(unexplained)} excused {sum(explained.values())} "
          f"({time.monotonic() - began:.0f} s, seed {options.seed})")
    return 1 if unexplained else 0


if __name__ == "__main__":
    sys.exit(main())
