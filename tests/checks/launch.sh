#!/bin/bash
# usage: tests/checks/launch.sh SOURCE_ROOT CC
# BACKEND_LAUNCH takes the arguments of the kernel that it names, and does not compile with another's.
set -uo pipefail
cd "$1" || exit 2
cc=$2

# compiles ARGUMENTS: a launch of fill with a struct of this type.
compiles() {
  "$cc" -std=gnu11 -fsyntax-only -D_GNU_SOURCE -I. -Iinclude -Ihost -x c - 2>&1 <<END
#include "base/backend.h"
#include "kernels/list.h"
throng_status launch(throng_backend *backend, $1 *args);
throng_status launch(throng_backend *backend, $1 *args) {
  return BACKEND_LAUNCH(backend, fill, 1, args);
}
END
}

for type in fill_args "const fill_args"; do
  said=$(compiles "$type") || { echo "launch: $type is refused: $said" >&2; exit 1; }
done
for type in gather_args void; do
  said=$(compiles "$type") && { echo "launch: fill is launched with $type" >&2; exit 1; }
  grep -q _Generic <<<"$said" || { echo "launch: $type is refused for another reason: $said" >&2; exit 1; }
done
echo "launch: the kernel's own arguments compile, others do not"
