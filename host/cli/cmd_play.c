/// throng play: sessions step by step; an agent or a yardstick shows, the simulated user or a
/// person answers.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/numbers.h"
#include "cli/lookup.h"
#include "cli/play_person.h"
#include "cli/play_print.h"
#include "cli/play_stage.h"

enum { MOST_SESSIONS = 1 << 20 };

/// What is wanted of the sessions, and where they go.
typedef struct playing {
  cli_run *run;
  play_stage stage;
  throng_play *play;
  play_words words;
  bool prints, person, stopped;
  int32_t user;  // -1: whom an evaluation meets
  int64_t first, sessions, steps;
  atomic_file *file;  // of --jsonl, or NULL
  FILE *lines;        // where lines go, or NULL
  cJSON *list;        // of --json: sessions, or NULL
  int64_t played;
  double total;
} playing;

/// A line of a trajectory to where it is wanted; `steps`: of the session in the document.
static throng_status put_line(playing *p, cJSON *line, cJSON *steps) {
  NUMBERS_WITHOUT_LOCALE;
  throng_status status = THRONG_OK;
  char *text = p->lines ? cJSON_PrintUnformatted(line) : NULL;
  if (p->lines && !text) status = throng_fail(THRONG_ERROR_MEMORY, "play: no memory for a line");
  if (text) fprintf(p->lines, "%s\n", text);
  free(text);
  if (steps && status == THRONG_OK)
    cJSON_AddItemToArray(steps, line);
  else
    cJSON_Delete(line);
  return status;
}

/// Ask the person about every item of the slate. True in `*answered` where all were.
static throng_status ask_person(const playing *p, const throng_play_step *step, uint8_t *like,
                                play_over *over, bool *answered) {
  *answered = false;
  for (int32_t k = 0; k < step->n_item; ++k) {
    char question[120] = "    Do you like it?";
    person_answer answer;
    if (step->n_item > 1)
      snprintf(question, sizeof question, "    Do you like %.80s?",
               cli_word(throng_world_item_id(p->stage.at, step->item[k].item)));
    fflush(stdout);
    THRONG_TRY(person_ask(question, &answer));
    if (answer != PERSON_NO && answer != PERSON_YES) {
      *over = answer == PERSON_INPUT_ENDED ? PLAY_OVER_INPUT : PLAY_OVER_QUIT;
      return THRONG_OK;
    }
    like[k] = answer == PERSON_YES;
  }
  *answered = true;
  return THRONG_OK;
}

/// One step; `*going` is false after the session's last, or where the person left before it.
static throng_status play_step_once(playing *p, uint8_t *like, const throng_play_step **step,
                                    int32_t *steps, play_over *over, bool *going, cJSON *list) {
  cJSON *line;
  bool answered = true;
  THRONG_TRY(throng_play_show(p->play, step));
  if (p->prints) play_print_shown(&p->words, *step);
  if (p->person) THRONG_TRY(ask_person(p, *step, like, over, &answered));
  *going = answered;
  if (!answered) return THRONG_OK;
  THRONG_TRY(throng_play_answer(p->play, p->person ? like : NULL, step));
  *steps = (*step)->step;
  if (p->prints) play_print_answer(&p->words, *step);
  if (p->lines || list) {
    THRONG_TRY(play_step_json(p->stage.at, p->words.title, *step, p->person, &line));
    THRONG_TRY(put_line(p, line, list));
  }
  *going = (*step)->end == THRONG_END_NONE;
  if (*going && p->steps > 0 && *steps >= p->steps) {
    *over = PLAY_OVER_STEPS;
    *going = false;
  }
  return THRONG_OK;
}

/// The session's own object in the document of --json; its steps as `*steps`.
static cJSON *begin_document(const playing *p, cJSON **steps) {
  int32_t likes;
  cJSON *session = p->list ? cJSON_CreateObject() : NULL;
  *steps = NULL;
  if (!session) return NULL;
  cJSON_AddItemToArray(p->list, session);
  cJSON_AddNumberToObject(session, "history", throng_play_history(p->play, &likes));
  cJSON_AddNumberToObject(session, "history_likes", likes);
  *steps = cJSON_AddArrayToObject(session, "steps");
  return session;
}

/// How it ended, into the document and as a line.
static throng_status end_document(playing *p, const throng_play_step *step, int32_t steps,
                                  play_over over, cJSON *session) {
  cJSON *line;
  if (!p->lines && !session) return THRONG_OK;
  THRONG_TRY(play_end_json(p->stage.at, p->words.title, step, steps, over, &line));
  for (const cJSON *one = session ? line->child : NULL; one; one = one->next)
    if (strcmp(one->string, "kind") != 0)
      cJSON_AddItemToObject(session, strcmp(one->string, "steps") ? one->string : "length",
                            cJSON_Duplicate(one, true));
  return put_line(p, line, NULL);
}

