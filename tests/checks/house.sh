#!/bin/bash
# usage: tests/checks/house.sh SOURCE_ROOT
# Do includes go one way? Holds the sources against tests/checks/house.txt, looks for circles of files
# (a .c, .cu or .cpp counts with the header of its name as one file), and for folders that CONTRIBUTING.md
# does not name. Then plants one breach of each kind in a copy: a check that finds none of them fails.
set -uo pipefail
root=$(cd "$1" && pwd) || exit 2

sources() {
  if git rev-parse --git-dir >/dev/null 2>&1; then
    git ls-files include kernels host cuda bench tests
  else
    find include kernels host cuda bench tests -type f
  fi | grep -E '\.(c|h|cpp|cu|cuh)$'
}

# The house in the present folder: prints every breach.
breaches() {
  local file folder
  sources | while read -r file; do [ -f "$file" ] && echo "$file"; done >"$work/files"
  xargs grep -nE '^[ \t]*#[ \t]*include[ \t]*["<]' /dev/null <"$work/files" >"$work/includes"
  awk -f "$root/tests/checks/house.awk" "$work/files" tests/checks/house.txt "$work/includes"
  for folder in host/*/ kernels/*/; do
    grep -q "${folder%/}\b" CONTRIBUTING.md || echo "CONTRIBUTING.md: does not name ${folder%/}"
  done
}

# plant WHAT PATTERN COMMAND...: after COMMAND in a fresh copy, a breach like PATTERN must be found.
plant() {
  local what=$1 pattern=$2
  shift 2
  rm -rf "$work/copy"
  mkdir "$work/copy"
  cp --parents -t "$work/copy" CONTRIBUTING.md tests/checks/house.txt $(cat "$work/sources") || exit 2
  (cd "$work/copy" && "$@") || exit 2
  local said
  said=$(cd "$work/copy" && breaches)
  grep -q -- "$pattern" <<<"$said" && return
  echo "house: $what was planted and not found; it says: $said" >&2
  exit 1
}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
export GIT_CEILING_DIRECTORIES=$work
cd "$root" || exit 2
found=$(breaches)
cp "$work/files" "$work/sources"
if [ -n "$found" ]; then
  echo "$found" >&2
  echo "house: $(wc -l <<<"$found") breaches; tests/checks/house.txt says what may include what" >&2
  exit 1
fi
n_file=$(wc -l <"$work/files")
plant "an include against the arrows" 'host/text/lsa.h:[0-9]*: host/text may not include host/llm' \
  sed -i '/#include/a #include "llm/llm.h"' host/text/lsa.h
plant "a private header" 'host/cli/main.c:[0-9]*: host/agent/population.h is private' \
  sed -i '0,/#include/s||#include "agent/population.h"\n&|' host/cli/main.c
plant "a circle of files" 'host/base/backend.*host/base/memory_plan.*host/base/backend' \
  sed -i '/#include/a #include "base/memory_plan.h"' host/base/backend.h
plant "an arrow that nobody uses" 'host/report does not include host/blas' \
  sed -i 's|^host/report:|& host/blas|' tests/checks/house.txt
plant "an arrow that runs back" 'host/base names host/cli' \
  sed -i 's|^host/base:|& host/cli|' tests/checks/house.txt
plant "a folder without a row" 'host/attic/old.c:.*no row' \
  sh -c 'mkdir host/attic && echo "#include \"base/status.h\"" >host/attic/old.c'
plant "a folder that no page names" 'CONTRIBUTING.md: does not name host/attic' \
  sh -c 'mkdir host/attic && echo "/// Old." >host/attic/old.c'
echo "house: $n_file files, no breach; what was planted was found"
