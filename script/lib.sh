# lib.sh: what the scripts share. Sourced, never run.
# Spec: HACKING.md "Scripts".
top=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
cd "$top" || exit 1

say() { printf '%s\n' "$@"; }
die() { printf '%s: %s\n' "$(basename "$0")" "$*" >&2; exit 1; }

# The packages of script/packages.txt that this machine does not have.
missing_packages() {
  local wanted installed
  wanted=$(grep -v '^#' "$top/script/packages.txt" | sort -u)
  installed=$(dpkg-query -W -f '${db:Status-Abbrev} ${binary:Package}\n' 2>/dev/null |
    sed -n 's/^ii  *//p' | sed 's/:.*//' | sort -u)
  comm -23 <(printf '%s\n' "$wanted") <(printf '%s\n' "$installed")
}

# What a build needs is there, or the packages are installed.
need_packages() {
  local missing
  missing=$(missing_packages | tr '\n' ' ')
  [ -z "${missing// /}" ] && return
  say "These Debian packages are missing: $missing"
  say "Installing them with script/bootstrap."
  script/bootstrap || die "script/bootstrap failed. Run it as root or with sudo, then try again."
}

# Configures and builds a preset: build_preset NAME [target ...]
build_preset() {
  local preset=$1
  shift
  local log=build/$preset.log targets=()
  mkdir -p build
  cmake --preset "$preset" >"$log" 2>&1 || { tail -30 "$log"; die "cmake --preset $preset failed ($log)"; }
  [ $# -gt 0 ] && targets=(--target "$@")
  if ! cmake --build --preset "$preset" --parallel "$(nproc)" "${targets[@]}" >>"$log" 2>&1; then
    grep -E 'error|FAILED' "$log" | head -40
    die "the $preset build failed; the whole output is in $log"
  fi
}
