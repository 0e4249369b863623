/// throng votes: every vote of a list of pairs, as CSV.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/clock.h"
#include "base/csv_field.h"
#include "cli/pairs_file.h"
#include "cli/votes.h"
#include "sim/rule.h"

/// A vote of throng_vote is a column; a further vote two, its score and its answer, where asked.
typedef struct columns {
  const throng_vote *vote;
  float *further[THRONG_VOTE_FURTHER];  // NULL where not asked
} columns;

static bool shown(const columns *c, int k) {
  return k < THRONG_VOTE_IN_RECORD || c->further[k - THRONG_VOTE_IN_RECORD];
}

static int answer_of(const columns *c, int64_t row, int k) {
  vote_further further = {{0}};
  for (int i = 0; i < THRONG_VOTE_FURTHER; ++i)
    if (c->further[i]) further.score[i] = c->further[i][row];
  return vote_hard(&c->vote[row], &further, k);
}

/// Nine digits give every float back exactly.
static void write_votes(FILE *to, const throng_world *world, const pairs *p, const columns *c) {
  fputs("user,item,alpha_pos,alpha_neg,beta_pos,beta_neg,p_like", to);
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k) {
    const char *name = throng_vote_name((throng_vote_id)k);
    if (!shown(c, k)) continue;
    if (k >= THRONG_VOTE_IN_RECORD) fprintf(to, ",%s_score", name);
    fprintf(to, ",%s", name);
  }
  fputs(",reward\n", to);
  for (int64_t row = 0; row < p->n; ++row) {
    const throng_vote *v = &c->vote[row];
    csv_write_field(to, throng_world_user_id(world, p->user[row]));
    putc(',', to);
    csv_write_field(to, throng_world_item_id(world, p->item[row]));
    fprintf(to, ",%d,%d,%.9g,%.9g,%.9g", v->alpha_pos, v->alpha_neg, (double)v->beta_pos,
            (double)v->beta_neg, (double)v->p_like);
    for (int k = 0; k < THRONG_VOTE_COUNT; ++k) {
      if (!shown(c, k)) continue;
      if (k >= THRONG_VOTE_IN_RECORD)
        fprintf(to, ",%.9g", (double)c->further[k - THRONG_VOTE_IN_RECORD][row]);
      fprintf(to, ",%d", answer_of(c, row, k));
    }
    fprintf(to, ",%d\n", v->like);
  }
}

static int summary(const votes_session *s, const char *path, int64_t n, const columns *c,
                   double seconds) {
  cJSON *document = cJSON_CreateObject();
  cJSON_AddStringToObject(document, "votes", path);
  cJSON_AddNumberToObject(document, "pairs", (double)n);
  cJSON_AddStringToObject(document, "semantics", s->semantics);
  cJSON_AddStringToObject(document, "rule", s->rule);
  cJSON *ones = cJSON_AddObjectToObject(document, "ones");
  int64_t sum = 0;
  for (int k = 0; k < THRONG_VOTE_COUNT; ++k, sum = 0) {
    if (!shown(c, k)) continue;
    for (int64_t row = 0; row < n; ++row) sum += answer_of(c, row, k);
    cJSON_AddNumberToObject(ones, throng_vote_name((throng_vote_id)k), (double)sum);
  }
  for (int64_t row = 0; row < n; ++row) sum += c->vote[row].like;
  cJSON_AddNumberToObject(ones, "reward", (double)sum);
  cJSON_AddNumberToObject(document, "seconds", seconds);
  return cli_json(document);
}

static throng_status ask(const votes_session *s, const pairs *p, throng_vote *vote, columns *c) {
  const throng_pairs asked = {p->n, p->user, p->item, p->offset, p->past_item, p->past_like};
  const unsigned votes = rule_asks(&s->votes);
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k)
    if (votes & VOTE_BIT(k + THRONG_VOTE_IN_RECORD))
      THRONG_TRY(throng_alloc((void **)&c->further[k], (size_t)p->n, sizeof(float), "votes"));
  c->vote = vote;
  return throng_votes_evaluate(s->backend, s->world, s->sta, &s->votes, s->config.sim.seed, &asked,
                               vote, c->further);
}

int cmd_votes(cli_run *run) {
  const char *from = cli_text(run, "pairs");
  const char *path = cli_text(run, "output");
  if (!from) return cli_wrong(run, "expected --pairs FILE");
  bool to_stdout = !path || cli_is_stdout(path);
  if (to_stdout && run->json)
    return cli_wrong(run, "--json needs -o FILE: standard output cannot hold both");
  votes_session s;
  if (votes_open(run, &s) != THRONG_OK) return cli_fail(run);
  double start = clock_now();
  pairs p = {0};
  throng_vote *vote = NULL;
  columns c = {0};
  atomic_file *file = NULL;
  throng_status status;
  THRONG_TRY_GOTO(pairs_read(s.world, from, &run->progress, &p));
  THRONG_TRY_GOTO(throng_alloc((void **)&vote, (size_t)p.n, sizeof *vote, "votes"));
  THRONG_TRY_GOTO(ask(&s, &p, vote, &c));
  if (to_stdout) {
    cli_progress_clear();
    write_votes(cli_data_stream(), s.world, &p, &c);
  } else {
    THRONG_TRY_GOTO(atomic_file_create(path, &file));
    write_votes(atomic_file_stream(file), s.world, &p, &c);
    THRONG_TRY_GOTO(atomic_file_commit(file));
  }
done:;
  int code = CLI_DONE;
  if (status != THRONG_OK)
    code = cli_fail(run);
  else if (run->json)
    code = summary(&s, path, p.n, &c, clock_now() - start);
  else if (!to_stdout)
    printf("wrote %s: %lld pairs in %.1f s\n", cli_word(path), (long long)p.n, clock_now() - start);
  free(vote);
  for (int k = 0; k < THRONG_VOTE_FURTHER; ++k) free(c.further[k]);
  pairs_free(&p);
  votes_close(&s);
  return code;
}
