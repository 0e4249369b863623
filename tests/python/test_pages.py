"""The blocks of Python in README and docs/python.md run as they are printed."""

import pathlib
import re

import pytest

PAGE = pathlib.Path(__file__).resolve().parents[2] / "docs" / "python.md"


def test_every_block_of_the_page_runs(world, sta, capsys):
    pytest.importorskip("gymnasium")
    blocks = re.findall(r"^```python\n(.*?)^```", PAGE.read_text(), re.M | re.S)
    assert len(blocks) == 2
    for block in blocks:
        names = {"world": world, "sta": sta}
        exec(block.replace("num_envs=1024", "num_envs=8, max_steps=20"), names)
        if "envs" in names:
            assert names["envs"].num_envs == 8
    assert "for user 7:" in capsys.readouterr().out


def test_the_block_of_readme_runs(capsys):
    blocks = re.findall(r"^```python\n(.*?)^```", (PAGE.parents[1] / "README.md").read_text(), re.M | re.S)
    assert len(blocks) == 1
    exec(blocks[0], {})
    items, reward = re.fullmatch(r"(\[.*\]) ([\d.]+)\n", capsys.readouterr().out).groups()
    assert len(eval(items)) == 5 and 0 < float(reward) < 40


def test_the_ten_lines_are_the_example():
    example = (PAGE.parents[1] / "examples" / "python" / "ten_lines.py").read_text().split('"""\n', 1)[1]
    assert example.replace("import throng\n\n", "import throng\n\n").strip() in PAGE.read_text()
