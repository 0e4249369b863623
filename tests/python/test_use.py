"""A trained run used from outside: Python's recommend and `throng recommend` agree, and what `throng export` writes
gives the same items in NumPy, FAISS, onnxruntime and PyTorch."""

import inspect
import json
import os
import pathlib
import shutil
import subprocess
import sys

import numpy as np
import pytest

import throng

EXAMPLE = pathlib.Path(__file__).resolve().parents[2] / "examples" / "python" / "load_export.py"
PROGRAM = os.environ.get("THRONG_PROGRAM") or shutil.which("throng")
KINDS = {
    "two_tower": {},
    "flat": {"agent.head": "flat"},
    "dueling": {"agent.head": "flat_dueling"},
    "norm": {"agent.layer_norm": True},
    "pqn": {"agent.head": "flat_dueling", "agent.layer_norm": True, "agent.target_network": False},
    "ppo": {"agent.algorithm": "ppo"},
    "a2c": {"agent.algorithm": "a2c", "agent.head": "flat"},
    "trpo": {"agent.algorithm": "trpo"},
    "slates": {"sim.slate_size": 3, "sim.max_steps": 5},
    "dynamic": {"users.temper": 20.0, "users.satiation": 0.2, "users.features": True},
}
TOP = 7


class Run:
    """A run that Python trained, and the program that is asked about it."""

    def __init__(self, folder, over):
        self.folder = folder
        self.config = {
            "synth": {"users": 120, "items": 70, "keywords": 200, "dim": 16, "history_mean": 9},
            "votes": {"rule": "logical"},
            "backend": {"name": "cpu", "threads": 1},
            "sim": {"lanes": 16, "history": 12, "max_steps": 10},
            "agent": {"count": 2, "hidden": [12, 10], "width": 8, "user_width": 4, "batch": 16, "buffer": 800,
                      "learning_starts": 64, "n_steps": 8},
            "train": {"steps": 2560, "evaluate_every": 2560, "yardsticks": False, "evaluation": {"episodes": 16},
                      "out": str(folder)},
        }
        for key, value in over.items():
            section, name = key.split(".")
            self.config.setdefault(section, {})[name] = value
        throng.train(self.config)
        self.world = throng.World.open(folder / "world.safetensors")

    def throng(self, *arguments):
        done = subprocess.run([PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def population(self):
        c = self.config
        sim = throng.Simulator(self.world, backend=throng.Backend("cpu", threads=1), votes=c["votes"],
                               users=c.get("users"), **c["sim"])
        agents = throng.Population(sim, total_steps=c["train"]["steps"], **c["agent"])
        return agents.load(max(self.folder.glob("checkpoint-*.safetensors")))

    def recommended(self, *more):
        """Of all users: item numbers and scores, (n_user, TOP)."""
        users = self.folder / "users.txt"
        ids = self.world.user_ids
        users.write_text("".join(f"{user}\n" for user in ids))
        rows = [json.loads(line) for line in
                self.throng("recommend", self.folder, "--users", users, "--top", TOP, "--json", "-q", *more).splitlines()]
        assert [row["user"] for row in rows] == list(ids)
        number = {item: k for k, item in enumerate(self.world.item_ids)}
        return (np.array([[number[one["item"]] for one in row["items"]] for row in rows]),
                np.array([[one["score"] for one in row["items"]] for row in rows]))

    def export(self, kind, name, agent=1):
        path = self.folder / name
        self.throng("export", self.folder, "--format", kind, "--agent", agent, "-o", path, "-q")
        return path


@pytest.fixture(scope="module", params=KINDS)
def run(request, tmp_path_factory):
    if not PROGRAM or not os.access(PROGRAM, os.X_OK):
        pytest.skip("THRONG_PROGRAM names no program")
    return Run(tmp_path_factory.mktemp("use") / "run", KINDS[request.param])


def test_python_and_the_program_recommend_the_same(run):
    agents = run.population()
    users = np.arange(len(run.world.user_ids))
    for agent in (0, 1):
        for seen in (False, True):
            more = ["--exclude-seen"] if seen else []
            item, score = agents.recommend(users, TOP, agent=agent, exclude_seen=seen, scores=True)
            said, told = run.recommended("--agent", agent, *more)
            assert (said == item).all()
            np.testing.assert_allclose(told, score, rtol=0, atol=2e-6)
    if run.config["agent"].get("algorithm", "dqn") != "dqn":
        q = agents.q(users, agent=1)
        log_softmax = q - np.log(np.exp(q - q.max(1, keepdims=True)).sum(1, keepdims=True)) - q.max(1, keepdims=True)
        item, score = agents.recommend(users, TOP, agent=1, scores=True)
        np.testing.assert_allclose(score, np.take_along_axis(log_softmax, item, 1), atol=2e-5)


def ranks_alike(scores, said, told_atol=1e-4):
    """Are the best items of `scores` those that the program said, but for the order of what differs by rounding?"""
    best = -np.sort(-scores, axis=1)[:, :said.shape[1]]
    np.testing.assert_allclose(np.take_along_axis(scores, said, 1), best, rtol=0, atol=told_atol)
    same = (np.argsort(-scores, axis=1, kind="stable")[:, :said.shape[1]] == said).mean()
    assert same > 0.99, f"{100 * same:.1f} % of the places are the same"


def test_inner_products_of_the_vectors_rank_as_the_agent(run):
    path = str(run.export("vectors", "v"))
    items, queries = np.load(path + ".items.npy"), np.load(path + ".queries.npy")
    assert items.dtype == queries.dtype == np.float32
    said, _ = run.recommended("--agent", 1)
    scores = queries @ items.T
    ranks_alike(scores, said)
    np.testing.assert_allclose(scores, run.population().q(np.arange(len(queries)), agent=1), rtol=0, atol=1e-4)
    faiss = pytest.importorskip("faiss")
    index = faiss.IndexFlatIP(items.shape[1])
    index.add(items)
    _, found = index.search(queries, TOP)
    assert (found == said).mean() > 0.99


def test_onnxruntime_gives_our_scores(run):
    onnx, runtime = pytest.importorskip("onnx"), pytest.importorskip("onnxruntime")
    numpy_file = pytest.importorskip("safetensors.numpy")
    path = run.export("onnx", "a.onnx")
    model = onnx.load(path)
    onnx.checker.check_model(model, full_check=True)
    assert {p.key: p.value for p in model.metadata_props}["history"] == str(run.config["sim"]["history"])
    sample = numpy_file.load_file(f"{path}.sample.safetensors")
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    query, score = session.run(["query", "score"], {"state": sample["sample.state"],
                                                    "user": sample["sample.user"].astype(np.int64)})
    np.testing.assert_allclose(query, sample["sample.query"], rtol=0, atol=1e-5)
    np.testing.assert_allclose(score, sample["sample.score"], rtol=0, atol=1e-4)
    said, _ = run.recommended("--agent", 1)
    ranks_alike(score, said[sample["sample.user"]])


def test_the_loader_in_torch_ranks_as_the_agent(run):
    torch = pytest.importorskip("torch")
    pytest.importorskip("safetensors")
    sys.path.insert(0, str(EXAMPLE.parent))
    try:
        import load_export
    finally:
        sys.path.pop(0)
    path = run.export("safetensors", "a.safetensors")
    meta, t = load_export.load(path)
    said, _ = run.recommended("--agent", 1)
    scores = []
    for user in range(len(said)):
        items, likes, _ = run.world.history(user)
        scores.append(load_export.scores(meta, t, user, torch.tensor(items), torch.tensor(likes)).numpy())
    ranks_alike(np.array(scores), said)
    # In the midst of a session; what dynamics have made of a user is known at its start alone.
    if "users" not in run.config:
        items, likes = torch.arange(20) % 7, torch.arange(20) % 2
        q = run.population().q(3, agent=1, history=(items.numpy(), likes.numpy()), session=[5])
        mine = load_export.scores(meta, t, 3, items, likes, 5)
        np.testing.assert_allclose(mine.numpy(), q, rtol=0, atol=1e-4)
    assert load_export.texts(t, "item_id") == list(run.world.item_ids)
    done = subprocess.run([sys.executable, EXAMPLE, path], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    lines = [line for f in (load_export.load, load_export.summary, load_export.scores)
             for line in inspect.getsource(f).splitlines() if line.strip()]
    assert len(lines) <= 20  # what the page promises
    assert "16 users of the sample" in done.stdout and float(done.stdout.split("differ by ")[1].split()[0]) < 1e-4
