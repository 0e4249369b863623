/// Threads of a block, their barriers and their warps' exchanges; see cuda_on_cpu_block.h.
#include "cuda_on_cpu_block.h"

#include <cstdio>
#include <cstdlib>
#include <map>
#include <memory>
#include <vector>

#include "cuda_fiber.h"

namespace cuda_on_cpu {

place here;

void stop(const char *what, const char *kernel) {
  std::fprintf(stderr, "CUDA on CPU: kernel %s: %s\n", kernel, what);
  std::abort();
}

namespace {

uint32_t shuffle_word() {
  static uint32_t state = 2463534242u;
  state ^= state << 13;
  state ^= state >> 17;
  state ^= state << 5;
  return state;
}

}  // namespace

/// A stride without common divisor.
order::order(size_t n_) : n(n_), start(shuffle_word() % n_), stride(shuffle_word() % n_ | 1) {
  size_t a = n, b = stride;
  while (b) {
    const size_t rest = a % b;
    a = b;
    b = rest;
  }
  if (a != 1) stride = 1;
}

namespace {

struct thread_state {
  fiber *running;
  dim3 index;
  bool done, waits_block;
  uint64_t waits_warp;  // generation that must pass, 0: none
};

struct warp_state {
  uint64_t generation = 1;
  int arrived = 0, turn[32] = {};
  uint64_t word[2][32];
};

struct block_state {
  const char *kernel;
  bool fibers = false;
  const std::function<void()> *body;
  std::vector<thread_state> thread;
  std::vector<warp_state> warp;
  size_t current = 0, arrived = 0, live = 0;
  std::map<const void *, std::unique_ptr<char[]>> arrays;
};

block_state *block;
fiber_stacks stacks;

void thread_main(void *) {
  (*block->body)();
  block->thread[block->current].done = true;
}

void yield() {
  const place mine = here;
  fiber_leave(block->thread[block->current].running);
  here = mine;
}

bool may_run(const thread_state &t) {
  if (t.done || t.waits_block) return false;
  return !t.waits_warp ||
         block->warp[size_t(&t - block->thread.data()) / 32].generation != t.waits_warp;
}

void run_fibers(size_t n) {
  block->thread.assign(n, thread_state{});
  block->warp.assign((n + 31) / 32, warp_state{});
  block->live = n;
  block->arrived = 0;
  for (size_t i = 0; i < n; ++i) {
    thread_state &t = block->thread[i];
    t.running = fiber_create(&stacks, i, thread_main, nullptr);
    t.index = index_of(i, here.block_dim);
  }
  while (block->live > 0) {
    bool moved = false;
    const order turn(n);
    for (size_t k = 0; k < n; ++k) {
      const size_t i = turn[k];
      thread_state &t = block->thread[i];
      if (!may_run(t)) continue;
      t.waits_warp = 0;
      moved = true;
      block->current = i;
      here.thread_index = t.index;
      fiber_enter(t.running);
      if (t.done) {
        --block->live;
        if (block->live > 0 && block->arrived == block->live)
          stop("some threads ended while the others wait at a barrier", block->kernel);
      }
    }
    if (!moved) stop("a barrier that not every thread reaches", block->kernel);
  }
}

warp_state &warp_here() { return block->warp[block->current / 32]; }

void check_warp(unsigned mask) {
  if (!block->fibers) stop("a warp's exchange in a kernel launched as LAUNCH_ALONE", block->kernel);
  if (mask != 0xffffffffu) stop("only whole warps are emulated", block->kernel);
  if (block->thread.size() % 32) stop("a block that is not whole warps", block->kernel);
}

/// Put a word where the warp sees it; on return all 32 have.
const uint64_t *gather(unsigned mask, uint64_t word) {
  check_warp(mask);
  warp_state &w = warp_here();
  const size_t lane = block->current % 32;
  const int turn = w.turn[lane];
  w.turn[lane] = 1 - turn;
  w.word[turn][lane] = word;
  if (++w.arrived == 32) {
    w.arrived = 0;
    ++w.generation;
  } else {
    const uint64_t waited = w.generation;
    block->thread[block->current].waits_warp = waited;
    yield();
  }
  return w.word[turn];
}

}  // namespace

void run_block(const char *kernel, bool fibers, const std::function<void()> &body, size_t n) {
  block_state mine;
  mine.kernel = kernel;
  mine.fibers = fibers;
  mine.body = &body;
  block = &mine;
  if (fibers) {
    run_fibers(n);
  } else {
    const order turn(n);
    for (size_t k = 0; k < n; ++k) {
      here.thread_index = index_of(turn[k], here.block_dim);
      body();
    }
  }
  block = nullptr;
}

void *shared(const void *where, size_t bytes) {
  auto &array = block->arrays[where];
  if (!array) {
    array.reset(new char[bytes]);
    std::memset(array.get(), 0xFF, bytes);  // NaN, and no count
  }
  return array.get();
}

void barrier() {
  if (!block->fibers) stop("a barrier in a kernel launched as LAUNCH_ALONE", block->kernel);
  if (++block->arrived == block->live) {
    block->arrived = 0;
    for (thread_state &t : block->thread) t.waits_block = false;
    return;
  }
  block->thread[block->current].waits_block = true;
  yield();
}

uint64_t exchange(unsigned mask, uint64_t word, int from) { return gather(mask, word)[from & 31]; }

unsigned match(unsigned mask, uint64_t word) {
  const uint64_t *all = gather(mask, word);
  unsigned same = 0;
  for (int k = 0; k < 32; ++k) same |= unsigned(all[k] == word) << k;
  return same;
}

unsigned ballot(unsigned mask, bool holds) {
  const uint64_t *all = gather(mask, holds);
  unsigned set = 0;
  for (int k = 0; k < 32; ++k) set |= unsigned(all[k]) << k;
  return set;
}

}  // namespace cuda_on_cpu
