#!/usr/bin/env python3
"""mutants.py: does anything notice when the code of layers 1-2 is wrong?

Usage: tools/mutants.py [--count N] [--seed S] [--seeds N] [--only TEXT ...] [--sim-only] [--list]
Finds places in the sources where one small change makes a wrong server (a sync dropped, a settle skipped, `<` for
`<=`, a downgrade, ...), makes each change in a copy of the tree under build/mutants, builds the simulator there and
runs it; when no checker notices, the folder's own tests have their turn. Prints who noticed. Nothing is chosen by
hand: the places are found by pattern when it runs. HARMLESS names, with its reason, what changes no behaviour.
Exit status 1 when a mutant survives.
"""
import argparse
import pathlib
import random
import re
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parent.parent
TREE = ROOT / "build" / "mutants" / "tree"
PRESET = "dev"  # one for the simulator and the tests: a source is compiled once
FILES = ["src/queue/accept.cpp", "src/queue/settle.cpp", "src/queue/queue.cpp", "src/queue/schedule.cpp",
         "src/smtp/data_reader.cpp", "src/smtp/bdat.cpp", "src/smtp/server/receive.cpp",
         "src/smtp/server/session.cpp", "src/smtp/server/rcpt.cpp", "src/smtp/client/transfer.cpp",
         "src/smtp/client/setup.cpp", "src/smtp/client/session.cpp", "src/smtp/client/body_encoder.cpp",
         "src/delivery/classify.cpp", "src/delivery/route.cpp", "src/delivery/site_pool.cpp", "src/policy/engine.cpp"]

# Whose tests are asked when no checker noticed: the longest beginning of the file's name.
TESTS = {"src/queue/": ["queue_test"], "src/delivery/": ["delivery_test"], "src/policy/": ["policy_test"],
         "src/smtp/": ["smtp_test", "dialogues_test"]}
TREES = ["src", "cmake", "sim", "tests/dialogues", "tests/client_dialogues", "tests/vectors",
         "docs/reference"]

# Changes that are none: (kind, file, the line as it stands) and why. At most two, and none for want of a test.
HARMLESS = {}
HARMLESS_MAX = 2

# What kind of mistake, where it may be made (a pattern of one line), and what the line becomes. Kinds take turns.
KINDS = [
    ("a sync dropped", r"Durability::synced;", lambda l: l.replace("synced", "soon")),
    ("a state not written", r"^\s+(?:if \(!alone\) )?put_state\(.*\);$", lambda l: "  ;"),
    ("a settle skipped", r"^\s+settle_one\(.*\);$", lambda l: "  ;"),
    ("an effect dropped", r"^\s+out\.(?:writes|reports|answers|leases)\.push_back\(.*\);$", lambda l: "  ;"),
    ("a withdrawal ignored", r"withdraw\(node\.mapped\(\), out\);", lambda l: l.replace(
        "withdraw(node.mapped(), out);", "enter(node.mapped(), now, out);")),
    ("a report closed early", r"^\s+close_report\(.*\);$", lambda l: "  ;"),
    ("a lease never ended", r"^\s+(?:end_lease|lines_\.lease_ended)\(.*\);$", lambda l: "  ;"),
    ("nothing scheduled", r"^\s+schedule\(slot, now\);$", lambda l: "  ;"),
    ("a bound off by one", r"[^<]<= ?\w|\w >= \w", lambda l: l.replace("<=", "<", 1) if "<=" in l
     else l.replace(">=", ">", 1)),
    ("a bound off by one, the other way", r"^\s+(?:if|while) .*\w < \w", lambda l: re.sub(r" < ", " <= ", l, count=1)),
    ("a question turned round", r"^\s+if \(!", lambda l: l.replace("if (!", "if (", 1)),
    ("and for or", r"^\s+if .* && ", lambda l: l.replace(" && ", " || ", 1)),
    ("a downgrade", r"TlsUse::(?:verified|required|implicit)\b", lambda l: re.sub(
        r"TlsUse::(?:verified|required|implicit)\b", "TlsUse::opportunistic", l, count=1)),
    ("temporary taken for permanent", r"is_permanent\(\)", lambda l: l.replace("is_permanent()", "is_positive() == false")),
    ("a fault that settles", r"Next::next_hop, Reason", lambda l: l.replace("Next::next_hop", "Next::settle")),
    ("an end that is none", r"\\r\\n\.\\r\\n|bare_lf", lambda l: l.replace("TextFault::bare_lf", "TextFault::none")),
    ("a refusal forgotten", r"^\s+return refuse\(|^\s+refuse\(.*\);$", lambda l: re.sub(r"refuse\(.*\);", ";", l)
     if "return" not in l else "  return accept();"),
    ("two effects swapped", r"^\s+(?:end_lease|schedule|start_waiting|forget_if_plain)\(.*\);$|^\s+out \+= .*;$", None),
    ("a counter not counted", r"^\s+(?:\+\+|--)\w[\w.>-]*;$", lambda l: "  ;"),
]


def candidates(source):
    """(kind, file, line number, new lines in place of as many), every place of every kind."""
    found = {}
    for name in FILES:
        lines = (source / name).read_text().split("\n")
        for number, line in enumerate(lines):
            if line.lstrip().startswith(("//", "#", "static_assert", "PB_CHECK")) or "PB_MARK" in line:
                continue  # a mark is counted, and no behaviour
            for kind, pattern, change in KINDS:
                if not re.search(pattern, line):
                    continue
                if change is not None and change(line) != line:
                    found.setdefault(kind, []).append((kind, name, number, [change(line)]))
                elif change is None and re.search(pattern, lines[number + 1]):
                    found.setdefault(kind, []).append((kind, name, number, [lines[number + 1], line]))
    return found


