#!/bin/bash
# usage: [CUDA_ON_CPU=FOLDER] [TORCH_PYTHON=PYTHON] tests/python/run.sh PACKAGE FOLDER
# The tests of the Python package that lies in PACKAGE (build/release/python), the program beside it,
# with NumPy, Gymnasium, pandas, Optuna, matplotlib, ONNX, onnxruntime, safetensors, FAISS, mypy and
# atheris of the Python package index in an environment of their own within FOLDER, kept from run to
# run. What needs PyTorch (Stable-Baselines3, TorchRL, RLlib) runs where
# TORCH_PYTHON is an interpreter that has it, and is skipped elsewhere: it is some gigabytes. CUDA_ON_CPU is
# BUILD/tests/cuda_on_cpu (target throng_opens_cuda), for DLPack and the order of streams on the emulated device.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
package=$(cd "$1" && pwd)
[ -z "${CUDA_ON_CPU:-}" ] || CUDA_ON_CPU=$(cd "$CUDA_ON_CPU" && pwd)
folder=$2
wanted="numpy==2.4.6 gymnasium==1.4.0 pandas==2.3.3 optuna==5.0.0 matplotlib==3.11.2 pytest==9.2.0 mypy==2.4.1 atheris==3.0.0
  onnx==1.23.2 onnxruntime==1.32.0 safetensors==0.8.0 faiss-cpu==1.15.1"
if [ "$(cat "$folder/wanted" 2>/dev/null)" != "$wanted" ]; then
  rm -rf "$folder"
  mkdir -p "$folder"
  # shellcheck disable=SC2086
  if ! { python3 -m venv "$folder/venv" && "$folder/venv/bin/pip" install -q $wanted; } >"$folder/log" 2>&1; then
    echo "python: the packages cannot be had (see $folder/log); its tests are skipped" >&2
    rm -rf "$folder/venv"
    exit 0
  fi
  echo "$wanted" >"$folder/wanted"
fi
export PYTHONPATH=$package PYTHONDONTWRITEBYTECODE=1 OMP_NUM_THREADS=1 THRONG_PROGRAM=$package/../throng
run() { "$1" -m pytest -q -p no:cacheprovider --rootdir "$here" "${@:2}"; }
"$here/import.sh" "$folder/venv/bin/python"
run "$folder/venv/bin/python" "$here"
if [ -n "${TORCH_PYTHON:-}" ]; then
  run "$TORCH_PYTHON" "$here/test_sb3.py" "$here/test_torch.py" "$here/test_use.py" "$here/test_examples.py"
else
  echo "python: TORCH_PYTHON names no interpreter with PyTorch: its tests were skipped"
fi
