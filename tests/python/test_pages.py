"""The blocks of Python in README, docs/python.md and the docstring run as they are printed."""

import pathlib
import re

import conftest
import pytest

import throng

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "python.md"


@pytest.fixture(scope="module")
def demo(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    throng.train({"synth": {"users": 300, "items": 80, "keywords": 300, "dim": 16}, "sta": {"epochs": 1, "width": 16, "window": 16},
                  "sim": conftest.SIM, "agent": conftest.AGENT,
                  "train": {"steps": 2048, "out": str(folder / "runs" / "demo"), "evaluation": {"episodes": 32}}})
    return folder


def test_the_block_of_using_agents_runs(demo, tmp_path, monkeypatch):
    monkeypatch.chdir(demo)
    blocks = re.findall(r"^```python\n(.*?)^```", (PAGE.parent / "using_agents.md").read_text(), re.M | re.S)
    assert len(blocks) == 1
    asked = []
    exec(blocks[0].replace("i00897", "i00017").replace("i01643", "i00043").replace("agent.onnx", str(tmp_path / "agent.onnx")),
         {"throng": throng, "ask_me": lambda step: asked.append(step) or step.step % 2 == 0})
    assert asked and (tmp_path / "agent.onnx").exists()


def test_every_block_of_the_page_runs(world, sta, demo, capsys, tmp_path, monkeypatch):
    pytest.importorskip("gymnasium")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "runs").symlink_to(demo / "runs")
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.M | re.S)
    assert len(blocks) == 3
    for block in blocks:
        names = {"world": world, "sta": sta, "throng": throng}
        exec(block.replace("num_envs=1024", "num_envs=8, max_steps=20"), names)
        if "envs" in names:
            assert names["envs"].num_envs == 8
    said = capsys.readouterr().out
    assert "for user 7:" in said and "nearest liked: " in said and (tmp_path / "agent.onnx").exists()


def test_the_block_of_readme_runs(capsys):
    blocks = re.findall(r"^```python\n(.*?)^```", (PAGE.parents[1] / "README.md").read_text(), re.M | re.S)
    assert len(blocks) == 1
    exec(blocks[0], {})
    items, reward = re.fullmatch(r"(\[.*\]) ([\d.]+)\n", capsys.readouterr().out).groups()
    assert len(eval(items)) == 5 and 0 < float(reward) < 40


def test_the_lines_in_the_packages_docstring_run(capsys):
    lines = [line[4:] for line in throng.__doc__.splitlines() if line.startswith("    ")]
    assert "throng.load_run" in lines.pop()
    exec("\n".join(lines), {})
    assert len(capsys.readouterr().out.strip(" []\n").split()) == 10


def test_the_ten_lines_are_the_example():
    example = (PAGE.parents[1] / "examples" / "python" / "ten_lines.py").read_text().split('"""\n', 1)[1]
    assert example.replace("import throng\n\n", "import throng\n\n").strip() in PAGE.read_text()
