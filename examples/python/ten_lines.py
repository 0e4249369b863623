"""A trained agent in ten lines. (pip install throng)"""
import throng

world = throng.World.synth(users=1000, items=200, seed=1)
sta = throng.Sta.fit(world, epochs=3)
agent = throng.Agent(world, sta, total_steps=40_000, sim={"lanes": 256}, seed=1)
agent.train(callback=lambda done, total: print(f"\r{done:,} of {total:,} user-steps", end=""))
mine = agent.evaluate(episodes=128)[0]
random = throng.evaluate("random", world, sta, episodes=128)
print(f"\nlikes a session: agent {mine['average_reward']:.1f}, random {random['average_reward']:.1f}")
print("for user 7:", [world.item_names[item] for item in agent.recommend(7, k=5)])
