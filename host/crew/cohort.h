/// Agents of one shape in one population, with the lanes that they learn on and those that they are
/// measured on. It has as many places as agents, or some more: growing and shrinking move agents
/// between populations, which changes nothing of what they do.
#ifndef THRONG_CREW_COHORT_H
#define THRONG_CREW_COHORT_H

#include "agent/agent.h"
#include "crew/crew.h"
#include "evaluate/evaluator.h"

typedef struct cohort cohort;

/// An agent of a cohort: a slot's.
typedef struct member member;
struct member {
  cohort *cohort;  // NULL: the slot is free
  member *next;    // of the cohort's
  int32_t place;   // in the population; -1: it has yet to begin there
  crew_setup setup;
  int64_t goal;  // user-steps of the agent's own at which the round ends for it
  throng_agent_state state;
  char cause[256];
};

struct cohort {
  cohort *next;
  crew_setup shape;                // what its agents share; the rest of it is the first one's
  throng_backend *root, *backend;  // the crew's, and a queue of its own on it where there are such
  const throng_world *world;
  const throng_sta *sta;
  member *member;  // (n_agent) a list
  int32_t n_agent;
  int32_t n_place;  // of the population; 0: there is none yet
  member **at;      // (n_place) who is there, or NULL
  throng_sim *sim;  // n_place * lanes
  throng_population *population;
  evaluator *evaluator;  // a block a place
  agent_actor *actor;    // plays on its lanes
  throng_metrics *each;  // (n_place)
  bool *counts;          // (n_place)
  throng_population_stats stats;
  throng_agent_def planned;  // of whom a further one takes:
  double agent_bytes, shared_bytes;
};

/// May agents with this setup stand in the cohort's population?
bool cohort_takes(const cohort *c, const crew_setup *setup);
/// Has its population, as it is, arrays for agents of this Def?
bool cohort_holds(const cohort *c, const throng_agent_def *agent);
/// Without members and without a population. `beside`: another cohort has the backend's own queue.
/// Errors: MEMORY, BACKEND.
throng_status cohort_create(throng_backend *backend, bool beside, const throng_world *world,
                            const throng_sta *sta, const crew_setup *setup, cohort **out);
/// NULL is allowed.
void cohort_free(cohort *c);

/// A member without a place.
void cohort_join(cohort *c, member *m);
void cohort_leave(cohort *c, member *m);
/// The population anew, with so many places (as many as are taken, at the least) and arrays for all
/// members; they keep their agents, in other places. Errors: those of making a simulator, a
/// population and an evaluator, and then all is as before.
throng_status cohort_resize(cohort *c, int32_t n_place);
/// Bytes that all members and one of this Def will take beyond what is there.
throng_status cohort_plan(cohort *c, const throng_agent_def *further, double *bytes);
/// A place for a member that has none; there must be one.
int32_t cohort_seat(cohort *c, member *m);
/// The member's agent begins, where it has not; a place must be free.
throng_status cohort_begin(cohort *c, member *m);

/// One step of all whose goal is not reached; `*any`: there was one. Errors: CANCELLED (nothing of
/// this step has happened), BACKEND.
throng_status cohort_step(cohort *c, const throng_progress *progress, bool *any);
/// Into `stats` and `each`: what came since the last time, and metrics of those that learn.
throng_status cohort_measure(cohort *c, const throng_progress *progress);

#endif
