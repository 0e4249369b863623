"""One small world and one fit for all tests."""

import os
import signal

import pytest

import throng

SIM = {"lanes": 64, "history": 32, "max_steps": 20, "leave_probability": 0.1}
AGENT = {"hidden": [16, 16], "width": 16, "batch": 32, "buffer": 2000, "learning_starts": 256}


# Who starts the tests in the background ignores SIGINT, and so would Python.
signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session")
def world():
    return throng.World.synth(users=300, items=80, keywords=300, dim=16, seed=5)


@pytest.fixture(scope="session")
def sta(world):
    return throng.Sta.fit(world, epochs=2, width=16, window=16, seed=2)


@pytest.fixture
def sim(world, sta):
    return throng.Simulator(world, sta, mask="session", preferences=True, **SIM)


@pytest.fixture
def agent(world, sta):
    return throng.Agent(world, sta, total_steps=4096, sim=SIM, seed=3, **AGENT)


# Where run.sh had every package, a test that is skipped because one cannot be imported has failed.
NOTHING_MISSING = bool(os.environ.get("THRONG_NOTHING_MISSING"))


def _no_skip(report):
    if NOTHING_MISSING and report.skipped and "could not import" in str(report.longrepr):
        report.outcome, report.longrepr = "failed", f"{report.longrepr[2]}: but run.sh has installed it"
    return report


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport():
    return _no_skip((yield))


@pytest.hookimpl(wrapper=True)
def pytest_make_collect_report():
    return _no_skip((yield))