def chosen(source, options):
    """Kinds take turns, places by lot; with --only those that are wanted."""
    dice = random.Random(options.seed)
    lots = candidates(source)
    for places in lots.values():
        dice.shuffle(places)
    out = []
    while any(lots.values()):
        for kind in list(lots):
            if lots[kind]:
                out.append(lots[kind].pop())
    if options.only:
        return [m for m in out if any(text in f"{m[0]} {m[1]}:{m[2] + 1}:" for text in options.only)]
    return out[:options.count * 2]  # some do not compile


def copy_tree():
    TREE.mkdir(parents=True, exist_ok=True)
    wanted = ["CMakeLists.txt", "CMakePresets.json", "tests/CMakeLists.txt"]
    for name in TREES:
        wanted += [str(path.relative_to(ROOT)) for path in (ROOT / name).rglob("*") if path.is_file()]
    for name in ["src", "cmake", "sim", "tests", "docs"]:
        for old in [path for path in (TREE / name).rglob("*") if path.is_file()]:
            if str(old.relative_to(TREE)) not in wanted:
                old.unlink()
    for name in wanted:
        path, copy = ROOT / name, TREE / name
        if copy.exists() and copy.read_bytes() == path.read_bytes():
            continue
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, copy)


def build(targets):
    return subprocess.run(["cmake", "--build", "--preset", PRESET, "--target", *targets], cwd=TREE,
                          capture_output=True, text=True).returncode == 0


def run_of(command):
    """Status and output; status None: it does not end."""
    try:
        run = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=120, cwd=TREE)
    except subprocess.TimeoutExpired:
        return None, ""
    return run.returncode, run.stdout


def checker(seeds):
    """The checker that noticed; None: nobody did."""
    status, output = run_of([TREE / "build/dev/bin/sim", "--seeds", str(seeds), "--notes", "0"])
    for line in output.splitlines():
        if line.startswith("FAILED  checker: "):
            return line.removeprefix("FAILED  checker: ").split(" (")[0]
    return None if status == 0 else "it does not end" if status is None else f"status {status}"


def tests_of(name):
    return next(tests for folder, tests in TESTS.items() if name.startswith(folder))


def failing_test(name):
    """The first test that noticed; None: nobody did."""
    for test in tests_of(name):
        if not build([test]):
            return f"{test} does not build"
        status, output = run_of([TREE / "build/dev/bin" / test, "--gtest_brief=1"])
        failed = re.search(r"\[  FAILED  \] ([\w./]+)", output)
        if status != 0:
            return f"test {failed.group(1) if failed else test}"
    return None


def try_out(mutant, options):
    """Who noticed; "": nobody; None: it does not compile."""
    kind, name, number, new = mutant
    path = TREE / name
    text = path.read_text()
    lines = text.split("\n")
    lines[number:number + len(new)] = new
    path.write_text("\n".join(lines))
    try:
        if not build(["sim"]):
            return None
        return checker(options.seeds) or (not options.sim_only and failing_test(name)) or ""
    finally:
        path.write_text(text)


def options_of_the_call():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=60, help="of the simulator, each mutant")
    parser.add_argument("--only", action="append", help="of all mutants those whose kind or FILE:LINE: has this")
    parser.add_argument("--sim-only", action="store_true", help="ask the simulator alone")
    parser.add_argument("--list", action="store_true", help="the mutants, without building them")
    return parser.parse_args()


def main():
    options = options_of_the_call()
    assert len(HARMLESS) <= HARMLESS_MAX
    mutants = chosen(ROOT, options)
    if options.list:
        for kind, name, number, new in mutants:
            print(f"{kind:34} {name}:{number + 1}: {' | '.join(line.strip() for line in new)}")
        return 0
    copy_tree()
    subprocess.run(["cmake", "--preset", PRESET], cwd=TREE, check=True, capture_output=True)
    if not build(["sim"]) or checker(options.seeds) is not None:
        sys.exit("the tree itself does not build, or a checker fails without any mutant")
    for name in sorted({mutant[1] for mutant in mutants}):
        if not options.sim_only and (noticed := failing_test(name)):
            sys.exit(f"without any mutant: {noticed}")
    counts = {"checker": 0, "test": 0, "harmless": 0, "nobody": 0}
    for mutant in mutants:
        if not options.only and sum(counts.values()) == options.count:
            break
        kind, name, number, new = mutant
        before = (ROOT / name).read_text().split("\n")[number].strip()
        who = try_out(mutant, options)
        if who is None:
            continue
        reason = HARMLESS.get((kind, name, before))
        if not who and reason:
            who = f"harmless: {reason}"
        counts["nobody" if not who else "harmless" if who.startswith("harmless") else
               "test" if who.startswith("test ") else "checker"] += 1
        print(f"{who or 'NOBODY':16} {kind:34} {name}:{number + 1}: {before}", flush=True)
    print(f"{sum(counts.values())} mutants: {counts['checker']} noticed by a checker of the simulator, "
          f"{counts['test']} by a test, {counts['harmless']} harmless, {counts['nobody']} by nobody")
    return 1 if counts["nobody"] else 0


if __name__ == "__main__":
    sys.exit(main())
