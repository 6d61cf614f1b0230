#!/usr/bin/env python3
"""tidy.py: STYLE.md and the layers of ARCHITECTURE.md as a test.

Reads the tracked files as text; prints one line a finding and exits 1 when there is any.
A reason beside a long thing lifts its limit: "// tidy: long file, because ..." in the first ten lines,
"// tidy: long function, because ..." on the line before the function.
"""

import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent

# folder -> (layer, the folders of the same layer that it may include)
LAYERS = {
    "base": (0, set()), "text": (0, {"base"}),
    "mail": (1, set()), "dns": (1, set()), "sasl": (1, set()), "tlsrpt": (1, set()),
    "journal": (1, {"mail"}), "smtp": (1, {"mail", "sasl"}), "spf": (1, {"dns"}),
    "dkim": (1, {"dns", "mail"}), "authres": (1, {"mail"}),
    "dmarc": (1, {"dns", "mail", "spf", "dkim"}), "arc": (1, {"dns", "mail", "dkim", "authres"}),
    "mtasts": (1, {"dns"}), "dane": (1, {"dns"}),
    "accounts": (2, set()), "policy": (2, {"accounts"}), "queue": (2, set()),
    "delivery": (2, {"queue"}), "inbox": (2, set()), "report": (2, {"queue"}),
    "advisor": (2, set()),
    "runtime": (3, set()),
    "api": (4, set()), "cli": (4, {"api", "app"}), "app": (4, {"api", "cli"}),
}
LINE_COLUMNS_MAX = 100
FILE_LINES_MAX = 500
FILE_LINES_HARD_MAX = 800
FUNCTION_LINES_MAX = 70
README_LINES_MAX = 15

# pattern, what to do instead, which files it is about
ANYWHERE = lambda path: True
CODE = lambda path: path.suffix in (".cpp", ".hpp")
def below_runtime(path):
    return CODE(path) and layer_of(path) is not None and layer_of(path)[0] < 3
def production(path):
    return CODE(path) and path.parts[0] == "src" and not path.stem.endswith("_test")
BANNED = [
    (r"\bstr(cpy|cat|tok)\s*\(", "unbounded C string call", CODE),
    (r"\bv?sprintf\s*\(|(?<![\w:])f?printf\s*\(", "use fmt", production),
    (r"(system_clock|steady_clock|high_resolution_clock)::now", "time is an argument", below_runtime),
    (r"\bstd::random_device\b|\bs?rand\s*\(\)", "randomness is an argument", below_runtime),
    (r"\bstd::w?regex\b|<regex>", "parse without regular expressions", CODE),
    (r"catch \(\.\.\.\)", "catch what you can name", production),
    (r"^\s*default:", "no default over an enum; write `default:  // not an enum` elsewhere",
     production),
    (r"#ifdef TEST\b", "no test code in production", CODE),
    (r"\bTODO\b(?!\(#\d+\))", "TODO(#issue)", CODE),
    (r"sleep_for|sleep_until|\busleep\s*\(", "wait for an event", CODE),
    (r"<iostream>", "use fmt", production),
    (r"\bco_await\b.*catch|boost/asio/experimental/awaitable_operators",
     "one timer a connection (ARCHITECTURE, decision 6)", production),
]
REPLY_LITERAL = re.compile(r'"[245]\d\d[ -](?:[245]\.\d|[A-Za-z])')
EVERYWHERE = [
    (re.compile(r"(?<![\w.])/work/(?:main|wt|shared)|/home/[a-z]+/|/root/"), "a path of one machine"),
    (re.compile(r"deb\.debian\.org|registry\.npmjs|pypi\.org|nodesource"), "a package host"),
]


def tracked():
    out = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=TOP, check=True,
                         capture_output=True, text=True).stdout
    return [pathlib.Path(p) for p in out.split("\n") if p and (TOP / p).is_file()]


def layer_of(path):
    parts = path.parts
    return LAYERS.get(parts[1]) if len(parts) > 2 and parts[0] == "src" else None


def check_includes(path, lines):
    mine = path.parts[1]
    layer, same_layer = LAYERS[mine]
    for number, line in enumerate(lines, 1):
        match = re.match(r'#include "([a-z0-9_]+)/', line)
        if not match or match[1] == mine:
            continue
        other = LAYERS.get(match[1])
        if other is None:
            yield number, f'unknown folder in #include "{match[1]}/"'
        elif other[0] > layer:
            yield number, f"{mine} (layer {layer}) includes {match[1]} (layer {other[0]})"
        elif other[0] == layer and match[1] not in same_layer:
            yield number, f"{mine} may not include {match[1]} (ARCHITECTURE, Layers)"
        if layer < 3 and re.search(r"asio|rocksdb|unbound", line):
            yield number, "no Asio, RocksDB or resolver below runtime/"
    for number, line in enumerate(lines, 1):
        if layer < 3 and not path.stem.endswith("_test") and \
                re.match(r"#include <(boost/asio|boost/beast|rocksdb|unbound|sys/socket|thread|mutex)", line):
            yield number, "an OS or thread header below runtime/"


