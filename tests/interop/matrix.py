"""matrix.py: the cells of one interop test: each runs, is timed, and prints one MATRIX line, which script/test shows.

Names of peers on the command line choose whose cells run. Not here: what a cell does.
"""

import concurrent.futures
import imaplib
import poplib
import smtplib
import subprocess
import sys
import time
import traceback

from server import skip


FAILURES = (AssertionError, OSError, RuntimeError, LookupError, smtplib.SMTPException, imaplib.IMAP4.error,
            poplib.error_proto, subprocess.SubprocessError)


class Matrix:
    """`with matrix.cell("out", "postfix", "mx") as say: ...; say("note")`; at the end `return matrix.finish()`."""

    def __init__(self, name):
        self.name, self.passed, self.failed = name, 0, []

    def cell(self, *what):
        return Cell(self, " ".join(f"{word:<12}" for word in (self.name, *what)))

    def finish(self):
        print(f"SUITE {self.name}: {self.passed + len(self.failed)} present, {self.passed} passed")
        for failure in self.failed:
            print("FAILED", failure)
        return 1 if self.failed or not self.passed and not self.skipped else 0

    skipped = False

    def peers(self, *classes):
        """Those that were asked for and can run here; the others are skipped with their reason."""
        able = []
        for peer in classes:
            if sys.argv[1:] and peer.name not in sys.argv[1:]:
                continue
            if reason := peer.why_not():
                self.skipped = True
                skip(f"interop {self.name}: {peer.name}", reason)
            else:
                able.append(peer)
        return able

    def side_by_side(self, function, arguments):
        """Runs it for each, and reports what ends one of them as its failure."""
        def guarded(argument):
            try:
                function(argument)
            except FAILURES as error:
                traceback.print_exception(error)
                self.failed.append(f"{self.name} {argument}: {error!r}"[:300])

        with concurrent.futures.ThreadPoolExecutor(len(arguments) or 1) as pool:
            list(pool.map(guarded, arguments))


class Cell:
    def __init__(self, matrix, title):
        self.matrix, self.title, self.note = matrix, title, ""

    def __enter__(self):
        self.began = time.monotonic()
        return self.say

    def say(self, note):
        self.note = note

    def __exit__(self, kind, error, trace):
        if kind and not issubclass(kind, FAILURES):
            return False
        seconds = time.monotonic() - self.began
        if error:
            traceback.print_exception(error)
            self.matrix.failed.append(f"{self.title}: {error!r}"[:300])
            self.note = str(error).split("\n")[0][:100]
        else:
            self.matrix.passed += 1
        print(f"MATRIX {self.title} {'FAILED' if error else 'ok':<7}{seconds:5.2f} s  {self.note}".rstrip(), flush=True)
        return True
