"""suites.py: where the third-party suites lie, and how one is counted.

Spec: tests/suites/README.md, suite.hpp beside it (the same rules).   Not here: any case of any suite.
"""

import os
import pathlib

from running import TOP, skip


def suites_root():
    """The folder of suites, or None: PB_SUITES, else ../shared/suites beside the sources."""
    root = pathlib.Path(os.environ.get("PB_SUITES", TOP.parent / "shared/suites"))
    return root if root.is_dir() else None


def suite_folder(test, name):
    """The suite's folder; skips the test, saying so, where it is absent."""
    root = suites_root()
    if root is None or not (root / name).is_dir():
        skip(test.id(), f"missing suite {name}")
        test.skipTest(f"no suite {name}: set PB_SUITES")
    return root / name


class Count:
    """Cases are excused only by name, with the words of the RFC; an excuse that is not needed fails."""

    def __init__(self, suite, excuses=None):
        self.suite, self.excuses = suite, dict(excuses or {})
        self.present, self.passed, self.excused, self.failures = 0, 0, [], []

    def record(self, name, problem):
        """problem: empty when the case is passed."""
        self.present += 1
        excuse = self.excuses.pop(name, None)
        if excuse is None and not problem:
            self.passed += 1
        elif excuse is None:
            self.failures.append(f"{name}: {problem}")
        elif problem:
            self.excused.append(f"{name}: {excuse}")
        else:
            self.failures.append(f"{name}: passes, so its excuse must go")

    def finish(self, test):
        self.failures += [f"{name}: an excuse without a case" for name in self.excuses]
        print(f"SUITE {self.suite} present {self.present} passed {self.passed} "
              f"excused {len(self.excused)}")
        for line in self.excused:
            print(f"  excused {line}")
        test.assertGreater(self.present, 0, self.suite)
        test.assertEqual(self.failures, [], self.suite)
