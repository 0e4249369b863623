/// Raw files with the shape of a public data set and the rows of a synthetic world, so that
/// `throng prepare` can be timed at full size without a download. Streams: memory is the world's.
///   raw_twin amazon|yelp|anime WORLD FOLDER [WORDS [ROWS USERS ITEMS]]
/// amazon: reviews.json and meta.json of 2018. yelp: review.json and business.json; the world's
/// rows are in the state MO, and rows of other states make ROWS of USERS about ITEMS in all. anime:
/// rating.csv and anime.csv. WORDS: mean words of a review (200). Texts praise or blame an item in
/// its keywords; the rest is a running text of made-up words, frequent and rare as words are.
#include <inttypes.h>
#include <math.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "throng/throng.h"

__attribute__((noreturn, format(printf, 1, 2))) static void die(const char *format, ...) {
  va_list list;
  va_start(list, format);
  vfprintf(stderr, format, list);
  va_end(list);
  fputc('\n', stderr);
  exit(1);
}

enum { N_WORD = 60000, N_RUNNING = 1 << 20, WORD_BYTES = 12 };

static uint64_t state = 88172645463325252u;  // xorshift64: the texts' alone, worlds use Philox
static uint32_t draw(uint32_t n) {
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return (uint32_t)(((state >> 32) * n) >> 32);
}

typedef struct twin {
  throng_world *world;
  throng_world_info info;
  char *text;       // running text of N_RUNNING words
  uint32_t *start;  // (N_RUNNING + 1) where each begins
  uint32_t words;
  FILE *out;
} twin;

static void make_text(twin *t) {
  t->text = malloc((size_t)N_RUNNING * WORD_BYTES);
  t->start = malloc(((size_t)N_RUNNING + 1) * sizeof *t->start);
  if (!t->text || !t->start) die("no memory for a running text");
  uint32_t at = 0;
  for (uint32_t k = 0; k < N_RUNNING; ++k) {
    // Zipf with exponent 1: the rank is a power of the number of words.
    uint32_t word = (uint32_t)pow((double)N_WORD, draw(1u << 30) / (double)(1u << 30));
    t->start[k] = at;
    do {  // its number in syllables
      t->text[at++] = "bdfgklmnprstvz"[word % 14];
      t->text[at++] = "aeiou"[word / 14 % 5];
      word /= 70;
    } while (word > 0);
    t->text[at++] = ' ';
  }
  t->start[N_RUNNING] = at;
}

/// A review of `item` (-1: of none that the world knows), without quotation marks.
static void write_text(const twin *t, int64_t item, bool like) {
  const int32_t *keyword = NULL;
  int64_t n = item < 0 ? 0
                       : throng_world_item_keywords(
                             t->world, item, like ? THRONG_LIKING : THRONG_DISLIKING, &keyword);
  const uint32_t words = t->words / 2 + draw(t->words + 1);
  const uint32_t first = draw(N_RUNNING - words);
  for (int k = 0; n > 0 && k < 3; ++k)
    fprintf(t->out, "%s. ", throng_world_keyword(t->world, keyword[draw((uint32_t)n)]));
  fwrite(t->text + t->start[first], 1, t->start[first + words] - t->start[first], t->out);
}

static void open_file(twin *t, const char *folder, const char *name) {
  char path[4096];
  snprintf(path, sizeof path, "%s/%s", folder, name);
  t->out = fopen(path, "w");
  if (!t->out) die("cannot write %s", path);
}
static void close_file(twin *t) {
  if (fclose(t->out) != 0) die("a file could not be written whole");
}

/// Category names of an item, quoted and with ", " between them.
static void write_categories(const twin *t, int64_t item, const char *quote) {
  const int32_t *category;
  int64_t n = throng_world_item_categories(t->world, item, &category);
  for (int64_t k = 0; k < n; ++k)
    fprintf(t->out, "%s%s%s%s", k ? ", " : "", quote,
            throng_world_category_name(t->world, category[k]), quote);
}

typedef void row_fn(const twin *t, int64_t user, int64_t item, bool like, int64_t time);
static void write_rows(const twin *t, row_fn *row) {
  const int32_t *item;
  const uint8_t *like;
  const int64_t *time;
  for (int64_t u = 0; u < t->info.n_user; ++u) {
    int64_t n = throng_world_history(t->world, u, &item, &like, &time);
    for (int64_t k = 0; k < n; ++k) row(t, u, item[k], like[k], time[k]);
  }
}

static void amazon_row(const twin *t, int64_t user, int64_t item, bool like, int64_t time) {
  fprintf(t->out,
          "{\"overall\": %d.0, \"verified\": true, \"reviewTime\": \"01 1, 2020\", \"reviewerID\": "
          "\"%s\", \"asin\": \"%s\", \"reviewerName\": \"A reader\", \"reviewText\": \"",
          like ? 4 + (int)draw(2) : 1 + (int)draw(2), throng_world_user_id(t->world, user),
          throng_world_item_id(t->world, item));
  write_text(t, item, like);
  fprintf(t->out, "\", \"summary\": \"%s\", \"unixReviewTime\": %" PRId64 "}\n",
          like ? "Good" : "Bad", time);
}

static void write_amazon(twin *t, const char *folder) {
  open_file(t, folder, "reviews.json");
  write_rows(t, amazon_row);
  close_file(t);
  open_file(t, folder, "meta.json");
  for (int64_t i = 0; i < t->info.n_item; ++i) {
    fprintf(t->out, "{\"category\": [");
    write_categories(t, i, "\"");
    fprintf(t->out,
            "], \"description\": [], \"title\": \"%s\", \"brand\": \"\", \"asin\": \"%s\"}\n",
            throng_world_item_name(t->world, i), throng_world_item_id(t->world, i));
  }
  close_file(t);
}

