#!/usr/bin/env python3
"""kill_test.py: kill -9 in the middle of everything, again and again; nothing answered 250 may be missing.

kill_test.py [--kills 300] [--acknowledged 100000] [--senders 4] [--seed 1]     without arguments a short run
"""
import argparse
import random
import sys
import threading
import time

from crash_load import Load, check, make_server
from sink import Sink


def kill_again_and_again(server, load, options):
    """Returns the times of the kills."""
    chance, kills = random.Random(options.seed), []
    for number in range(1, options.kills + 1):
        load.wait_for(options.acknowledged * number / options.kills)
        threading.Event().wait(chance.random() * 0.05)  # not at the same place each time
        server.process.kill()
        kills.append(time.monotonic())
        server.process.wait()
        if sys.stderr.isatty():
            print(f"\r{number} kills", end="", file=sys.stderr)
        server.start("--config", server.config)
    return kills


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--kills", type=int, default=10)
    parser.add_argument("--acknowledged", type=int, default=2000)
    parser.add_argument("--senders", type=int, default=4)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with Sink() as sink, make_server(sink) as server:
        with Load(server, options.senders, options.seed) as load:
            kills = kill_again_and_again(server, load, options)
        problems = check("kill -9", server, sink, load.taken(), kills)
        if (stopped := server.stop()) != 0:
            problems.append(f"the last server ended with {stopped}:\n{server.log_text()[-3000:]}")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
