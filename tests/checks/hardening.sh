#!/bin/bash
# usage: hardening.sh HARDENED FILE...
# Programs and libraries load code from no folder but the system's (or one beside themselves), and
# with HARDENED = 1 carry the protections of cmake/hardening.cmake.
set -euo pipefail
hardened=$1
shift
failed=0
fault() {
  echo "hardening: $file: $1" >&2
  failed=1
}
for file in "$@"; do
  [ -f "$file" ] || { fault "is missing"; continue; }
  dynamic=$(readelf -dW "$file")
  # Every element of a search path begins with / or $ORIGIN; an empty one is the current folder.
  while IFS= read -r path; do
    [ -n "$path" ] || { fault "an empty search path"; continue; }
    while IFS= read -r element; do
      case $element in
        /* | '$ORIGIN' | '$ORIGIN/'*) ;;
        *) fault "its search path '$path' has the element '$element', looked up in the current folder" ;;
      esac
    done <<<"${path//:/$'\n'}"
  done < <(sed -nE 's/.*\((RPATH|RUNPATH)\).*\[(.*)\]$/\2/p' <<<"$dynamic")
  # A library named with a slash is looked up from the current folder as well.
  sed -nE 's/.*\(NEEDED\).*\[(.*)\]$/\1/p' <<<"$dynamic" | grep '/' | grep -v '^/' >&2 &&
    fault "needs a library by a relative path"
  [ "$hardened" = 1 ] || continue
  grep -qE 'BIND_NOW|FLAGS.*NOW' <<<"$dynamic" || fault "is not bound at once (-z now)"
  segments=$(readelf -lW "$file")
  grep -q GNU_RELRO <<<"$segments" || fault "no read-only relocations (-z relro)"
  grep GNU_STACK <<<"$segments" | grep -q 'RWE' && fault "an executable stack"
  readelf -hW "$file" | grep -qE 'Type: +DYN' || fault "is not position-independent"
  symbols=$(nm -D --undefined-only "$file")
  grep -q '__stack_chk_fail' <<<"$symbols" || fault "no stack protector"
  grep -qE '__[a-z]+_chk' <<<"$(grep -v stack_chk <<<"$symbols")" || fault "no _FORTIFY_SOURCE"
  if [ "$(uname -m)" = x86_64 ]; then
    # Ours begin with a landing mark: of the exported functions, or of main.
    marked=$(objdump -d --no-show-raw-insn "$file" | grep -c 'endbr64' || true)
    [ "$marked" -gt 100 ] || fault "$marked landing marks (-fcf-protection)"
  fi
done
[ $failed = 0 ] && echo "hardening: $# files, protections $hardened, no search path into the current folder"
exit $failed
