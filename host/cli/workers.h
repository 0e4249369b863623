/// A sweep's slots in other processes: what cmd_sweep and cmd_worker share.
#ifndef THRONG_CLI_WORKERS_H
#define THRONG_CLI_WORKERS_H

#include "cli/cli.h"
#include "crew/seat.h"
#include "deal/deal.h"

/// What a process must have in common with the sweep: facts of its program and of its world.
enum { FACT_SIZE = 128, MOST_FACTS = 4 };
typedef struct workers_facts {
  char text[MOST_FACTS][FACT_SIZE];
  const char *list[MOST_FACTS + 1];  // NULL-terminated
} workers_facts;

/// Version, the program's file and, where they must round alike, the backend's arithmetic.
/// Errors: IO, MEMORY.
throng_status workers_program_facts(const throng_backend *backend, bool mixed, workers_facts *out);
/// Hashes of the world, of f_sta and of the config (but for paths and what is the machine's).
/// Errors: MEMORY, BACKEND.
throng_status workers_world_facts(const throng_config *config, const throng_world *world,
                                  const throng_sta *sta, workers_facts *out);

/// crew_seat_def's setup and release; the context is the sweep's config as text.
throng_status workers_setup(void *config_text, const char *const *overrides, crew_setup *out,
                            void **owned);
void workers_release(void *owned);

/// Who trains a sweep's slots, from the options of `throng sweep` and of an MPI job.
typedef struct workers_def {
  const char *config_text;  // what overrides are put over
  throng_backend *backend;
  const throng_world *world;
  const throng_sta *sta;
  const char *world_path, *sta_path;  // the files that were opened; NULL: none
  int32_t n_slot;
  const char *folder;  // the sweep's; exists
} workers_def;
/// Do the options ask for workers?
bool workers_asked(const cli_run *run);
/// An option that means nothing without workers, or NULL.
const char *workers_stray_option(const cli_run *run);
/// A crew in this process, or of workers (--listen, MPI), and then as many of them as were asked
/// for are there. What `def` points to, but for the texts, outlives the crew. Errors: ARGUMENT, IO,
/// MEMORY, CANCELLED.
throng_status workers_crew_open(cli_run *run, const workers_def *def, crew **out);

/// A worker's own choices; NULL: the sweep's files, if they are here.
typedef struct workers_place {
  const throng_config *machine;  // whose section backend counts
  int32_t slots;                 // at most; 0: any number
  const char *world, *sta;       // files
  const char *folder;            // where the world is made if it is not here
} workers_place;
/// Work for the sweep at the other end of `d`, which is closed, until it is over; `lost` as
/// crew_work. Errors: those of crew_work and of opening.
throng_status workers_serve(cli_run *run, deal *d, const workers_place *place, bool *lost);
/// Is this rank 1 or above of an MPI job, which works for rank 0? Then its exit code is in `*code`.
bool workers_is_rank(cli_run *run, int *code);
/// After the crew was closed: ranks that nobody has given work to go home too.
void workers_end(void);

#endif
