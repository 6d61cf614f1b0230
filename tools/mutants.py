#!/usr/bin/env python3
"""mutants.py: does a checker of the simulator notice when the code of layers 1-2 is wrong?

Usage: tools/mutants.py [--count N] [--seed S] [--seeds N] [--list]
Finds places in the sources where one small change makes a wrong server (a sync dropped, a settle skipped, `<` for
`<=`, a downgrade, ...), makes each change in a copy of the tree under build/mutants, builds the simulator there, runs
it, and prints which checker noticed. Nothing is chosen by hand: the places are found by pattern when it runs.
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
FILES = ["src/queue/accept.cpp", "src/queue/settle.cpp", "src/queue/queue.cpp", "src/queue/schedule.cpp",
         "src/smtp/data_reader.cpp", "src/smtp/bdat.cpp", "src/smtp/server/receive.cpp",
         "src/smtp/server/session.cpp", "src/smtp/server/rcpt.cpp", "src/smtp/client/transfer.cpp",
         "src/smtp/client/setup.cpp", "src/smtp/client/session.cpp", "src/smtp/client/body_encoder.cpp",
         "src/delivery/classify.cpp", "src/delivery/route.cpp", "src/delivery/site_pool.cpp", "src/policy/engine.cpp"]

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
    ("a counter not counted", r"^\s+(?:\+\+|--)\w[\w.>-]*;$", lambda l: "  ;"),
]


def candidates(source):
    """(kind, file, line number, new line), every place of every kind."""
    found = {}
    for name in FILES:
        lines = (source / name).read_text().split("\n")
        for number, line in enumerate(lines):
            if line.lstrip().startswith(("//", "#", "static_assert", "PB_CHECK")):
                continue
            for kind, pattern, change in KINDS:
                if re.search(pattern, line) and change(line) != line:
                    found.setdefault(kind, []).append((kind, name, number, change(line)))
    return found


def chosen(source, count, seed):
    """Kinds take turns, places by lot."""
    dice = random.Random(seed)
    lots = candidates(source)
    for places in lots.values():
        dice.shuffle(places)
    out = []
    while any(lots.values()):
        for kind in list(lots):
            if lots[kind]:
                out.append(lots[kind].pop())
    return out[:count * 2]  # some do not compile


def copy_tree():
    TREE.mkdir(parents=True, exist_ok=True)
    for name in ["CMakeLists.txt", "CMakePresets.json"]:
        shutil.copy2(ROOT / name, TREE / name)
    for name in ["src", "cmake", "sim"]:
        for old in [path for path in (TREE / name).rglob("*") if path.is_file()]:
            if not (ROOT / old.relative_to(TREE)).exists():
                old.unlink()
        for path in [path for path in (ROOT / name).rglob("*") if path.is_file()]:
            copy = TREE / path.relative_to(ROOT)
            if copy.exists() and copy.read_bytes() == path.read_bytes():
                continue
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, copy)


def build():
    return subprocess.run(["cmake", "--build", "--preset", "release", "--target", "sim"], cwd=TREE,
                          capture_output=True, text=True).returncode == 0


def noticed(seeds):
    """The checker that noticed; None: nobody did."""
    try:
        run = subprocess.run([TREE / "build/release/bin/sim", "--seeds", str(seeds), "--notes", "0"],
                             capture_output=True, text=True, timeout=300)
    except subprocess.TimeoutExpired:
        return "it does not end"
    for line in run.stdout.splitlines():
        if line.startswith("FAILED  checker: "):
            return line.removeprefix("FAILED  checker: ").split(" (")[0]
    return None if run.returncode == 0 else f"status {run.returncode}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=30)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--seeds", type=int, default=60, help="of the simulator, each mutant")
    parser.add_argument("--list", action="store_true", help="the mutants, without building them")
    options = parser.parse_args()
    mutants = chosen(ROOT, options.count, options.seed)
    if options.list:
        for kind, name, number, line in mutants:
            print(f"{kind:34} {name}:{number + 1}: {line.strip()}")
        return 0
    copy_tree()
    subprocess.run(["cmake", "--preset", "release"], cwd=TREE, check=True, capture_output=True)
    if not build() or noticed(options.seeds) is not None:
        sys.exit("the tree itself does not build, or a checker fails without any mutant")
    caught = survived = 0
    for kind, name, number, line in mutants:
        if caught + survived == options.count:
            break
        path = TREE / name
        text = path.read_text()
        lines = text.split("\n")
        before, lines[number] = lines[number], line
        path.write_text("\n".join(lines))
        if build():
            who = noticed(options.seeds)
            caught, survived = caught + (who is not None), survived + (who is None)
            print(f"{who or 'NOBODY':16} {kind:34} {name}:{number + 1}: {before.strip()}", flush=True)
        path.write_text(text)
    print(f"{caught} of {caught + survived} mutants were noticed")
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main())
