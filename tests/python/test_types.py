"""What type checkers are told is true: mypy in its strict mode finds nothing in the package, sees a wrong
option in a program, and the stub names what the core has."""

import ast
import pathlib
import subprocess
import sys

import pytest

from throng import _core

ROOT = pathlib.Path(__file__).resolve().parents[2]


def mypy(*arguments):
    pytest.importorskip("mypy")
    return subprocess.run([sys.executable, "-m", "mypy", *arguments], capture_output=True, text=True, timeout=600, cwd=ROOT)


def test_the_stub_names_what_the_core_has():
    tree = ast.parse((ROOT / "python" / "throng" / "_core.pyi").read_text())
    named = {node.name for node in tree.body if isinstance(node, (ast.FunctionDef, ast.ClassDef))}
    assert {name for name in dir(_core) if not name.startswith("_")} - {"version"} == named


def test_mypy_is_content_with_the_package_and_sees_a_wrong_option(tmp_path):
    found = mypy("--cache-dir", str(tmp_path / "cache"))
    assert found.returncode == 0, found.stdout + found.stderr
    program = tmp_path / "program.py"
    program.write_text("import throng\n"
                       "world = throng.World.synth(users=50, items=20)\n"
                       "sim = throng.Simulator(world, lanes=4, history=8)\n"
                       "wrong = throng.Simulator(world, lane=4)\n"
                       "run = throng.load_run('runs/demo')\n"
                       "titles: list[str] = [one.title for one in run.recommend('u1', k=3)]\n"
                       "numbers: list[int] = [one.title for one in run.recommend('u1', k=3)]\n"
                       "likes: list[bool | None] = [step.answer for step in run.play(episodes=2)]\n")
    found = mypy("--strict", "--cache-dir", str(tmp_path / "cache"), str(program))
    assert found.returncode == 1 and "program.py:4" in found.stdout and "program.py:7" in found.stdout and "2 errors" in found.stdout, found.stdout
