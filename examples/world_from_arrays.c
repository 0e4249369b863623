/// A world from arrays of your own: five films, their reasons to be liked and disliked, three
/// users; who would like what, and why. usage: world_from_arrays [WORLD]; saves the world there
/// where it is given
#include <stdio.h>
#include <stdlib.h>
#include <throng/throng.h>

enum { USERS = 3, FILMS = 5, WORDS = 6, DIM = 2 };

static void require(throng_status status) {
  if (status == THRONG_OK) return;
  fprintf(stderr, "%s: %s\n", throng_status_name(status), throng_error_message());
  exit(1);
}

// Lists are CSR: those of row i are entries offset[i] .. offset[i + 1] - 1.
static const char *const film[FILMS] = {"Alien", "Solaris", "Airplane!", "Amelie", "Moon"};
static const char *const word[WORDS] = {"tense", "thoughtful", "funny", "warm", "slow", "silly"};
static const int64_t good_offset[FILMS + 1] = {0, 1, 2, 3, 5, 7};
static const int32_t good[] = {0, /* Solaris */ 1, /* Airplane! */ 2, 2, 3, /* Moon */ 0, 1};
static const int64_t bad_offset[FILMS + 1] = {0, 0, 1, 2, 2, 3};
static const int32_t bad[] = {/* Solaris */ 4, /* Airplane! */ 5, /* Moon */ 4};
static const float meaning[WORDS][DIM] = {{1, 0},    {0.9f, 0.3f}, {0, 1},
                                          {0.2f, 1}, {1, -1},      {-1, 1}};

// What each user watched, oldest first, and liked or not.
static const char *const user[USERS] = {"ann", "bob", "cho"};
static const int64_t past_offset[USERS + 1] = {0, 3, 5, 7};
static const int32_t past_film[] = {0, 1, 2, /* bob */ 2, 3, /* cho */ 3, 1};
static const uint8_t past_like[] = {1, 1, 0, 1, 1, 1, 0};

int main(int argc, char **argv) {
  throng_world_source source = throng_default_world_source();
  source.n_user = USERS;
  source.n_item = FILMS;
  source.n_keyword = WORDS;
  source.dim = DIM;
  source.user_offset = past_offset;
  source.history_item = past_film;
  source.history_like = past_like;
  source.liking_offset = good_offset;
  source.liking = good;
  source.disliking_offset = bad_offset;
  source.disliking = bad;
  source.keyword_embedding = meaning[0];
  source.user_id = user;
  source.item_id = source.item_name = film;
  source.keyword = word;

  throng_world *world;  // it has copied what it needs
  require(throng_world_from_arrays(&source, &world));
  if (argc > 1) require(throng_world_save(world, argv[1]));

  // "Moon" for everybody, after what each has watched.
  throng_backend *backend;
  throng_backend_def cpu = throng_default_backend_def();
  cpu.name = "cpu";
  require(throng_backend_open(&cpu, &backend));
  throng_votes_def votes = throng_default_votes_def();
  votes.rule = THRONG_RULE_F_SIM;
  const int32_t asked[USERS] = {0, 1, 2}, moon[USERS] = {4, 4, 4};
  throng_vote vote[USERS];
  const throng_pairs pairs = {USERS, asked, moon, past_offset, past_film, past_like};
  require(throng_votes_evaluate(backend, world, NULL, &votes, 1, &pairs, vote, NULL));
  for (int u = 0; u < USERS; ++u)
    printf("%s: keywords %d for and %d against, nearest liked %.2f, nearest disliked %.2f: %s\n",
           user[u], vote[u].alpha_pos, vote[u].alpha_neg, (double)vote[u].beta_pos,
           (double)vote[u].beta_neg, vote[u].like ? "likes it" : "does not");
  throng_backend_close(backend);
  throng_world_close(world);
  return vote[0].like && !vote[2].like ? 0 : 2;  // ann likes what is thoughtful, cho nothing slow
}
