#!/bin/bash
# usage: [CUDA_ON_CPU=FOLDER] [TORCH=skip] tests/python/run.sh PACKAGE FOLDER
# The tests of the Python package that lies in PACKAGE (build/release/python), the program beside it, with what the package
# works with from the Python package index in an environment of their own within FOLDER, kept from run to run: first the small
# things, then PyTorch with Stable-Baselines3, TorchRL and RLlib. PyTorch's wheel links CUDA's libraries: 2.9 GB to fetch and
# 5.5 GB on disk, a minute or two; triton (1 GB more) is left out, for `import torch` does not open it. Packages are fetched by uv,
# several at once. TORCH=skip leaves PyTorch out. What cannot be had is said at the end and in FOLDER/skipped, its tests
# are skipped; where all was had, a test that is skipped because something cannot be imported fails (conftest.py).
# CUDA_ON_CPU is BUILD/tests/cuda_on_cpu (target throng_opens_cuda), for DLPack and the order of streams on the emulated device.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
package=$(cd "$1" && pwd)
[ -z "${CUDA_ON_CPU:-}" ] || CUDA_ON_CPU=$(cd "$CUDA_ON_CPU" && pwd)
mkdir -p "$2"
folder=$(cd "$2" && pwd)
uv=0.13.9
small="numpy==2.4.6 gymnasium==1.4.0 pandas==2.3.3 optuna==5.0.0 matplotlib==3.11.2 pytest==9.2.0 mypy==2.4.1 atheris==3.0.0
  onnx==1.23.2 onnxruntime==1.32.0 safetensors==0.8.0 faiss-cpu==1.15.1 nbclient==0.11.0 ipykernel==7.4.0"
torch="torch==2.15.0 stable-baselines3==2.9.2 sb3-contrib==2.9.2 torchrl==0.14.1 ray[rllib]==2.60.0"
# RLlib asks for one older Gymnasium alone, and works with this one.
overrides='triton; python_version < "3"
gymnasium==1.4.0'
needed_mib=9000  # while it is fetched and unpacked

# Certificates are the system's, as pip is told to have them.
export UV_NATIVE_TLS=1 UV_SYSTEM_CERTS=1
# install NAME PACKAGE...: into the environment, once; its log where it fails. Where uv cannot fetch, pip tries the small things.
install() {
  local name=$1 mark=$folder/wanted-$1
  shift
  [ "$(cat "$mark" 2>/dev/null)" != "$*" ] || return 0
  rm -f "$mark"
  # The cache lies beside the environment, so that files are linked and not copied, and goes at once.
  if UV_CACHE_DIR=$folder/uv-cache UV_HTTP_TIMEOUT=300 "$folder/venv/bin/uv" pip install -q --python "$folder/venv/bin/python" \
    --override <(echo "$overrides") "$@" >"$folder/$name.log" 2>&1; then
    echo "$*" >"$mark"
  elif [ "$name" = small ] && "$folder/venv/bin/pip" install -q "$@" >>"$folder/$name.log" 2>&1; then
    echo "$*" >"$mark"
  fi
  rm -rf "$folder/uv-cache"
  [ -f "$mark" ]
}
skip() {
  echo "python: $1" >&2
  echo "$1" >>"$folder/skipped"
}

rm -f "$folder/skipped"
if [ "$(cat "$folder/wanted" 2>/dev/null)" != "$uv $small" ]; then
  rm -rf "${folder:?}/venv" "$folder"/wanted*
  if ! { python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q "uv==$uv"; } >"$folder/small.log" 2>&1 ||
    ! install small $small; then
    skip "the packages cannot be had (see $folder/small.log); all tests of the Python package were skipped"
    rm -rf "$folder/venv"
    exit 0
  fi
  echo "$uv $small" >"$folder/wanted"
fi
if [ "${TORCH:-}" = skip ] && [ ! -f "$folder/wanted-torch" ]; then
  skip "TORCH=skip: what needs PyTorch (Stable-Baselines3, TorchRL, RLlib) was skipped"
elif [ ! -f "$folder/wanted-torch" ] && [ "$(df --output=avail -m "$folder" | tail -1)" -lt $needed_mib ]; then
  skip "PyTorch was left out, which needs $needed_mib MiB of disk; its tests were skipped"
elif ! install torch $small $torch; then
  skip "PyTorch cannot be had (see $folder/torch.log); its tests were skipped"
else
  export THRONG_NOTHING_MISSING=1
fi

export PYTHONPATH=$package PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 THRONG_PROGRAM=$package/../throng
"$here/import.sh" "$folder/venv/bin/python"
"$folder/venv/bin/python" -m pytest -q -p no:cacheprovider --rootdir "$here" "$here"
[ ! -f "$folder/skipped" ] || sed 's/^/python: /' "$folder/skipped"
