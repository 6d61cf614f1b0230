#!/usr/bin/env python3
"""probe_screen.py: `packetboat probe` of a sandbox on ports 25, 465, 587 and 2525, in a network namespace of its own, so that
no port of this computer is needed. Prints the command and its screen. Usage: tools/probe_screen.py [LANG]"""

import os
import pathlib
import subprocess
import sys
import tempfile

TOP = pathlib.Path(__file__).resolve().parent.parent
BINARY = os.environ.get("PB_BINARY", str(TOP / "build/release/bin/packetboat"))
INSIDE = """
ip link set lo up
"$1" serve --sandbox --data "$2" --no-ipv6 --port-relay 25 --port-submission 587 \
  --port-submissions 465 --port-alt 2525 >"$2/log" 2>&1 &
server=$!
for _ in $(seq 100); do "$1" health --data "$2" >/dev/null 2>&1 && break; read -r -t 0.1 <> <(:); done
"$1" probe localhost -4 --no-control --ca-file "$2/ca.pem" --lang "$3"
kill $server
wait $server
"""


def main():
    language = sys.argv[1] if len(sys.argv) > 1 else "en"
    with tempfile.TemporaryDirectory(prefix="packetboat-screen-") as folder:
        done = subprocess.run(["unshare", "--map-root-user", "--net", "bash", "-c", INSIDE, "screen",
                               BINARY, folder, language], capture_output=True, text=True, timeout=60)
    if not done.stdout:
        sys.exit(done.stderr or "the probe printed nothing")
    print(f"$ packetboat probe localhost --lang {language}\n{done.stdout.rstrip()}")


if __name__ == "__main__":
    main()
