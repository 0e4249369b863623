#!/bin/bash
# usage: tests/python/wheel.sh WHEELS FOLDER
# The wheel that .ci/wheel left in WHEELS, installed into a bare environment where nothing of the build tree is found: it is
# imported in time, holds the libraries that it needs, and passes the tests of worlds, objects, environments and wrong input.
# FOLDER has the environment that run.sh made, whose uv installs it.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
wheel=$(cd "$1" && ls "$PWD"/throng-*.whl)
folder=$(cd "$2" && pwd)
if [ ! -x "$folder/venv/bin/uv" ]; then
  echo "python: $folder has no environment: the wheel was not installed"
  exit 0
fi
rm -rf "$folder/bare"
python3 -m venv "$folder/bare"
python=$folder/bare/bin/python
packages=("$wheel" numpy==2.4.6 gymnasium==1.4.0 pandas==2.3.3 pytest==9.2.0)
UV_NATIVE_TLS=1 UV_SYSTEM_CERTS=1 "$folder/venv/bin/uv" pip install -q --no-cache --python "$python" "${packages[@]}" ||
  "$python" -m pip install -q "${packages[@]}"
unset PYTHONPATH LD_LIBRARY_PATH
export PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1
cd /
"$here/import.sh" "$python"
# What is opened beside the interpreter's and the C library's own comes from the wheel.
"$python" -c 'import os, sys, throng
throng.Backend("cpu")
place = os.path.dirname(os.path.dirname(throng.__file__))
names = {line.split()[-1] for line in open("/proc/self/maps") if ".so" in line}
found = {name for name in names if "throng" in os.path.basename(name)}
assert len(found) >= 2 and all(name.startswith(place) for name in found), found
system = {os.path.basename(name) for name in names if not name.startswith((place, sys.base_prefix)) and "/python3" not in name}
wrong = {name for name in system if name.startswith(("libopenblas", "libicu", "libxml2", "libcurl", "libcjson", "libsqlite3", "libcrypto"))}
assert not wrong, wrong'
"$python" -m pytest -q -p no:cacheprovider --rootdir "$here" "$here"/test_{world,objects,gym,strangers}.py
rm -rf "$folder/bare"
