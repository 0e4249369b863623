/// The inside of the synthetic world: tastes are planted in items and users, and everything that a
/// simulator sees (keywords, categories, histories) is drawn from them.
#ifndef THRONG_SYNTH_SYNTH_TRUTH_H
#define THRONG_SYNTH_SYNTH_TRUTH_H

#include "kernels/base/random.h"
#include "world/world.h"

/// What a stream of random numbers is for; the counter's second word.
typedef enum synth_stage {
  SYNTH_TASTE = 1,
  SYNTH_KEYWORD,
  SYNTH_ITEM,
  SYNTH_USER,
  SYNTH_LENGTH,
} synth_stage;

/// A stream of its own for each taste, keyword, item and user, so that what one of them draws never
/// moves another.
typedef struct synth_stream {
  uint32_t seed, stage, index, draw;
  int used;  // words of `words` taken; 4 at the start
  random_words words;
} synth_stream;

static inline synth_stream synth_stream_of(uint32_t seed, synth_stage stage, int64_t index) {
  return (synth_stream){
      .seed = seed, .stage = (uint32_t)stage, .index = (uint32_t)index, .used = 4};
}

static inline uint32_t synth_word(synth_stream *s) {
  if (s->used == 4) {
    s->words = random_draw(s->seed, RANDOM_SYNTH, s->draw++, s->stage, s->index, 0);
    s->used = 0;
  }
  return s->words.w[s->used++];
}

static inline int32_t synth_index(synth_stream *s, int32_t n) {
  return (int32_t)random_index(synth_word(s), (uint32_t)n);
}
static inline bool synth_chance(synth_stream *s, float p) {
  return random_bernoulli(synth_word(s), p) != 0;
}
static inline double synth_uniform(synth_stream *s) { return random_uniform(synth_word(s)); }
static inline float synth_normal(synth_stream *s) {
  uint32_t a = synth_word(s), b = synth_word(s);
  return random_normal(a, b);
}

/// A range of keywords: those of one taste, or those that fit any.
typedef struct synth_pool {
  int32_t first, count;
} synth_pool;

/// What the world was drawn from and does not tell.
typedef struct synth_truth {
  throng_synth_def def;
  synth_pool quality, nuisance;  // praise and complaints that fit any item
  synth_pool *praise;            // (n_taste)
  synth_pool *complaint;         // (n_taste)
  int32_t *main_taste;           // (n_item)
  int32_t *second_taste;         // (n_item) -1 where there is none
  float *quality_shift;          // (n_item) adds to everybody's affinity
  int32_t *taste_item;           // (n_item) items by main taste
  int32_t *taste_offset;         // (n_taste + 1) into taste_item
  double *popularity;            // (n_item) running sums within a taste, along taste_item
} synth_truth;

/// Share of an item that its second taste makes up, where it has one.
#define SYNTH_SECOND_SHARE 0.3f

/// Keywords with their embeddings, items with their tastes, names, categories and keyword sets.
throng_status synth_make_keywords(synth_truth *plan, throng_world *world);
throng_status synth_make_items(synth_truth *plan, throng_world *world);
/// Users and their histories. Errors: MEMORY, CANCELLED.
throng_status synth_make_users(const synth_truth *plan, throng_world *world,
                               const throng_progress *progress);
/// Move the last interactions of each user into the world's later part. Nothing but histories was
/// made of interactions: the keywords are planted. Errors: ARGUMENT (nobody has any), MEMORY.
throng_status synth_cut_later(const throng_synth_def *def, throng_world *world);
void synth_plan_free(synth_truth *plan);

/// Names that read as English. `number` counts within a taste (a keyword) or over all (an item).
void synth_praise_text(char *text, size_t size, int32_t taste, int32_t number);
void synth_complaint_text(char *text, size_t size, int32_t taste, int32_t number);
void synth_quality_text(char *text, size_t size, int32_t number);
void synth_nuisance_text(char *text, size_t size, int32_t number);
void synth_category_text(char *text, size_t size, int32_t category, int32_t n_taste);
void synth_item_text(char *text, size_t size, int32_t taste, synth_stream *stream);

#endif
