"""The examples run as they are printed, with fewer steps."""

import pathlib
import re
import subprocess
import sys

import pytest

EXAMPLES = pathlib.Path(__file__).resolve().parents[2] / "examples" / "python"


def run(name, *arguments, needs=()):
    for package in needs:
        pytest.importorskip(package)
    found = subprocess.run([sys.executable, EXAMPLES / name, *arguments], capture_output=True, text=True,
                           timeout=300)
    assert found.returncode == 0, found.stderr
    return found.stdout


def test_ten_lines_beat_random():
    said = run("ten_lines.py")
    agent, random = re.search(r"agent ([0-9.]+), random ([0-9.]+)", said).groups()
    assert float(agent) > float(random)


def test_a_data_frame_of_ones_own():
    assert "AUC" in run("own_frame.py", needs=["pandas"])


def test_optuna_drives_a_population():
    assert "best of 16 trials" in run("optuna_population.py", "16", needs=["optuna"])


def test_a_trained_run_is_used():
    said = run("trained_run.py")
    trained, judged, random = re.search(r"([0-9.]+) in training, ([0-9.]+) judged again, random ([0-9.]+)", said).groups()
    assert trained == judged and float(judged) > float(random)
    assert "nearest liked: " in said and "exported: agent.onnx" in said


def test_a_policy_in_torch_learns():
    said = run("torch_policy.py", "150", needs=["torch"])
    first, last = re.search(r"([0-9.]+) at first, ([0-9.]+) at the end", said).groups()
    assert float(last) > float(first)


def test_learners_of_sb3():
    said = run("sb3_learners.py", "1024", needs=["stable_baselines3", "sb3_contrib"])
    assert all(name in said for name in ("MaskablePPO", "TRPO", "A2C"))


def test_the_notebook_draws(tmp_path, monkeypatch):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    pytest.importorskip("ipykernel")
    pytest.importorskip("matplotlib")
    for name in ("IPYTHONDIR", "JUPYTER_RUNTIME_DIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    book = nbformat.read(EXAMPLES / "first_look.ipynb", as_version=4)
    nbformat.validate(book)
    book.cells.append(nbformat.v4.new_code_cell("print('learnt', curve[-1] > levels['random'])"))
    nbclient.NotebookClient(book, timeout=300, kernel_name="python3").execute(cwd=tmp_path)
    outputs = [output for cell in book.cells if cell.cell_type == "code" for output in cell.outputs]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 2
    assert outputs[-1]["text"] == "learnt True\n"
