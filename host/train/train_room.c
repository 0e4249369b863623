/// How many agents fit a backend's memory.
#include <inttypes.h>

#include "base/memory_plan.h"
#include "base/numbers.h"
#include "train/session.h"
#include "train/train_fields.h"
#include "train/train_memory.h"
#include "world/world_device.h"

#define MIB 1048576.0

/// A session with a number of agents, of which nothing is kept.
typedef struct question {
  throng_backend *backend;
  const throng_world *world;
  const throng_sta *sta;
  const throng_sta_def *shape;
  const throng_sim_def *sim;  // of one agent
  const throng_agent_def *agent;
  const throng_train_def *def;
} question;

static throng_status bytes_of(const question *q, int32_t n, double *bytes) {
  throng_backend *plan;
  throng_sta *fitted = NULL;
  throng_session *trial = NULL;
  throng_sim_def sim = *q->sim;
  throng_agent_def agent = *q->agent;
  agent.count = n;
  if (__builtin_mul_overflow(sim.lanes, n, &sim.lanes))
    return throng_fail(THRONG_ERROR_ARGUMENT, "sim.lanes: %d for each of %d agents are past 2^31",
                       q->sim->lanes, n);
  THRONG_TRY(memory_plan_open(q->backend, &plan));
  throng_status status = THRONG_OK;
  if (!q->sta && q->shape) status = throng_sta_create(plan, q->world, q->shape, &fitted);
  if (status == THRONG_OK)
    status =
        session_make(plan, q->world, q->sta ? q->sta : fitted, &sim, &agent, q->def, NULL, &trial);
  *bytes = (double)memory_plan_bytes(plan);
  throng_session_close(trial);
  throng_sta_close(fitted);
  throng_backend_close(plan);
  return status;
}

/// `*fits`: may there be so many, and does the memory hold them?
static throng_status ask(const question *q, int64_t n, double free_bytes, bool *fits) {
  double bytes = 0;
  const throng_status status = bytes_of(q, (int32_t)n, &bytes);
  *fits = status == THRONG_OK && bytes <= free_bytes;
  // Too many for a count of 32 bits, or for the host's own memory.
  return status == THRONG_ERROR_ARGUMENT || status == THRONG_ERROR_MEMORY ? THRONG_OK : status;
}

static throng_status find_bytes(const question *q, train_room *out) {
  enum { FEW = 9 };
  double one, few;
  *out = (train_room){.most = 0};
  THRONG_TRY(fields_check(&train_fields, q->def));
  THRONG_TRY(bytes_of(q, 1, &one));
  // Where only few may be, what one takes is all that is known.
  if (bytes_of(q, FEW, &few) != THRONG_OK) few = one * FEW;
  out->agent_bytes = (few - one) / (FEW - 1);
  out->shared_bytes = one - out->agent_bytes;
  return THRONG_OK;
}

throng_status train_find_bytes(throng_backend *backend, const throng_world *world,
                               const throng_sta *sta, const throng_sim_def *sim,
                               const throng_agent_def *agent, const throng_train_def *def,
                               train_room *out) {
  const question q = {backend, world, sta, NULL, sim, agent, def};
  return find_bytes(&q, out);
}

throng_status train_find_room(throng_backend *backend, const throng_world *world,
                              const throng_sta *sta, const throng_sta_def *shape,
                              const throng_sim_def *sim, const throng_agent_def *agent,
                              const throng_train_def *def, train_room *out) {
  enum { MOST = 65535 };
  const question q = {backend, world, sta, shape, sim, agent, def};
  size_t free_bytes;
  THRONG_TRY(find_bytes(&q, out));
  THRONG_TRY(memory_plan_free(backend, &free_bytes));
  const double held =
      (double)world_device_held(backend, world, sim->votes.table_bytes,
                                sim->votes.semantics == THRONG_SEMANTICS_PUBLISHED_CODE);
  out->free_bytes = (double)free_bytes;
  const double room = out->free_bytes + held, rest = room - out->shared_bytes;
  // The estimate is near; what decides is the code.
  int64_t least = rest >= out->agent_bytes, past = MOST + 1;
  int64_t guess = rest > 0 ? (int64_t)(rest / out->agent_bytes) : 0;
  for (int64_t step = 1; least > 0 && past - least > 1; step *= 2) {
    const bool within = guess > least && guess < past;
    const int64_t n = within ? guess : least + (past - least) / 2;
    bool fits;
    THRONG_TRY(ask(&q, n, room, &fits));
    *(fits ? &least : &past) = n;
    guess = fits ? n + step : n - step;
  }
  out->most = least;
  return THRONG_OK;
}

throng_status train_settle_count(throng_backend *backend, const throng_world *world,
                                 const throng_sta *sta, const throng_sta_def *shape,
                                 throng_sim_def *sim, throng_agent_def *agent,
                                 const throng_train_def *def) {
  NUMBERS_WITHOUT_LOCALE;
  train_room room;
  if (agent->count != 0) return THRONG_OK;
  THRONG_TRY(train_find_room(backend, world, sta, shape, sim, agent, def, &room));
  if (room.most < 1)
    return throng_fail(
        THRONG_ERROR_MEMORY,
        "agent.count: not one agent fits: it takes %.1f MiB with the world, of which "
        "%.1f MiB are free; lower sim.lanes, agent.buffer, agent.batch or "
        "evaluation.episodes",
        (room.shared_bytes + room.agent_bytes) / MIB, room.free_bytes / MIB);
  agent->count = (int32_t)room.most;
  sim->lanes *= agent->count;
  return THRONG_OK;
}

throng_status train_tell_room(throng_backend *backend, const throng_world *world,
                              const throng_sta *sta, const throng_sim_def *sim,
                              const throng_agent_def *agent, const throng_train_def *def,
                              const throng_progress *progress) {
  NUMBERS_WITHOUT_LOCALE;
  train_room room;
  throng_sim_def one = *sim;
  if (agent->count < 2) return THRONG_OK;
  one.lanes /= agent->count;
  THRONG_TRY(train_find_room(backend, world, sta, NULL, &one, agent, def, &room));
  throng_note(progress,
              "an agent takes %.1f MiB of memory, all %d with what they share %.0f MiB; %" PRId64
              " agents would fit into the %.0f MiB that are free",
              room.agent_bytes / MIB, agent->count,
              (room.shared_bytes + room.agent_bytes * agent->count) / MIB, room.most,
              room.free_bytes / MIB);
  return THRONG_OK;
}
