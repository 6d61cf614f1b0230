#!/usr/bin/env python3
"""secrecy_test.py: the prober cannot know the laboratory. No file under src/ has one of its texts, names or networks, and the
seed decides ports, names and addresses. Unit tests, which no program contains, are not looked at. Only what a protocol or a vendor fixes may stand in both (KNOWN, with the reason).
"""
import ast
import pathlib
import re
import sys

HERE = pathlib.Path(__file__).resolve().parent
SOURCES = HERE.parents[1] / "src"
FILES = ("scenarios.py", "servers.py", "certs.py", "dns.py", "run.py")
SPEAKERS = {"smtp", "raw", "answer_first_bytes", "trickle", "Smtp", "name", "get", "sendall"}  # their arguments are heard
SHORTEST = 8

# What both must have, because the world has it.
KNOWN = {
    "Avast Web/Mail Shield": "issuer of a product that opens TLS (row 22)",
    "Avast Web/Mail Shield Root": "issuer of a product that opens TLS (row 22)",
    "XXXXXXXA": "what a product writes over STARTTLS (row 17)",
    "8BITMIME": "RFC 6152", "PIPELINING": "RFC 2920", "STARTTLS": "RFC 3207",
    "smtp.example.com": "reserved for examples", "anna@example.com": "reserved for examples", "mail.example.com": "reserved for examples",
}


def docstrings(tree):
    for node in ast.walk(tree):
        if isinstance(node, (ast.Module, ast.FunctionDef, ast.ClassDef)) and ast.get_docstring(node, clean=False):
            yield node.body[0].value


def is_heard(node):
    return isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in SPEAKERS


def texts_of(file):
    """What the laboratory says to a peer, and the names that it gives: cut at line ends and at what is filled in."""
    tree = ast.parse(file.read_text())
    skipped = set(map(id, docstrings(tree)))
    heard = [constant for call in ast.walk(tree) if is_heard(call) for constant in ast.walk(call)]
    banners = [constant for one in ast.walk(tree) if isinstance(one, ast.Assign) and file.name == "servers.py"
               for constant in ast.walk(one)]
    everywhere = [node for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str) and
                  re.search(r"\.(test|example|invalid)\b", node.value)]
    for node in [*heard, *banners, *everywhere]:
        if not isinstance(node, ast.Constant) or id(node) in skipped or not isinstance(node.value, (str, bytes)):
            continue
        text = node.value if isinstance(node.value, str) else node.value.decode("latin-1")
        yield from re.split(r"[\r\n{}]+", text)


def fault_names(program_names):
    """The names of the faults are the closed list that both sides share."""
    return set(re.findall(r'"([a-z0-9]+(?:-[a-z0-9]+)+)"', program_names))


def main():
    sources = {path: path.read_text(errors="replace") for path in sorted(SOURCES.rglob("*"))
               if path.suffix in (".cpp", ".hpp") and not path.name.endswith("_test.cpp")}
    assert len(sources) > 100, "where is the source?"
    names = fault_names("".join(text for path, text in sources.items() if path.name.startswith("faults")))
    texts = {text.strip() for name in FILES for text in texts_of(HERE / name)}
    texts = {text for text in texts if len(text) >= SHORTEST and text not in names and text not in KNOWN and
             re.search(r"[A-Z .*]", text)}
    wrong = []
    for text in sorted(texts):
        for path, source in sources.items():
            if f'"{text}"' in source or len(text) > 14 and text in source:
                wrong.append(f"{path.relative_to(SOURCES.parent)} has the laboratory's {text!r}")
    networks = re.compile(r"198\.18\.\d|2001:db8:[0-9a-f]+::10|\.mail\d+\.test")
    wrong += [f"{path.relative_to(SOURCES.parent)} has the laboratory's network" for path, source in sources.items()
              if path.parent.name in ("advisor", "cli") and networks.search(source)]
    for line in wrong:
        print("wrong", line)
    print(f"SUITE laboratory texts: {len(texts)} texts, {len(sources)} sources, {len(wrong)} found")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
