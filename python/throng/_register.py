"""Names of environments for gymnasium.make and gymnasium.make_vec: known once throng.gym is imported,
or throng after gymnasium."""


def register() -> None:
    from gymnasium.envs.registration import register as add
    from gymnasium.envs.registration import registry

    entries = {
        # A world, weights or options of one's own: world=, sta=, votes=, ...
        "throng/Recommend-v0": {},
        # A small synthetic world, made when asked for, whose users answer without f_sta.
        "throng/Synth-v0": {"world": {"users": 1000, "items": 200, "keywords": 500, "dim": 32},
                            "votes": {"rule": "logical"}, "max_steps": 50, "history": 32},
    }
    for name, given in entries.items():
        if name not in registry:
            add(id=name, entry_point="throng.gym:RecommendEnv", vector_entry_point="throng.gym:VectorEnv",
                disable_env_checker=True, kwargs=given)
