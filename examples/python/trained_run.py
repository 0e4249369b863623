"""What a trained run is good for: recommend with reasons, watch a session, answer oneself, judge, export.

    trained_run.py [RUN]

RUN is the folder of a run (`throng train CONFIG -o RUN`); without it a small one is trained first."""
import os
import sys
import tempfile

import throng

SMALL = {"synth": {"users": 400, "items": 150, "seed": 1}, "sta": {"epochs": 2}, "sim": {"lanes": 128},
         "train": {"steps": 40_000, "evaluate_every": 20_000, "evaluation": {"episodes": 64}}}

with tempfile.TemporaryDirectory() as scratch:
    folder = sys.argv[1] if len(sys.argv) > 1 else os.path.join(scratch, "run")
    if len(sys.argv) < 2:
        throng.train({**SMALL, "train": {**SMALL["train"], "out": folder}})

    with throng.load_run(folder) as run:
        print(f"{run.info['title']} after {run.info['user_steps']:,} user-steps, {run.world}")
        user = run.world.user_ids[7]
        for r in run.recommend(user, k=3, exclude_seen=True):
            print(f"{r.rank}. {r.title}: {run.info['score']} {r.score:.2f}\n   {r.reason}")

        print(f"a session of {user}:")
        for step in run.play(user, steps=4):
            print(f"  {step.step}. {step.title}: {'liked' if step.answer else 'disliked'}, {step.total:g} likes so far")
        print("the same, and whoever is asked dislikes everything:")
        for step in run.play(user, steps=4, answer=lambda step: False):
            print(f"  {step.step}. {step.title}")

        told = run.summary["policies"]["agent"]["average_reward"]
        again = run.evaluate()
        print(f"likes a session: {told:.2f} in training, {again['agent']['average_reward']:.2f} judged again, "
              f"random {again['yardsticks']['random']['average_reward']:.2f}")
        moody = run.evaluate(users={"temper": 6.0}, yardsticks=False)
        print(f"before users who lose patience: {moody['agent']['average_reward']:.2f}")

        run.export(os.path.join(scratch, "agent.safetensors"))
        run.export(os.path.join(scratch, "agent.onnx"))
        print("exported:", ", ".join(sorted(name for name in os.listdir(scratch) if name.startswith("agent"))))
