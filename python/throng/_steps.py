"""What an agent recommends and what a session shows, with its reasons."""

from __future__ import annotations

from typing import Any, NamedTuple

from ._reasons import reason_of
from ._world import World


class Recommendation(NamedTuple):
    """One item that an agent recommends.

    rank from 1; item: its index; id and title: the world's; score: Q of DQN, else the
    log-probability of being shown first; seen: the history has it; reason: what speaks for and
    against it in the user's past, in a line, and why: the same as a dict (as of
    :func:`throng.explain`), both None where they were not asked for."""

    rank: int
    item: int
    id: str
    title: str
    score: float
    seen: bool
    reason: str | None
    why: dict[str, Any] | None


class Shown(NamedTuple):
    """One item of a step: its index, the world's id and title; answer: what was answered (None:
    nothing yet); simulated: what the simulated user says or would have said; examined: does the
    simulated user look at it; reason and why: as of :class:`Recommendation`."""

    item: int
    id: str
    title: str
    answer: bool | None
    simulated: bool
    examined: bool
    reason: str
    why: dict[str, Any]


class Step(NamedTuple):
    """One step of a session that is played. session: its number; user: the raw id; step: from 1;
    shown: the slate; reward, total: likes of this step and of the session so far (its return); end:
    None while the session goes on, "left" or "truncated"; left: why the user left ("chance", "mood",
    ...), or None; agent: who shows."""

    session: int
    user: str
    step: int
    shown: tuple[Shown, ...]
    reward: float
    total: float
    end: str | None
    left: str | None
    agent: str

    @property
    def item(self) -> int:
        """Index of the first item shown."""
        return self.shown[0].item

    @property
    def title(self) -> str:
        """Title of the first item shown."""
        return self.shown[0].title

    @property
    def answer(self) -> bool | None:
        """Was the first item liked? None: not answered yet."""
        return self.shown[0].answer

    @property
    def reason(self) -> str:
        """Why the simulated user likes the first item or not, in a line."""
        return self.shown[0].reason

    @property
    def mood(self) -> float | None:
        """What was left of the user's patience before this step; the user leaves below 1. None where
        users have no moods (``users.temper``)."""
        session = self.shown[0].why["session"]
        return session["mood"] if session and session["mood_counts"] else None


def step_of(world: World, title: str, found: dict[str, Any], answered: bool) -> Step:
    shown = []
    for one in found["shown"]:
        item, why = one["item"], one["why"]
        for vote, fell in one["fell"].items():  # with the step's own coins
            why["votes"][vote]["vote"] = fell
        shown.append(Shown(item, world.item_ids[item], world.item_names[item],
                           bool(one["like"]) if answered else None, bool(one["simulated_like"]),
                           one["examined"], reason_of(world, why), why))
    left = found["left"] if found["end"] == "left" else None
    return Step(found["session"], world.user_ids[found["user"]], found["step"], tuple(shown),
                found["reward"], found["total"], found["end"] or None, left, title)
