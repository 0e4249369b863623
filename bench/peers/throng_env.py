"""The simulator as a Gymnasium VectorEnv and as a VecEnv of Stable-Baselines3, through ctypes.

An observation is a row of float32: the user's number, the items of the history (0 where there is
none) and their signs (+1 liked, -1 disliked, 0 none). A policy sums rows of an embedding by them
(slots.py): what the flat head reads, without a dense row of the catalogue. An action is an item.
Sessions that end begin anew on the same step; the observation that they ended in is in the infos.

It is not a part of the project's library and nothing of it is used there.
"""

import ctypes

import gymnasium
import numpy as np
from stable_baselines3.common.vec_env import VecEnv

PRESENT, FINAL = 0, 1  # throng_moment
LEFT, TRUNCATED = 1, 2  # throng_end
HEAD = [("size", ctypes.c_int32), ("cookie", ctypes.c_int32)]  # what every Def begins with
REST = [("rest", ctypes.c_char * 2048)]  # members that are left as they are


class BackendDef(ctypes.Structure):
    """throng_backend_def"""

    _fields_ = HEAD + [("name", ctypes.c_char_p), ("threads", ctypes.c_int32)] + REST


class SimDef(ctypes.Structure):
    """throng_sim_def up to the seed"""

    _fields_ = HEAD + [("lanes", ctypes.c_int32), ("history", ctypes.c_int32),
                       ("leave_probability", ctypes.c_float), ("max_steps", ctypes.c_int32),
                       ("slate_size", ctypes.c_int32), ("mask", ctypes.c_int),
                       ("mask_seen", ctypes.c_bool), ("preferences", ctypes.c_bool),
                       ("autoreset", ctypes.c_bool), ("seed", ctypes.c_uint32)] + REST


class Info(ctypes.Structure):
    """The first members of throng_world_info"""

    _fields_ = [("n_user", ctypes.c_int64), ("n_item", ctypes.c_int64)] + REST


class Outcome(ctypes.Structure):
    """throng_outcome"""

    _fields_ = [("n_lane", ctypes.c_int32), ("slate_size", ctypes.c_int32)] + [
        (name, ctypes.c_void_p) for name in ("reward", "ended", "left", "vote", "examined", "returned",
                                             "further", "final_return", "final_length")]


class ObservationCopy(ctypes.Structure):
    """throng_observation_copy"""

    _fields_ = [(name, ctypes.c_void_p) for name in ("user", "length", "item", "like", "step", "episode")]


class Simulator:
    """throng_sim on the CPU, its arrays as NumPy's."""

    def __init__(self, library, world, sta, lanes, threads=0, seed=1, **options):
        self.call = lib = ctypes.CDLL(library)
        lib.throng_error_message.restype = ctypes.c_char_p
        lib.throng_default_backend_def.restype = BackendDef
        lib.throng_default_sim_def.restype = SimDef
        lib.throng_world_get_info.restype = Info
        lib.throng_world_get_info.argtypes = [ctypes.c_void_p]
        self.backend, self.world, self.sta, self.sim = (ctypes.c_void_p() for _ in range(4))
        by = ctypes.byref
        on, lane = lib.throng_default_backend_def(), lib.throng_default_sim_def()
        on.name, on.threads = b"cpu", threads
        lane.lanes, lane.seed = lanes, seed
        for name, value in options.items():
            setattr(lane, name, value)
        self.require(lib.throng_backend_open(by(on), by(self.backend)))
        self.require(lib.throng_world_open(world.encode(), by(self.world)))
        if sta:
            self.require(lib.throng_sta_open(self.backend, self.world, sta.encode(), by(self.sta)))
        self.require(lib.throng_sim_create(self.backend, self.world, self.sta, by(lane), by(self.sim)))
        info = lib.throng_world_get_info(self.world)
        self.n_user, self.n_item = info.n_user, info.n_item
        self.lanes, self.history = lane.lanes, lane.history
        self.user, self.length = np.zeros(lanes, np.int32), np.zeros(lanes, np.int32)
        self.item = np.zeros((lanes, self.history), np.int32)
        self.like = np.zeros((lanes, self.history), np.int8)
        self.copy = ObservationCopy(self.user.ctypes.data, self.length.ctypes.data,
                                    self.item.ctypes.data, self.like.ctypes.data, None, None)
        self.outcome = Outcome()

    def require(self, status):
        if status:
            raise RuntimeError(self.call.throng_error_message().decode())

    def close(self):
        for kind in ("sim", "sta", "world", "backend"):
            close = getattr(self.call, f"throng_{kind}_close")
            close.argtypes = [ctypes.c_void_p]
            close(getattr(self, kind))
            setattr(self, kind, ctypes.c_void_p())

    def reset(self, seed=None):
        self.require(self.call.throng_sim_reset(self.sim) if seed is None
                     else self.call.throng_sim_reseed(self.sim, ctypes.c_uint32(seed)))

    def observe(self, moment=PRESENT):
        self.require(self.call.throng_sim_copy_observation(self.sim, moment, ctypes.byref(self.copy)))
        row = np.empty((self.lanes, 1 + 2 * self.history), np.float32)
        row[:, 0] = self.user
        np.maximum(self.item, 0, out=row[:, 1:1 + self.history], casting="unsafe")
        row[:, 1 + self.history:] = self.like
        return row

    def _array(self, pointer, kind):
        return np.ctypeslib.as_array(ctypes.cast(pointer, ctypes.POINTER(kind)), (self.lanes,)).copy()

    def step(self, action):
        """Rewards, throng_end and, where a session ended, its return."""
        action = np.ascontiguousarray(action, np.int32)
        self.require(self.call.throng_sim_step(self.sim, action.ctypes.data_as(ctypes.c_void_p)))
        self.require(self.call.throng_sim_outcome(self.sim, ctypes.byref(self.outcome)))
        o = self.outcome
        return (self._array(o.reward, ctypes.c_float), self._array(o.ended, ctypes.c_uint8),
                self._array(o.final_return, ctypes.c_float))


