#!/usr/bin/env python3
"""fuzz_report.py: what the fuzz targets are worth.

coverage [TARGET ...]   line coverage of each target's parser by its committed corpus. A target names its parser's files
                        in its header comment: "// Covers: src/smtp/command.cpp src/...".
plants [TARGET ...]     plants the bug of fuzz/plants.tsv (target, file, text, replacement) into a copy of the tree,
                        one target at a time, and lets the fuzzer search at most 60 s: it must find each.
Called by script/fuzz --coverage and --plants.
"""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import time

TOP = pathlib.Path(__file__).resolve().parent.parent
COVERAGE_WANTED = 90.0
PLANT_SECONDS = 60


def targets(wanted):
    names = sorted(path.stem.removesuffix("_fuzz") for path in (TOP / "fuzz").glob("*_fuzz.cpp"))
    return [name for name in names if not wanted or name in wanted]


def build(source, preset, names):
    for command in (["cmake", "--preset", preset],
                    ["cmake", "--build", "--preset", preset, "--parallel", str(os.cpu_count()),
                     "--target", *[f"{name}_fuzz" for name in names]]):
        done = subprocess.run(command, cwd=source, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(done.stdout[-3000:] + done.stderr[-3000:])


def covered_files(name):
    text = (TOP / f"fuzz/{name}_fuzz.cpp").read_text()
    return re.findall(r"src/\S+\.[ch]pp", " ".join(re.findall(r"// Covers: (.*)", text)))


def coverage(names):
    build(TOP, "coverage", names)
    bins = TOP / "build/coverage/bin"
    short = []
    for name in names:
        files, binary = covered_files(name), bins / f"{name}_fuzz"
        corpus = sorted(str(p) for p in (TOP / f"fuzz/corpora/{name}").glob("*"))
        raw, merged = bins / f"{name}.profraw", bins / f"{name}.profdata"
        subprocess.run([binary, TOP / f"fuzz/corpora/{name}"], check=True, capture_output=True,
                       env={**os.environ, "LLVM_PROFILE_FILE": str(raw)})
        subprocess.run(["llvm-profdata-19", "merge", "-o", merged, raw], check=True)
        out = subprocess.run(["llvm-cov-19", "report", binary, f"-instr-profile={merged}",
                              *[TOP / file for file in files]], check=True, capture_output=True,
                             text=True).stdout
        total = next(line for line in out.splitlines() if line.startswith("TOTAL")).split()
        # Columns: regions, missed, %, functions, missed, %, lines, missed, %, ...
        percent = float(total[9].rstrip("%"))
        short += [name] if percent < COVERAGE_WANTED or not files else []
        print(f"{name:<24} {len(corpus):>4} files  {percent:6.2f} % of {total[7]} lines of "
              f"{' '.join(files) or 'NO Covers: LINE'}")
    print(f"{len(names) - len(short)} of {len(names)} at {COVERAGE_WANTED:.0f} % or more"
          f"{'; below: ' + ' '.join(short) if short else ''}")
    return 1 if short else 0


def plants(names):
    rows = [line.split("\t") for line in (TOP / "fuzz/plants.tsv").read_text().splitlines()
            if line and not line.startswith("#")]
    copy = TOP / "build/planted"
    missed = [name for name in names if name not in {row[0] for row in rows}]
    for folder in ("src", "fuzz", "cmake", "tests"):  # the targets use what drives the dialogues, too
        shutil.copytree(TOP / folder, copy / folder, dirs_exist_ok=True)
    for file in ("CMakeLists.txt", "CMakePresets.json"):
        shutil.copy2(TOP / file, copy / file)
    for name, file, old, new in rows:
        if name not in names:
            continue
        sound = (TOP / file).read_text()
        if sound.count(old) != 1:
            sys.exit(f"fuzz/plants.tsv: {name}: its text stands {sound.count(old)} times in {file}")
        (copy / file).write_text(sound.replace(old, new))
        build(copy, "fuzz", [name])
        found = hunt(copy, name)
        (copy / file).write_text(sound)
        print(f"{name:<24} planted in {file}: "
              f"{f'found after {found:.1f} s' if found is not None else 'NOT FOUND'}")
        missed += [name] if found is None else []
    print(f"{len(names) - len(missed)} of {len(names)} planted bugs found within {PLANT_SECONDS} s"
          f"{'; not: ' + ' '.join(missed) if missed else ''}")
    return 1 if missed else 0


def hunt(copy, name):
    dictionary = copy / f"fuzz/{name}.dict"
    command = [copy / f"build/fuzz/bin/{name}_fuzz", f"-max_total_time={PLANT_SECONDS}", "-timeout=10",
               f"-artifact_prefix={copy}/build/fuzz/", *([f"-dict={dictionary}"]
                                                         if dictionary.exists() else []),
               copy / f"fuzz/corpora/{name}"]
    start = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, errors="replace", cwd=copy / "build")
    return time.monotonic() - start if done.returncode != 0 else None


def main():
    if len(sys.argv) < 2 or sys.argv[1] not in ("coverage", "plants"):
        sys.exit(__doc__)
    names = targets(sys.argv[2:])
    return coverage(names) if sys.argv[1] == "coverage" else plants(names)


if __name__ == "__main__":
    sys.exit(main())
