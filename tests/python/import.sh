#!/bin/bash
# usage: tests/python/import.sh PYTHON
# `import throng` takes at most 0.2 s of processor time with the interpreter's own start, opens no
# driver and imports no other package; best of five, since a machine may be busy.
set -euo pipefail
best=$(for _ in 1 2 3 4 5; do
  "$1" -c 'import resource, sys, throng
used = resource.getrusage(resource.RUSAGE_SELF)
assert "numpy" not in sys.modules and "gymnasium" not in sys.modules
assert not any("libcuda.so" in line or "libcublas" in line for line in open("/proc/self/maps"))
print(f"{used.ru_utime + used.ru_stime:.3f}")'
done | sort -n | head -1)
echo "python: imported in $best s of processor time"
awk -v took="$best" 'BEGIN { exit !(took <= 0.2) }' || { echo "python: import throng took $best s" >&2; exit 1; }
