/// Items that nobody rated, from a table of items to votes.
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "config/config_prepare.h"
#include "throng_test.h"
#include "world/world.h"

enum { USERS = 24, ITEMS = 18, COLD = 30 };

static const char *path_of(const char *name) {
  static char path[4][512];
  static int next;
  char *to = path[next++ % 4];
  snprintf(to, 512, "%s/%s", throng_test_folder(), name);
  return to;
}

static void write_files(void) {
  static const char *const genre[] = {"War", "Drama", "Art"};
  FILE *file = fopen(path_of("r.csv"), "w");
  ASSERT_TRUE(file != NULL);
  fputs("user,item,rating,time\n", file);
  for (int u = 0; u < USERS; u++)
    for (int k = 0; k < 9; k++) {
      int i = (u * 5 + k * 7) % ITEMS;
      fprintf(file, "u%d,i%d,%d,%d\n", u, i, (i + u) % 3 == 0 ? 1 : 5, u * 100 + k);
    }
  fclose(file);
  file = fopen(path_of("items.csv"), "w");
  ASSERT_TRUE(file != NULL);
  fputs("item,title,genre\n", file);
  for (int i = 0; i < ITEMS; i++) fprintf(file, "i%d,Item %d,%s\n", i, i, genre[i % 3]);
  for (int i = 0; i < COLD; i++) fprintf(file, "new%d,New %d,War\n", i, i);
  fclose(file);
}

static throng_world *make_world(bool cold) {
  char file[600], items[600];
  throng_config config;
  throng_world *world = NULL;
  snprintf(file, sizeof file, "dataset.file=%s", path_of("r.csv"));
  snprintf(items, sizeof items, "dataset.items=%s", path_of("items.csv"));
  const char *const keys[] = {"dataset.format=csv",
                              file,
                              items,
                              "dataset.like_threshold=4",
                              cold ? "dataset.cold_items=true" : "dataset.cold_items=false",
                              NULL};
  EXPECT_OK(config_load(NULL, keys, &config));
  EXPECT_OK(config_prepare(&config, path_of("w.safetensors"), NULL, NULL));
  EXPECT_OK(throng_world_open(path_of("w.safetensors"), &world));
  config_free(&config);
  return world;
}

TEST(cold_items, a_world_file_remembers_them_and_the_others_keep_their_keywords) {
  write_files();
  throng_world *warm = make_world(false), *all = make_world(true);
  EXPECT_EQ(warm->n_cold, 0);
  EXPECT_EQ(all->n_cold, COLD);
  EXPECT_EQ(all->n_item, warm->n_item + COLD);
  ASSERT_EQ(all->n_keyword, warm->n_keyword);
  EXPECT_LT(0, warm->n_pos_entry);
  for (int64_t i = 0; i < warm->n_item; i++) {
    ASSERT_EQ(all->pos_offset[i + 1], warm->pos_offset[i + 1]);
    ASSERT_EQ(all->neg_offset[i + 1], warm->neg_offset[i + 1]);
    ASSERT_EQ(all->category_offset[i + 1], warm->category_offset[i + 1]);
  }
  EXPECT_EQ(memcmp(all->pos, warm->pos, (size_t)warm->n_pos_entry * sizeof *warm->pos), 0);
  EXPECT_EQ(memcmp(all->neg, warm->neg, (size_t)warm->n_neg_entry * sizeof *warm->neg), 0);
  // A cold item has the keywords of its genre, and so the logical votes have something to go by.
  for (int64_t i = warm->n_item; i < all->n_item; i++)
    EXPECT_LT(all->pos_offset[i], all->pos_offset[i + 1]);
  throng_world_close(warm);
  throng_world_close(all);
}

TEST(cold_items, f_sta_answers_them_alike_and_as_it_answers_an_average_item) {
  write_files();
  throng_world *w = make_world(true);
  throng_backend_def any = throng_default_backend_def();
  any.name = "cpu";
  throng_backend *backend;
  throng_sta *sta;
  throng_sta_def def = throng_default_sta_def();
  def.epochs = 3;
  ASSERT_OK(throng_backend_open(&any, &backend));
  ASSERT_OK(throng_sta_fit(backend, w, &def, NULL, &sta, NULL));
  enum { PAIRS = ITEMS + 2 };  // every item, then two cold ones, after one history
  int32_t user[PAIRS], candidate[PAIRS], item[4 * PAIRS];
  uint8_t like[4 * PAIRS];
  int64_t offset[PAIRS + 1] = {0};
  for (int k = 0; k < PAIRS; k++) {
    user[k] = 5;
    candidate[k] = k < ITEMS ? k : (int32_t)w->n_item - 1 - (k - ITEMS) * (COLD - 1);
    for (int e = 0; e < 4; e++) {
      item[4 * k + e] = w->history_item[w->user_offset[5] + e];
      like[4 * k + e] = w->history_like[w->user_offset[5] + e];
    }
    offset[k + 1] = 4 * (k + 1);
  }
  float p[PAIRS], least = 1, most = 0;
  ASSERT_OK(throng_sta_score(sta, PAIRS, user, candidate, offset, item, like, p));
  for (int k = 0; k < ITEMS; k++) {
    least = fminf(least, p[k]);
    most = fmaxf(most, p[k]);
  }
  EXPECT_EQ(p[ITEMS], p[ITEMS + 1]);
  EXPECT_TRUE(p[ITEMS] > least && p[ITEMS] < most);
  throng_sta_close(sta);
  throng_backend_close(backend);
  throng_world_close(w);
}

TEST(cold_items, a_world_whose_histories_name_one_is_refused) {
  write_files();
  throng_world *w = make_world(true);
  w->history_item[0] = (int32_t)w->n_item - 1;
  EXPECT_EQ(world_check(w, "w.file"), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "one of the items that nobody rated");
  throng_world_close(w);
}