def spaces(sim):
    h = sim.history
    low = np.concatenate([np.zeros(1 + h), -np.ones(h)]).astype(np.float32)
    high = np.concatenate([[sim.n_user - 1], np.full(h, sim.n_item - 1), np.ones(h)]).astype(np.float32)
    return gymnasium.spaces.Box(low, high, dtype=np.float32), gymnasium.spaces.Discrete(sim.n_item)


class ThrongVectorEnv(gymnasium.vector.VectorEnv):
    metadata = {"autoreset_mode": gymnasium.vector.AutoresetMode.SAME_STEP}

    def __init__(self, library, world, sta, lanes, **options):
        self.sim, self.num_envs = Simulator(library, world, sta, lanes, **options), lanes
        self.single_observation_space, self.single_action_space = spaces(self.sim)
        batch = gymnasium.vector.utils.batch_space
        self.observation_space = batch(self.single_observation_space, lanes)
        self.action_space = batch(self.single_action_space, lanes)

    def reset(self, *, seed=None, options=None):
        self.sim.reset(seed)
        return self.sim.observe(), {}

    def step(self, actions):
        reward, end, final_return = self.sim.step(actions)
        infos = {}
        if end.any():
            infos = {"final_obs": self.sim.observe(FINAL), "_final_obs": end > 0,
                     "final_return": final_return}
        return self.sim.observe(), reward, end == LEFT, end == TRUNCATED, infos

    def close_extras(self, **kwargs):
        self.sim.close()


class SB3VecEnv(VecEnv):
    """A ThrongVectorEnv as Stable-Baselines3 wants it."""

    def __init__(self, env):
        super().__init__(env.num_envs, env.single_observation_space, env.single_action_space)
        self.env = env

    def reset(self):
        return self.env.reset()[0]

    def step_async(self, actions):
        self.actions = actions

    def step_wait(self):
        observation, reward, left, cut, info = self.env.step(self.actions)
        infos = [{} for _ in range(self.num_envs)]
        for i in np.flatnonzero(left | cut):
            infos[i] = {"terminal_observation": info["final_obs"][i], "TimeLimit.truncated": bool(cut[i]),
                        "episode": {"r": float(info["final_return"][i]), "l": 0, "t": 0}}
        return observation, reward, left | cut, infos

    def close(self):
        self.env.close()

    def get_attr(self, name, indices=None):
        return [getattr(self, name, None)] * self.num_envs

    def set_attr(self, name, value, indices=None):
        raise NotImplementedError

    def env_method(self, name, *args, indices=None, **kwargs):
        raise NotImplementedError

    def env_is_wrapped(self, wrapper, indices=None):
        return [False] * self.num_envs


def mean_return(library, world, sta, act, sessions=512, seed=1000003, **options):
    """A.Rwd of the first session of each of `sessions` lanes, on the seed that evaluations of
    throng have; `act` gives items for observations."""
    sim = Simulator(library, world, sta, sessions, seed=seed, **options)
    returns, over = np.zeros(sessions), np.zeros(sessions, bool)
    while not over.all():
        _, end, final = sim.step(act(sim.observe()))
        first = (end > 0) & ~over
        returns[first] = final[first]
        over |= end > 0
    sim.close()
    return float(returns.mean()), float(returns.std(ddof=1) / sessions ** 0.5)
