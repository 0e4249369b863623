"""Optuna suggests, a population of agents trains: eight trials at once by ask and tell.
(pip install throng optuna)   usage: optuna_population.py [TRIALS]"""
import sys

import optuna

import throng

trials = int(sys.argv[1]) if len(sys.argv) > 1 else 16
together, steps = 8, 8192
world = throng.World.synth(users=500, items=100, keywords=300, dim=16, seed=1)
lanes = throng.Simulator(world, votes={"rule": "logical"}, lanes=32 * together, history=32, max_steps=30)
agents = throng.Population(lanes, total_steps=steps * together, count=together, hidden=[32, 32], width=32,
                           batch=64, buffer=8192, learning_starts=512)
optuna.logging.set_verbosity(optuna.logging.WARNING)
study = optuna.create_study(direction="maximize", sampler=optuna.samplers.TPESampler(seed=1))
for first in range(0, trials, together):
    asked = [study.ask() for _ in range(together)]
    for slot, trial in enumerate(asked):
        agents.begin(slot, total_steps=steps, first_lane=32 * slot, seed=1 + first + slot,
                     gamma=trial.suggest_float("gamma", 0.5, 0.99),
                     learning_rate=trial.suggest_float("learning_rate", 1e-4, 1e-2, log=True),
                     hidden=[32, 32], width=32, batch=64, buffer=8192, learning_starts=512)
    agents.train(steps * together)
    for trial, metrics in zip(asked, agents.evaluate(episodes=64)):
        study.tell(trial, metrics["average_reward"])
print(f"best of {len(study.trials)} trials: {study.best_value:.2f} likes a session with {study.best_params}")
