#!/usr/bin/env python3
"""kill_test.py: kill -9 in the middle of everything, again and again; nothing answered 250 may be missing.

kill_test.py [--kills 300] [--acknowledged 100000] [--senders 4] [--seed 1]     without arguments a short run
"""
import sys

from crash_load import Load, again_and_again, arguments, end, make_server
from sink import Sink


def main():
    options = arguments("kills", 10, 2000)
    with Sink() as sink, make_server(sink) as server:
        with Load(server, options.senders, options.seed) as load:
            kills = again_and_again(server, load, options)
        return end("kill -9", server, sink, load, kills)


if __name__ == "__main__":
    sys.exit(main())
