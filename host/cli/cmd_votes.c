/// throng votes: every vote of a list of pairs, as CSV.
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/atomic_file.h"
#include "base/clock.h"
#include "cli/pairs.h"
#include "cli/votes.h"

/// RFC 4180: quoted where a comma, a quote or a line end stands in it.
static void write_field(FILE *to, const char *text) {
  if (!strpbrk(text, ",\"\r\n")) {
    fputs(text, to);
    return;
  }
  putc('"', to);
  for (; *text; ++text) {
    if (*text == '"') putc('"', to);
    putc(*text, to);
  }
  putc('"', to);
}

/// Nine digits give every float back exactly.
static void write_votes(FILE *to, const throng_world *world, const pairs *p,
                        const throng_vote *vote) {
  fputs("user,item,alpha_pos,alpha_neg,beta_pos,beta_neg,p_like,f_mat,f_sim,f_sta,reward\n", to);
  for (int64_t k = 0; k < p->n; ++k) {
    const throng_vote *v = &vote[k];
    write_field(to, throng_world_user_id(world, p->user[k]));
    putc(',', to);
    write_field(to, throng_world_item_id(world, p->item[k]));
    fprintf(to, ",%d,%d,%.9g,%.9g,%.9g,%d,%d,%d,%d\n", v->alpha_pos, v->alpha_neg,
            (double)v->beta_pos, (double)v->beta_neg, (double)v->p_like, v->f_mat, v->f_sim,
            v->f_sta, v->like);
  }
}

static int summary(const votes_session *s, const char *path, int64_t n, const throng_vote *vote,
                   double seconds) {
  int64_t sum[4] = {0};
  for (int64_t k = 0; k < n; ++k) {
    sum[0] += vote[k].f_mat;
    sum[1] += vote[k].f_sim;
    sum[2] += vote[k].f_sta;
    sum[3] += vote[k].like;
  }
  static const char *const names[] = {"f_mat", "f_sim", "f_sta", "reward"};
  cJSON *document = cJSON_CreateObject();
  cJSON_AddStringToObject(document, "votes", path);
  cJSON_AddNumberToObject(document, "pairs", (double)n);
  cJSON_AddStringToObject(document, "semantics", s->semantics);
  cJSON_AddStringToObject(document, "rule", s->rule);
  cJSON *ones = cJSON_AddObjectToObject(document, "ones");
  for (int i = 0; i < 4; ++i) cJSON_AddNumberToObject(ones, names[i], (double)sum[i]);
  cJSON_AddNumberToObject(document, "seconds", seconds);
  return cli_json(document);
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
  atomic_file *file = NULL;
  throng_status status;
  THRONG_TRY_GOTO(pairs_read(s.world, from, &run->progress, &p));
  THRONG_TRY_GOTO(throng_alloc((void **)&vote, (size_t)p.n, sizeof *vote, "votes"));
  THRONG_TRY_GOTO(throng_votes_evaluate(s.backend, s.world, s.sta, &s.votes, s.config.sim.seed, p.n,
                                        p.user, p.item, p.offset, p.past_item, p.past_like, vote));
  if (to_stdout) {
    cli_progress_clear();
    write_votes(cli_data_stream(), s.world, &p, vote);
  } else {
    THRONG_TRY_GOTO(atomic_file_create(path, &file));
    write_votes(atomic_file_stream(file), s.world, &p, vote);
    THRONG_TRY_GOTO(atomic_file_commit(file));
  }
done:;
  int code = CLI_DONE;
  if (status != THRONG_OK)
    code = cli_fail(run);
  else if (run->json)
    code = summary(&s, path, p.n, vote, clock_now() - start);
  else if (!to_stdout)
    printf("wrote %s: %lld pairs in %.1f s\n", cli_word(path), (long long)p.n, clock_now() - start);
  free(vote);
  pairs_free(&p);
  votes_close(&s);
  return code;
}
