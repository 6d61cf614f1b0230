#!/usr/bin/env python3
"""screens.py: puts real screens into the READMEs, between "<!-- screen: NAME LANG -->" and "<!-- end -->".

demo: the last part of `script/demo --fast --lang LANG`. probe: `packetboat probe` of a sandbox that it starts, on its four ports.
Usage: tools/screens.py       (after script/build)
"""

import pathlib
import re
import subprocess
import sys

TOP = pathlib.Path(__file__).resolve().parent.parent
READMES = ("README.md", "README.zh-Hant.md", "README.zh-Hans.md")
MARK = re.compile(r"(<!-- screen: (\w+) (\S+) -->\n).*?(<!-- end -->)", re.S)


def demo(language):
    done = subprocess.run([TOP / "script/demo", "--fast", "--lang", language], capture_output=True,
                          text=True, cwd=TOP, check=True)
    return "$ script/demo --fast --lang %s\n%s" % (language, done.stdout.rstrip())


def probe(language):
    done = subprocess.run([sys.executable, TOP / "tools/probe_screen.py", language],
                          capture_output=True, text=True, cwd=TOP, check=True)
    return done.stdout.rstrip()


SCREENS = {"demo": demo, "probe": probe}


def main():
    for name in READMES:
        path = TOP / name
        text = path.read_text()
        fresh = MARK.sub(lambda m: f"{m[1]}```\n{SCREENS[m[2]](m[3])}\n```\n{m[4]}", text)
        path.write_text(fresh)
        print(f"{name}: {len(MARK.findall(text))} screens")


if __name__ == "__main__":
    main()
