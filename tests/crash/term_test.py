#!/usr/bin/env python3
"""term_test.py: SIGTERM in the middle of everything, again and again: each server ends in order and soon, nothing
answered 250 is missing, and nothing is delivered twice: an orderly end leaves no message half told.

term_test.py [--stops 100] [--acknowledged 50000] [--senders 4] [--seed 1]     without arguments a short run
"""
import random
import signal
import sys
import threading
import time

from crash_load import Load, arguments, check, make_server, running
from sink import Sink

ENDS_WITHIN = 10  # seconds; no session of the load is in one transaction for so long


def stop_again_and_again(server, load, options):
    """How long each stop took, and the exit codes that are not 0."""
    chance, took, codes = random.Random(options.seed), [], []
    for number in range(1, options.crashes + 1):
        load.wait_for(options.acknowledged * number / options.crashes)
        threading.Event().wait(chance.random() * 0.05)  # not at the same place each time
        start = time.monotonic()
        code = server.stop(signal.SIGTERM)
        took.append(time.monotonic() - start)
        if code != 0:
            codes.append(code)
        server.start("--config", server.config)
    return took, codes


def main():
    options = arguments("stops", 10, 2000)
    with Sink() as sink, make_server(sink) as server:
        with Load(server, options.senders, options.seed) as load:
            took, codes = stop_again_and_again(server, load, options)
        problems = check("SIGTERM", server, sink, load.taken(), [])
        print(f"MATRIX SIGTERM: {len(took)} stops under load, the longest took {max(took):.2f} s")
        if codes:
            problems.append(f"ended with {codes} in place of 0:\n{server.log_text()[-3000:]}")
        if max(took) > ENDS_WITHIN:
            problems.append(f"a stop took {max(took):.1f} s")
    for problem in problems:
        print(problem)
    return 1 if problems else 0


if __name__ == "__main__":
    sys.exit(main())
