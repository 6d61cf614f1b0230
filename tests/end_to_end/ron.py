"""ron.py: as much of Rusty Object Notation as the suite no-starttls-fake-mail-server writes.

(a: 1, b: [C, D(["x"])]) is a dict; a bare name is itself as text; Name(...) is (name, arguments); // to
the line's end is a comment.   Not here: what the values mean.
"""

import re

TOKEN = re.compile(r'\s*(?://[^\n]*\n\s*)*(?:("(?:[^"\\]|\\.)*")|([A-Za-z_][A-Za-z0-9_]*)|(.))', re.S)
ESCAPES = {"r": "\r", "n": "\n", "t": "\t", "0": "\0"}


def tokens(text):
    at, out = 0, []
    while text[at:].strip():
        match = TOKEN.match(text, at)
        at = match.end()
        quoted, name, mark = match.groups()
        if quoted is not None:
            out.append(("text", re.sub(r"\\(.)", lambda m: ESCAPES.get(m[1], m[1]), quoted[1:-1])))
        else:
            out.append(("name", name) if name else ("mark", mark))
    return out


class Reader:
    def __init__(self, text):
        self.rest = tokens(text)[::-1]

    def peek(self):
        return self.rest[-1] if self.rest else ("end", "")

    def value(self):
        kind, text = self.rest.pop()
        if kind == "text":
            return text
        if kind == "mark":
            return self.items({"(": ")", "[": "]", "{": "}"}[text])
        if self.peek() == ("mark", "("):
            self.rest.pop()
            return (text, self.items(")"))
        return {"true": True, "false": False}.get(text, text)

    def items(self, closing):
        """A dict where there are keys, else a list."""
        listed, keyed = [], {}
        while self.peek() != ("mark", closing):
            one = self.value()
            if self.peek() == ("mark", ":"):
                self.rest.pop()
                keyed[one] = self.value()
            else:
                listed.append(one)
            if self.peek() == ("mark", ","):
                self.rest.pop()
        self.rest.pop()
        return keyed or listed


def read(text):
    return Reader(text).value()
