"""Reasons in a line: what of a user's past speaks for an item and against it."""

from __future__ import annotations

from collections import Counter
from typing import Any

from ._world import World

WORDS = 3


def _side(world: World, side: dict[str, Any], verb: str) -> str:
    met = Counter(one["keyword"] or "(no keyword)" for one in side["shared"])
    words = [f"{word} {n}x" for word, n in sorted(met.items(), key=lambda one: (-one[1], one[0]))[:WORDS]]
    parts = [", ".join(words)] if words else []
    if side["nearest"] >= 0:
        parts.append(f"nearest {verb}: {world.item_names[side['nearest']]} at {side['similarity']:.2f}")
    return "; ".join(parts)


def reason_of(world: World, why: dict[str, Any]) -> str:
    """The keywords that met most often (of the items that the user liked behind +, disliked behind
    -) and in how many items, the nearest item of each side, then the votes that were made, with the
    probability where one has it."""
    sides = [f"{sign} {text}" for sign, text in (("+", _side(world, why["liked"], "liked")),
                                                 ("-", _side(world, why["disliked"], "disliked"))) if text]
    votes = [f"{name} {vote['vote']}" + ("" if name in ("f_mat", "f_sim") else f" ({vote['score']:.2f})")
             for name, vote in why["votes"].items() if vote["made"]]
    return " | ".join([*sides, ", ".join(votes)])
