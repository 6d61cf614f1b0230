#!/usr/bin/env bash
# replay.sh: every scenario runs twice from one seed and leaves the same trace.
# Usage: replay.sh PATH-OF-SIM
set -euo pipefail
for scenario in $("$1" --list | sed -n 's/^scenario //p'); do
  first=$("$1" --seed 42 --scenario "$scenario") || { echo "$first"; exit 1; }
  second=$("$1" --seed 42 --scenario "$scenario")
  [ "$first" = "$second" ] || { printf '%s\n%s\n' "$first" "$second"; exit 1; }
  tail -1 <<<"$first"
done
