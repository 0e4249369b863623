"""The CUDA backend as the shared object of its own that the library opens, on the emulated device:
CUDA_ON_CPU names the folder of tests/cuda's libthrong_cuda.so and of the libthrong that opens it (the target
throng_opens_cuda)."""

import os
import subprocess
import sys

import pytest

import throng

EMULATED = os.environ.get("CUDA_ON_CPU")


def test_a_cpu_has_no_streams(sim):
    for order in (sim.backend.before, sim.backend.after):
        with pytest.raises(throng.ArgumentError, match="stream: backend cpu has none"):
            order(1)


def test_without_its_library_the_error_says_which():
    if os.path.exists("/dev/nvidia0"):
        pytest.skip("there is a GPU")
    with pytest.raises(throng.RunError, match="cuda") as caught:
        throng.Backend("cuda")
    assert caught.value.status == "backend error"
    assert throng.Backend("auto").name == "cpu"


CHILD = """
import ctypes
import os
import numpy as np
import pytest
import throng
from throng.gym import VectorEnv

cuda = throng.Backend("cuda")
assert cuda.name == "cuda"
world = throng.World.synth(users=60, items=40, keywords=200, dim=8, seed=5)
given = dict(votes={"rule": "logical"}, lanes=8, history=8, max_steps=6, preferences=True, mask="session")
device, host = (throng.Simulator(world, backend=backend, **given) for backend in (cuda, throng.Backend("cpu")))
for t in range(12):
    for sim in (device, host):
        sim.step((np.arange(8) * 5 + t) % 40)
assert device.hash == host.hash
assert (device.observe()["item"] == host.observe()["item"]).all()
assert np.allclose(device.preferences(), host.preferences(), atol=1e-5)
assert (device.nearest(world.embeddings[0][:8]) == host.nearest(world.embeddings[0][:8])).all()
reward = device.arrays["reward"]
assert reward.__dlpack_device__() == (2, 0)
for version in (None, (1, 1)):
    try:
        capsule = reward.__dlpack__(stream=1, max_version=version)
        assert version and "dltensor_versioned" in repr(capsule)
        del capsule
    except BufferError:
        assert version is None  # read-only, which the old capsule cannot say
# Whom a stream waits for: DLPack's contract of `stream`, and the backend's own two calls.
device_library = ctypes.CDLL(os.environ["LD_LIBRARY_PATH"] + "/libthrong_cuda.so")
waiter, waited_for = ctypes.c_uint64(), ctypes.c_uint64()
def waits():
    return device_library.cuda_on_cpu_waits(ctypes.byref(waiter), ctypes.byref(waited_for))
for stream, expected in ((None, 1), (1, 1), (2, 2), (4711, 4711)):
    before = waits()
    reward.__dlpack__(stream=stream, max_version=(1, 1))
    assert waits() == before + 1 and waiter.value == expected and waited_for.value not in (0, expected)
own = waited_for.value
before = waits()
reward.__dlpack__(stream=-1, max_version=(1, 1))
assert waits() == before
for wrong in (0, -2):
    with pytest.raises(throng.ArgumentError, match="stream"):
        reward.__dlpack__(stream=wrong, max_version=(1, 1))
cuda.before(2)
assert waits() == before + 1 and (waiter.value, waited_for.value) == (2, own)
cuda.after(4711)
assert waits() == before + 2 and (waiter.value, waited_for.value) == (own, 4711)
for order in (cuda.before, cuda.after):
    with pytest.raises(throng.ArgumentError, match="either default"):
        order(0)
    with pytest.raises(OverflowError):
        order(-1)
action = device.arrays["action"]
assert not action.readonly and "dltensor" in repr(action.__dlpack__())
device.step(None)
host.step(None)
assert device.hash == host.hash
for wrong in (lambda: np.asarray(memoryview(reward)), lambda: reward.__dlpack__(dl_device=(1, 0), max_version=(1, 1))):
    with pytest.raises((BufferError, TypeError)):
        wrong()
on_device = VectorEnv(8, world, backend=cuda, autoreset_mode="SameStep", votes={"rule": "logical"}, history=8, max_steps=6)
on_host = VectorEnv(8, world, backend="cpu", autoreset_mode="SameStep", votes={"rule": "logical"}, history=8, max_steps=6)
assert np.allclose(on_device.reset(seed=2)[0], on_host.reset(seed=2)[0], atol=1e-5)
for t in range(10):
    a, b = (envs.step(np.full(8, t)) for envs in (on_device, on_host))
    assert np.allclose(a[0], b[0], atol=1e-5) and (a[1] == b[1]).all() and (a[2] == b[2]).all()
    assert (a[4]["user"] == b[4]["user"]).all()
del on_device, device, reward, cuda
print("same")
"""


@pytest.mark.skipif(not EMULATED, reason="CUDA_ON_CPU names no emulated device")
def test_the_device_does_what_the_cpu_does():
    env = {**os.environ, "LD_LIBRARY_PATH": EMULATED, "THRONG_CUDA_PLAIN": "1"}
    found = subprocess.run([sys.executable, "-c", CHILD], capture_output=True, text=True, env=env, timeout=300)
    assert found.returncode == 0 and "same" in found.stdout, found.stdout + found.stderr
