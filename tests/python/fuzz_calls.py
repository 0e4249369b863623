"""The calls of test_bad_input.py as atheris chooses them: usage: fuzz_calls.py [options of libFuzzer]

It sees the branches of the package's Python; a fault in the C library under it is a crash."""

import os
import random
import sys
import tempfile

import atheris

with atheris.instrument_imports(include=["throng"]):
    import throng
    import throng.gym

import conftest
from test_bad_input import attempt, calls_of, things_of

MOST_CALLS = 16


class Chosen(random.Random):
    """random.Random whose bits are the fuzzer's; zeros when they are used up."""

    def __init__(self, data):
        super().__init__(0)
        self.bits, self.left = int.from_bytes(data, "little"), 8 * len(data)

    def getrandbits(self, k):
        taken = self.bits & ((1 << k) - 1)
        self.bits >>= k
        self.left -= k
        return taken

    def random(self):
        return self.getrandbits(16) / 65536


def main():
    folder = tempfile.TemporaryDirectory()
    os.chdir(folder.name)  # where "item" may be written
    world = throng.World.synth(users=300, items=80, keywords=300, dim=16, seed=5)
    sta = throng.Sta.fit(world, epochs=1, width=16, window=16, seed=2)
    agent = throng.Agent(world, sta, total_steps=4096, sim=conftest.SIM, seed=3, **conftest.AGENT)
    things = things_of(world, sta, agent)
    calls = calls_of(things)

    def one(data):
        rng = Chosen(data)
        for _ in range(MOST_CALLS):
            if rng.left <= 0:
                return
            attempt(rng, calls, things)

    atheris.Setup(sys.argv, one)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
