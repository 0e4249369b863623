/// A trained run opened to be used: from its folder, or a checkpoint in it, to a world, a backend,
/// a simulator and one agent that acts. Nothing is written and nothing is locked, so that training
/// may go on in the folder meanwhile. A library room: it prints nothing.
#ifndef THRONG_STUDY_TRAINED_H
#define THRONG_STUDY_TRAINED_H

#include <limits.h>

#include "config/config.h"

/// Which run, and what is to be another way than it was trained.
typedef struct trained_def {
  const char *run;  // the folder of a run, or a checkpoint in one
  /// "a.b=c" over the run's config.json, NULL-terminated; NULL: none. world.file and sta.file are
  /// other files than the run's; the world's items must be those that the agent knows, and where it
  /// has learned rows of users (agent.user_width) as many users. agent.* may be no other than the
  /// checkpoint's.
  const char *const *overrides;
  const char *checkpoint;  // another one than the newest, or NULL
  int32_t agent;           // of those in the checkpoint
  int32_t lanes;           // of the simulator; 0: one
  bool without_sta;        // whoever asks no votes need not have the weights of f_sta
  /// The simulator's own users are asked nothing, so that no vote is fitted for them: for whoever
  /// plays on lanes of their own.
  bool without_votes;
  bool (*stop)(void *user);  // the backend's; may be NULL
  /// A world that is open already, or NULL: taken in place of the run's file where it is the one
  /// that the agent was trained in and no override names another. It must outlive what is opened.
  throng_world *lent;
} trained_def;

typedef struct trained {
  throng_config
      config;  // the run's, with the overrides; world.file and sta.file as they were found
  throng_backend *backend;
  throng_world *world;
  throng_sta *sta;  // NULL where the rule asks none, or with without_sta
  throng_sim *sim;  // with the users of training: an agent sees sessions as it learned to
  throng_population *population;  // of one, number 0: it acts and has nothing to learn from
  throng_agent_def agent_def;     // what it was trained with, by the checkpoint; count 1
  const char *title;              // "DQN"
  const char *score;              // what throng_population_recommend gives: "Q", "log-probability"
  char folder[PATH_MAX];          // of the run
  char checkpoint[PATH_MAX];      // the file that was opened
  int64_t user_steps;             // that training had come to then, over all agents; -1: not said
  int32_t agent, n_agent;         // which of how many in the checkpoint
  bool same_world;                // false: another one than it was trained in
  bool world_lent;                // trained_def.lent, which others close
} trained;

/// The folder's newest checkpoint that is whole (a note tells of damaged ones). A path of the
/// config that leads into the folder as it was named when it was trained is looked for in the
/// folder as it is named now, then as it stands, then by its place and by its name in the folder.
/// Errors: IO (no such folder, no checkpoint yet, no world); CONFIG (an override that is none, or
/// of agent.* and another); DATA (damaged; a world that has changed since, where world.file was not
/// overridden; features or users that differ); ARGUMENT (no such agent); as throng_sim_create.
/// `*out` is empty then.
throng_status trained_open(const trained_def *def, const throng_progress *progress, trained *out);
void trained_close(trained *t);

/// Another agent of the checkpoint's acts from now on. Errors: as trained_open.
throng_status trained_take(trained *t, int32_t agent);
/// What the checkpoint says of all its agents: state (n_agent). Errors: IO, DATA.
throng_status trained_states(const trained *t, throng_agent_state *state);

/// config.json and checkpoints alone, for whoever needs no agent: `folder` and the newest whole
/// `checkpoint` ("" where there is none yet) of the run at `run`. Errors: IO, DATA.
throng_status trained_find(const char *run, const throng_progress *progress, char folder[PATH_MAX],
                           char checkpoint[PATH_MAX]);

#endif