static throng_status play_session(playing *p, uint32_t number, uint8_t *like) {
  const throng_play_step *step = NULL;
  int32_t steps = 0;
  play_over over = PLAY_OVER_END;
  cJSON *list;
  THRONG_TRY(throng_play_begin(p->play, number, p->user));
  if (p->prints) play_print_begin(&p->words, p->play, number);
  cJSON *session = begin_document(p, &list);
  for (bool going = true; going;) {
    if (cli_interrupted() && !p->person) return throng_cancelled("play");
    THRONG_TRY(play_step_once(p, like, &step, &steps, &over, &going, list));
  }
  p->stopped = over == PLAY_OVER_QUIT || over == PLAY_OVER_INPUT;
  p->played += 1;
  p->total += step->total;
  if (p->prints) play_print_end(&p->words, step, steps, over);
  return end_document(p, step, steps, over, session);
}

static throng_status play_sessions(playing *p) {
  uint8_t *like;
  THRONG_TRY(throng_alloc((void **)&like, (size_t)p->stage.sim.slate_size, 1, "answers"));
  throng_status status = THRONG_OK;
  for (int64_t k = 0; k < p->sessions && !p->stopped && status == THRONG_OK; ++k) {
    if (k > 0 && p->prints) putchar('\n');
    if (!p->prints && !throng_report(&p->run->progress, "play", k, p->sessions, "sessions"))
      status = throng_cancelled("play");
    if (status == THRONG_OK) status = play_session(p, (uint32_t)(p->first + k), like);
  }
  free(like);
  return status;
}

static throng_status open_lines(playing *p) {
  const char *path = cli_text(p->run, "jsonl");
  if (!path) return THRONG_OK;
  if (cli_is_stdout(path)) {
    p->lines = cli_data_stream();
    p->prints = false;
    return THRONG_OK;
  }
  THRONG_TRY(cli_check_output(path));
  THRONG_TRY(atomic_file_create(path, &p->file));
  p->lines = atomic_file_stream(p->file);
  return THRONG_OK;
}

static throng_status open_play(playing *p) {
  const char *user = cli_text(p->run, "user");
  THRONG_TRY(play_stage_open(p->run, &p->stage));
  p->user = -1;
  if (user) THRONG_TRY(lookup_user(p->stage.at, user, &p->user));
  p->stage.def.person = p->person;
  THRONG_TRY(throng_play_create(p->stage.backend, p->stage.at, p->stage.sta, &p->stage.sim,
                                &p->stage.def, &p->play));
  p->words = (play_words){p->stage.at, &p->stage.sim, throng_play_title(p->play), p->person};
  return open_lines(p);
}

static int finish(playing *p, cJSON *document) {
  NUMBERS_WITHOUT_LOCALE;
  const double mean = p->played ? p->total / (double)p->played : 0;
  if (document) {
    cJSON_AddStringToObject(document, "agent", p->words.title);
    cJSON_AddNumberToObject(document, "seed", p->stage.def.seed);
    cJSON_AddBoolToObject(document, "person", p->person);
    cJSON_AddNumberToObject(document, "mean_return", mean);
    return cli_json(document);
  }
  if (p->prints && p->sessions > 1)
    printf("\n%lld sessions: mean return %.2f\n", (long long)p->played, mean);
  return CLI_DONE;
}

static bool read_options(playing *p) {
  cli_run *run = p->run;
  p->person = cli_flag(run, "interactive");
  p->prints = !run->json;
  p->sessions = (int64_t)cli_number(run, "sessions", 1);
  p->first = (int64_t)cli_number(run, "session", 0);
  p->steps = (int64_t)cli_number(run, "steps", 0);
  return p->sessions >= 1 && p->sessions <= MOST_SESSIONS && p->first + p->sessions <= UINT32_MAX;
}

int cmd_play(cli_run *run) {
  playing p = {.run = run};
  if (!read_options(&p))
    return cli_wrong(run, "--sessions: expected 1 to %d of them, numbered below 2^32",
                     MOST_SESSIONS);
  if (run->json && cli_text(run, "jsonl") && cli_is_stdout(cli_text(run, "jsonl")))
    return cli_wrong(run, "--json and --jsonl - would both write standard output");
  cJSON *document = run->json ? cJSON_CreateObject() : NULL;
  p.list = document ? cJSON_AddArrayToObject(document, "sessions") : NULL;
  throng_status status = open_play(&p);
  cli_progress_clear();
  if (status == THRONG_OK) status = play_sessions(&p);
  if (p.file && status == THRONG_OK) {
    status = atomic_file_commit(p.file);
  } else {
    atomic_file_abort(p.file);
  }
  cli_progress_clear();
  int code = CLI_DONE;
  if (status != THRONG_OK) {
    code = cli_fail(run);
    cJSON_Delete(document);
  } else {
    code = finish(&p, document);
    if (cli_interrupted()) code = CLI_FAILED;
  }
  throng_play_close(p.play);
  play_stage_close(&p.stage);
  return code;
}
