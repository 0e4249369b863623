"""The step of bench/step.c from Python, through ctypes: what a user of the library gets there.

    step_ctypes.py LIBTHRONG WORLD STA THREADS LANES SECONDS [alone|torch|busy]

Prints median and quartiles of a step, in seconds. `torch`: PyTorch is loaded and has multiplied on
all processors, so its OpenMP threads are there; `busy`: a thread of this process multiplies with it
all the while, on as many threads as BUSY_THREADS says (1). `busy` as the only argument: PyTorch
alone multiplies, until it is killed.
"""

import ctypes
import os
import statistics
import sys
import threading
import time

WARM_UP = 20
HEAD = [("size", ctypes.c_int32), ("cookie", ctypes.c_int32)]  # what every Def begins with


class BackendDef(ctypes.Structure):
    """throng_backend_def"""

    _fields_ = HEAD + [("name", ctypes.c_char_p), ("threads", ctypes.c_int32),
                       ("device", ctypes.c_int32)]


class VotesDef(ctypes.Structure):
    """throng_votes_def"""

    _fields_ = HEAD + [("semantics", ctypes.c_int), ("rule", ctypes.c_int),
                       ("similarity", ctypes.c_int), ("weights", ctypes.c_float * 3),
                       ("weight_threshold", ctypes.c_float), ("table_bytes", ctypes.c_int64)]


class SimDef(ctypes.Structure):
    """throng_sim_def"""

    _fields_ = HEAD + [("lanes", ctypes.c_int32), ("history", ctypes.c_int32),
                       ("leave_probability", ctypes.c_float), ("max_steps", ctypes.c_int32),
                       ("slate_size", ctypes.c_int32), ("mask_seen", ctypes.c_bool),
                       ("preferences", ctypes.c_bool), ("autoreset", ctypes.c_bool),
                       ("seed", ctypes.c_uint32), ("first_lane", ctypes.c_uint32),
                       ("votes", VotesDef)]


def multiply(until):
    """PyTorch on its own threads; ctypes and torch both let go of Python's lock meanwhile."""
    import torch

    torch.set_num_threads(int(os.environ.get("BUSY_THREADS", "1")))
    a = torch.rand(512, 512)
    while not until.is_set():
        a = torch.softmax(a @ a, dim=1)


def require(library, status):
    if status:
        raise SystemExit(library.throng_error_message().decode())


def open_simulator(library, world_path, sta_path, threads, lanes):
    library.throng_error_message.restype = ctypes.c_char_p
    library.throng_default_backend_def.restype = BackendDef
    library.throng_default_sim_def.restype = SimDef
    backend, world, sta, sim = (ctypes.c_void_p() for _ in range(4))
    backend_def = library.throng_default_backend_def()
    backend_def.name, backend_def.threads = b"cpu", threads
    sim_def = library.throng_default_sim_def()
    sim_def.lanes = lanes
    sim_def.votes.table_bytes = 0  # as bench/step.c
    require(library, library.throng_backend_open(ctypes.byref(backend_def), ctypes.byref(backend)))
    require(library, library.throng_world_open(world_path.encode(), ctypes.byref(world)))
    require(library, library.throng_sta_open(backend, world, sta_path.encode(), ctypes.byref(sta)))
    require(library, library.throng_sim_create(backend, world, sta, ctypes.byref(sim_def),
                                               ctypes.byref(sim)))
    return sim


def main():
    if sys.argv[1:] == ["busy"]:
        multiply(threading.Event())
    path, world, sta, threads, lanes, seconds = sys.argv[1:7]
    beside = sys.argv[7] if len(sys.argv) > 7 else "alone"
    lanes, until = int(lanes), threading.Event()
    if beside == "torch":
        import torch

        a = torch.rand(2048, 2048)
        for _ in range(3):
            a = torch.softmax(a @ a, dim=1)
    library = ctypes.CDLL(os.path.abspath(path))
    sim = open_simulator(library, world, sta, int(threads), lanes)
    other = threading.Thread(target=multiply, args=(until,), daemon=True)
    if beside == "busy":
        other.start()
        time.sleep(5)  # for its import
    n_item = 10000  # of the reference world
    actions = [(ctypes.c_int32 * lanes)(*((lane * 7919 + at * 104729) % n_item for lane in range(lanes)))
               for at in range(64)]
    taken, start, step = [], 0, 0
    while len(taken) < 3 or time.perf_counter() - start < float(seconds):
        if step == WARM_UP:
            start = time.perf_counter()
        before = time.perf_counter()
        status = library.throng_sim_step(sim, actions[step % 64])
        after = time.perf_counter()
        require(library, status)
        if step >= WARM_UP:
            taken.append(after - before)
        step += 1
    until.set()
    low, median, high = statistics.quantiles(taken, n=4)
    print(f"{median:.6g} {low:.6g} {high:.6g}")
    sys.stdout.flush()
    os._exit(0)  # whatever PyTorch's threads are doing


if __name__ == "__main__":
    main()
