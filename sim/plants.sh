#!/usr/bin/env bash
# plants.sh: each planted fault is found, by the checker that --list names.
# Usage: plants.sh PATH-OF-SIM
set -euo pipefail
status=0
while read -r _ plant _ _ checker; do
  scenario=everything
  [ "$plant" = endless_session ] && scenario=strangers  # a crash ends sessions, too
  if out=$("$1" --seeds 100 --plant "$plant" --scenario $scenario); then
    echo "$plant: nobody noticed"
    status=1
  else
    found=$(sed -n 's/^FAILED  checker: //p' <<<"$out")
    echo "$plant: $found"
    [ "$found" = "$checker" ] || { echo "  wanted: $checker"; status=1; }
  fi
done < <("$1" --list | grep '^plant ')
exit $status