static void yelp_review(const twin *t, const char *user, const char *business, int64_t item,
                        bool like, int64_t time) {
  const int day = (int)(time / 86400 % 28) + 1, month = (int)(time / 86400 / 28 % 12) + 1;
  const int second = (int)(time % 60), minute = (int)(time / 60 % 60),
            hour = (int)(time / 3600 % 24);
  fprintf(t->out,
          "{\"review_id\": \"%016" PRIx64
          "\", \"user_id\": \"%s\", \"business_id\": \"%s\", "
          "\"stars\": %d.0, \"useful\": 0, \"funny\": 0, \"cool\": 0, \"text\": \"",
          state, user, business, like ? 4 + (int)draw(2) : 1 + (int)draw(2));
  write_text(t, item, like);
  fprintf(t->out, "\", \"date\": \"%d-%02d-%02d %02d:%02d:%02d\"}\n",
          2018 + (int)(time / 86400 / 336 % 5), month, day, hour, minute, second);
}
static void yelp_row(const twin *t, int64_t user, int64_t item, bool like, int64_t time) {
  yelp_review(t, throng_world_user_id(t->world, user), throng_world_item_id(t->world, item), item,
              like, time);
}

static void yelp_business(const twin *t, const char *id, const char *name, const char *state_name,
                          int64_t item) {
  fprintf(t->out,
          "{\"business_id\": \"%s\", \"name\": \"%s\", \"address\": \"1 Main St\", \"city\": "
          "\"Town\", \"state\": \"%s\", \"postal_code\": \"63101\", \"latitude\": 38.6, "
          "\"longitude\": -90.2, \"stars\": 3.5, \"review_count\": 10, \"is_open\": 1, "
          "\"attributes\": {\"BikeParking\": \"True\", \"WiFi\": \"u'free'\"}, \"categories\": \"",
          id, name, state_name);
  if (item >= 0)
    write_categories(t, item, "");
  else
    fprintf(t->out, "Shopping, Food");
  fprintf(t->out, "\", \"hours\": null}\n");
}

static void write_yelp(twin *t, const char *folder, int64_t rows, uint32_t users, uint32_t items) {
  char user[32], business[32];
  const uint32_t others = items > t->info.n_item ? items - (uint32_t)t->info.n_item : 0;
  open_file(t, folder, "review.json");
  write_rows(t, yelp_row);
  for (int64_t k = t->info.n_interaction; k < rows && others; ++k) {
    snprintf(user, sizeof user, "v%021u", draw(users));
    snprintf(business, sizeof business, "b%021u", draw(others));
    yelp_review(t, user, business, -1, draw(3) > 0, 1500000000 + (int64_t)draw(150000000));
  }
  close_file(t);
  open_file(t, folder, "business.json");
  for (int64_t i = 0; i < t->info.n_item; ++i)
    yelp_business(t, throng_world_item_id(t->world, i), throng_world_item_name(t->world, i), "MO",
                  i);
  for (uint32_t k = 0; k < others; ++k) {
    snprintf(business, sizeof business, "b%021u", k);
    yelp_business(t, business, business, "PA", -1);
  }
  close_file(t);
}

static void anime_row(const twin *t, int64_t user, int64_t item, bool like, int64_t time) {
  (void)time;
  fprintf(t->out, "%" PRId64 ",%" PRId64 ",%d\n", user + 1, item + 1,
          like ? 6 + (int)draw(5) : 1 + (int)draw(5));
}

static void write_anime(twin *t, const char *folder) {
  open_file(t, folder, "rating.csv");
  fprintf(t->out, "user_id,anime_id,rating\n");
  write_rows(t, anime_row);
  close_file(t);
  open_file(t, folder, "anime.csv");
  fprintf(t->out, "anime_id,name,genre,type,episodes,rating,members\n");
  for (int64_t i = 0; i < t->info.n_item; ++i) {
    fprintf(t->out, "%" PRId64 ",\"%s\",\"", i + 1, throng_world_item_name(t->world, i));
    write_categories(t, i, "");
    fprintf(t->out, "\",TV,%u,%u.%02u,%u\n", 1 + draw(50), 5 + draw(4), draw(100),
            100 + draw(100000));
  }
  close_file(t);
}

int main(int argc, char **argv) {
  if (argc < 4) die("usage: raw_twin amazon|yelp|anime WORLD FOLDER [WORDS [ROWS USERS ITEMS]]");
  twin t = {.words = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : 200};
  if (t.words < 1 || t.words > 10000) die("WORDS: expected 1 to 10000");
  if (throng_world_open(argv[2], &t.world) != THRONG_OK) die("%s", throng_error_message());
  t.info = throng_world_get_info(t.world);
  make_text(&t);
  if (!strcmp(argv[1], "amazon"))
    write_amazon(&t, argv[3]);
  else if (!strcmp(argv[1], "yelp"))
    write_yelp(&t, argv[3], argc > 7 ? strtoll(argv[5], NULL, 10) : 0,
               argc > 7 ? (uint32_t)strtoul(argv[6], NULL, 10) : 1,
               argc > 7 ? (uint32_t)strtoul(argv[7], NULL, 10) : 0);
  else if (!strcmp(argv[1], "anime"))
    write_anime(&t, argv[3]);
  else
    die("%s: expected amazon, yelp or anime", argv[1]);
  throng_world_close(t.world);
  free(t.text);
  free(t.start);
  return 0;
}