NOT_A_FUNCTION = re.compile(
    r"^\s*(?:namespace|class|struct|enum|union|extern|else|if|for|while|switch|do|try|case|return)\b")


def check_functions(lines):
    """Definitions of clang-formatted code: a line that ends in `{` and its `}` at the same indent."""
    for start, line in enumerate(lines):
        if not line.endswith("{") or NOT_A_FUNCTION.match(line):
            continue
        indent = len(line) - len(line.lstrip())
        head = start
        if line.lstrip().startswith((": ", ", ")):  # a constructor's initialisers: its body ends where
            while head > 0 and len(lines[head]) - len(lines[head].lstrip()) >= indent:  # it began
                head -= 1
            indent = len(lines[head]) - len(lines[head].lstrip())
        while head > 0 and "(" not in " ".join(lines[head:start + 1]) and start - head < 6:
            head -= 1
        signature = " ".join(lines[head:start + 1])
        if indent > 4 or "(" not in signature or re.search(r"=\s*\{$|\[[&=\w, ]*\]", signature):
            continue
        closing = " " * indent + "}"
        for end in range(start + 1, min(len(lines), start + 2000)):
            if lines[end] == closing:
                length = end - head + 1
                excused = head > 0 and "tidy: long function" in lines[head - 1]
                if length > FUNCTION_LINES_MAX and not excused:
                    yield head + 1, f"function of {length} lines (limit {FUNCTION_LINES_MAX})"
                break


NAMED = re.compile(r"\b((?:docs|tests|src|sim)/[\w/-]+\.(?:md|tsv|html|py|cpp)|\w+_test\.cpp)\b")


def check_named(path, head):
    """A header comment that sends the reader to a test or a page that is not there has outlived it."""
    if re.search(r"\bissue \d", head):
        yield 1, "names an issue; name the page that holds it now"
    for name in NAMED.findall(head):
        near = path.parent / name
        if not (TOP / name).exists() and not (TOP / near).exists() and \
                not any((TOP / "src").glob(f"**/{name}")):
            yield 1, f"names {name}, which is not there"


def check_code(path, text, lines):
    head = "\n".join(lines[:12])
    if not lines or not lines[0].startswith("//"):
        yield 1, "no header comment (STYLE, File header)"
    elif path.parts[0] == "src" and "Spec:" not in head:
        yield 1, "the header comment names no Spec:"
    yield from check_named(path, head)
    count = len(lines)
    reason = "tidy: long file" in head
    if count > FILE_LINES_HARD_MAX or (count > FILE_LINES_MAX and not reason):
        yield 1, f"{count} lines (limit {FILE_LINES_MAX}; hard {FILE_LINES_HARD_MAX})"
    for number, line in enumerate(lines, 1):
        if len(line) > LINE_COLUMNS_MAX and "://" not in line:
            yield number, f"{len(line)} columns"
        for pattern, advice, about in BANNED:
            if about(path) and re.search(pattern, line) and "not an enum" not in line:
                yield number, f"{advice}: {line.strip()[:60]}"
        if path.suffix == ".hpp" and re.match(r"\s*using namespace\b", line):
            yield number, "using namespace in a header"
    if path.suffix == ".hpp" and "#pragma once" not in text:
        yield 1, "no #pragma once"
    if production(path) and path.parts[1] in ("smtp", "policy", "runtime") and \
            path.name not in ("reply.hpp", "reply.cpp") and "client" not in path.parts:
        for number, line in enumerate(lines, 1):
            if REPLY_LITERAL.search(line) and not line.lstrip().startswith("//"):
                yield number, "a reply's digits outside smtp/reply.*"
    yield from check_functions(lines)


def check(path):
    try:
        text = (TOP / path).read_text(encoding="utf-8")
    except UnicodeDecodeError:
        if CODE(path):
            yield 1, "not UTF-8"
        return
    if "corpora" in path.parts or path.parts[:2] == ("tests", "vectors") or path.name == "tidy.py":
        return
    lines = text.split("\n")
    if lines and lines[-1] == "":
        lines.pop()
    for number, line in enumerate(lines, 1):
        for pattern, what in EVERYWHERE:
            if pattern.search(line):
                yield number, what
    if CODE(path):
        yield from check_code(path, text, lines)
        if layer_of(path):
            yield from check_includes(path, lines)
        if re.search(r"[\x00-\x08\x0b-\x1f]", text):
            yield 1, "control characters in a source file"


def check_folders():
    for folder in LAYERS:
        if not any((TOP / "src" / folder).glob("**/*.?pp")):
            continue
        readme = TOP / "src" / folder / "README.md"
        if not readme.is_file():
            yield f"src/{folder}", "no README.md"
        elif len(readme.read_text().splitlines()) > README_LINES_MAX:
            yield f"src/{folder}/README.md", f"more than {README_LINES_MAX} lines"


def main():
    findings = []
    files = tracked()
    for path in files:
        findings += [f"{path}:{number}: {what}" for number, what in check(path)]
    findings += [f"{path}: {what}" for path, what in check_folders()]
    for finding in findings:
        print(finding)
    print(f"tidy: {len(files)} files, {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
