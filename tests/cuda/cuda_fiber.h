/// Fibers for the emulated device: x86-64 by hand (six registers and a stack), ucontext elsewhere.
/// AddressSanitizer is told of every switch.
#ifndef CUDA_FIBER_H
#define CUDA_FIBER_H

#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>

#include <cstdlib>
#include <memory>
#include <vector>

#if !defined(__x86_64__)
#include <ucontext.h>
#endif
#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#include <sanitizer/common_interface_defs.h>
#endif

struct fiber {
#if defined(__x86_64__)
  void *at, *back;  // stack pointers: the fiber's where it left, and its caller's
#else
  ucontext_t at, back;
#endif
  void (*body)(void *);
  void *argument;
  char *stack;
  size_t size;
  void *fake_stack, *fake_back;  // AddressSanitizer's
  const void *caller_stack;
  size_t caller_size;
};

/// Stacks that are made once and used by one block after the other.
struct fiber_stacks {
  std::vector<std::unique_ptr<fiber>> fibers;
};

static void fiber_main(fiber *f);

#if defined(__x86_64__)
extern "C" void cuda_fiber_switch(void **save, void *load);
__asm__(
    ".text\n.type cuda_fiber_switch,@function\ncuda_fiber_switch:\n"
    "push %rbp\npush %rbx\npush %r12\npush %r13\npush %r14\npush %r15\n"
    "mov %rsp,(%rdi)\nmov %rsi,%rsp\n"
    "pop %r15\npop %r14\npop %r13\npop %r12\npop %rbx\npop %rbp\nret\n"
    ".size cuda_fiber_switch,.-cuda_fiber_switch\n"
    // First entry: the fiber stands in r12.
    ".type cuda_fiber_first,@function\ncuda_fiber_first:\n"
    "mov %r12,%rdi\nmov %r13,%rax\ncall *%rax\nud2\n"
    ".size cuda_fiber_first,.-cuda_fiber_first\n");
extern "C" void cuda_fiber_first(void);
#endif

/// Number `i` of the stacks, to run `body` when it is entered first.
static fiber *fiber_create(fiber_stacks *stacks, size_t i, void (*body)(void *), void *argument) {
#if defined(__SANITIZE_ADDRESS__)
  constexpr size_t size = 512 << 10;
#else
  constexpr size_t size = 128 << 10;
#endif
  while (stacks->fibers.size() <= i) {
    auto made = std::make_unique<fiber>();
    void *stack = mmap(nullptr, size, PROT_READ | PROT_WRITE,
                       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (stack == MAP_FAILED) std::abort();
    made->stack = static_cast<char *>(stack);
    made->size = size;
    stacks->fibers.push_back(std::move(made));
  }
  fiber *f = stacks->fibers[i].get();
  f->body = body;
  f->argument = argument;
  f->fake_stack = nullptr;
#if defined(__SANITIZE_ADDRESS__)
  __asan_unpoison_memory_region(f->stack, size);  // what an ended thread has left there
#endif
#if defined(__x86_64__)
  void **top = reinterpret_cast<void **>(f->stack + size) - 2;  // aligned to 16 at the call
  *--top = reinterpret_cast<void *>(cuda_fiber_first);
  *--top = nullptr;                               // rbp
  *--top = nullptr;                               // rbx
  *--top = f;                                     // r12
  *--top = reinterpret_cast<void *>(fiber_main);  // r13
  *--top = nullptr;                               // r14
  *--top = nullptr;                               // r15
  f->at = top;
#else
  getcontext(&f->at);
  f->at.uc_stack.ss_sp = f->stack;
  f->at.uc_stack.ss_size = size;
  f->at.uc_link = nullptr;
  const uintptr_t p = reinterpret_cast<uintptr_t>(f);
  makecontext(&f->at, reinterpret_cast<void (*)()>(+[](unsigned high, unsigned low) {
    fiber_main(reinterpret_cast<fiber *>((uintptr_t{high} << 32) | low));
  }),
              2, unsigned(p >> 32), unsigned(p));
#endif
  return f;
}

static void fiber_switch_back(fiber *f) {
#if defined(__x86_64__)
  cuda_fiber_switch(&f->at, f->back);
#else
  swapcontext(&f->at, &f->back);
#endif
}

/// Run the fiber until it leaves or ends.
static void fiber_enter(fiber *f) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&f->fake_back, f->stack, f->size);
#endif
#if defined(__x86_64__)
  cuda_fiber_switch(&f->back, f->at);
#else
  swapcontext(&f->back, &f->at);
#endif
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(f->fake_back, nullptr, nullptr);
#endif
}

/// From inside: back to who entered, until entered again.
static void fiber_leave(fiber *f) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(&f->fake_stack, f->caller_stack, f->caller_size);
#endif
  fiber_switch_back(f);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(f->fake_stack, &f->caller_stack, &f->caller_size);
#endif
}

static void fiber_main(fiber *f) {
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_finish_switch_fiber(nullptr, &f->caller_stack, &f->caller_size);
#endif
  f->body(f->argument);
#if defined(__SANITIZE_ADDRESS__)
  __sanitizer_start_switch_fiber(nullptr, f->caller_stack, f->caller_size);
#endif
  fiber_switch_back(f);
  std::abort();
}

#endif
