/// Checkpoints that are not what an agent wrote: what is damaged, out of range or does not fit
/// together is refused before anything is changed, and what is taken can be trained on.
#include "support/tiny_checkpoint.h"

#include <math.h>

enum { MUTATIONS = 2000 };

static uint32_t next_random(uint64_t *state) {
  *state = *state * 6364136223846793005u + 1442695040888963407u;
  return (uint32_t)(*state >> 33);
}

/// Some edits at once, most of them in the data: the header would mostly end to be one.
static void mutate(uint64_t *seed, uint8_t *data, size_t length) {
  uint64_t n;
  memcpy(&n, data, 8);
  int edits = 1 + (int)(next_random(seed) % 3);
  for (int k = 0; k < edits; ++k) {
    uint8_t edit[EDIT_BYTES];
    uint32_t at = next_random(seed);
    bool header = next_random(seed) % 8 == 0;
    at = header ? at % (uint32_t)(8 + n) : (uint32_t)(8 + n) + at % (uint32_t)(length - 8 - n);
    memcpy(edit, &at, 4);
    edit[4] = (uint8_t)next_random(seed);
    edit[5] = (uint8_t)next_random(seed);
    file_bytes_edit(data, length, edit);
  }
}

static uint64_t agent_hash(const tiny_checkpoint *c) {
  uint64_t weights, replay, lanes;
  EXPECT_OK(tensors_hash(&c->rig.agent->weights, &weights));
  EXPECT_OK(tensors_hash(&c->rig.agent->replay, &replay));
  EXPECT_OK(throng_sim_hash(c->rig.sim, &lanes));
  return weights ^ replay * 31 ^ lanes * 977;
}

static void try_mutations(int variant) {
  tiny_checkpoint c;
  ASSERT_OK(tiny_checkpoint_make(&c, variant));
  uint8_t *data = malloc(c.bytes.length);
  uint64_t seed = 12345 + (uint64_t)variant;
  int taken = 0, refused = 0, wrong = 0;
  for (int k = 0; k < MUTATIONS; ++k) {
    memcpy(data, c.bytes.data, c.bytes.length);
    mutate(&seed, data, c.bytes.length);
    if (!memcmp(data, c.bytes.data, c.bytes.length)) continue;
    // As it is, the checksum finds it, whatever was changed.
    uint64_t before = agent_hash(&c);
    wrong += throng_population_restore(c.rig.agent, file_bytes_path(data, c.bytes.length)) !=
             THRONG_ERROR_DATA;
    wrong += agent_hash(&c) != before;
    if (!file_bytes_sum(data, c.bytes.length)) continue;
    throng_status status = tiny_checkpoint_try(&c, data, c.bytes.length);
    taken += status == THRONG_OK;
    refused += status == THRONG_ERROR_DATA;
    wrong += status != THRONG_OK && (status != THRONG_ERROR_DATA || agent_hash(&c) != before);
  }
  EXPECT_EQ(wrong, 0);
  // Weights may be any numbers; indices, counts and clocks may not.
  EXPECT_GT(taken, MUTATIONS / 20);
  EXPECT_GT(refused, MUTATIONS / 5);
  free(data);
  tiny_checkpoint_free(&c);
}

TEST(checkpoint, a_changed_one_of_a_masked_two_tower_agent_is_refused_or_can_be_trained_on) {
  try_mutations(0);
}
TEST(checkpoint, a_changed_one_of_a_flat_agent_with_preferences_is_refused_or_can_be_trained_on) {
  try_mutations(1);
}

/// Where element `i` of a tensor stands in the bytes.
static uint8_t *element(const tiny_checkpoint *c, uint8_t *data, const char *name, size_t i) {
  safetensors_file *file;
  uint8_t *found = NULL;
  if (safetensors_open(file_bytes_path(c->bytes.data, c->bytes.length), &file) != THRONG_OK)
    return NULL;
  const safetensors_tensor *t = safetensors_find(file, name);
  if (t) found = data + t->offset + i * (size_t)(t->bytes / (uint64_t)t->elements);
  safetensors_close(file);
  return found;
}

TEST(checkpoint, a_changed_one_with_slates_partly_looked_at_is_refused_or_can_be_trained_on) {
  try_mutations(2);
}

typedef struct lie {
  int variant;
  const char *tensor;
  size_t at;
  int bytes;
  uint64_t bits;
  const char *message;
} lie;

TEST(checkpoint, every_number_that_indexes_counts_or_chooses_is_held_to_its_range_by_name) {
  static const lie lies[] = {
      {0, "lane.user", 1, 4, 6, "'lane.user', element 1 is 6, expected 0 to 5"},
      {0, "lane.user", 1, 4, 0xffffffff, "'lane.user', element 1 is -1"},
      {0, "lane.step", 0, 4, 7, "'lane.step', element 0 is 7, expected 0 to 6"},
      {0, "lane.step", 0, 4, 6, "lane 0: its episode has all of its steps"},
      {0, "lane.count", 2, 4, 0x7fffffff, "'lane.count', element 2 is 2147483647"},
      {0, "lane.count", 2, 4, 0, "lane 2: 'count' is not what its history and steps come to"},
      {0, "lane.initial_count", 0, 4, 0, "lane 0: 'initial_count' is not the length"},
      {0, "lane.history", 3, 4, 40, "'lane.history', element 3 is 40, expected 0 to 39"},
      {0, "lane.final_history", 3, 4, 40, "'lane.final_history', element 3 is 40"},
      {0, "lane.action", 0, 4, 20, "'lane.action', element 0 is 20, expected 0 to 19"},
      {0, "lane.ended", 3, 1, 3, "'lane.ended', element 3 is 3, expected 0 to 2"},
      {0, "lane.vote", 23, 1, 2, "lane 0: 'vote' holds what no vote can say"},
      {0, "lane.seen", 1, 4, 0xfffff, "lane 1: 'seen' marks more items than were shown"},
      {0, "lane.seen", 1, 4, 0x80000000, "lane 1: 'seen' marks an item that the world does not"},
      {0, "lane.sta_encoded", 0, 4, 0x7ffffff0, "'lane.sta_encoded', element 0 is"},
      {0, "lane.sta_state", 5, 4, 0x7fc00000, "'lane.sta_state', element 5 is nan, expected a fin"},
      {0, "lane.running_return", 0, 4, 0xbf800000, "'lane.running_return', element 0 is -1"},
      {2, "lane.examined", 1, 1, 2, "'lane.examined', element 1 is 2, expected 0 to 1"},
      {2, "lane.gap", 2, 4, 21, "'lane.gap', element 2 is 21, expected 0 to 20"},
      {2, "replay.examined", 4, 1, 2, "'replay.examined', element 4 is 2, expected 0 to 1"},
      {2, "replay.returned", 3, 1, 21, "'replay.returned', element 3 is 21, expected 0 to 20"},
      {1, "lane.preference", 0, 4, 0x7fffffff, "lane 0: 'preference' is not the sum over its hist"},
      {0, "replay.entry", 4, 4, 40, "'replay.entry', element 4 is 40, expected 0 to 39"},
      {0, "replay.user", 0, 4, 6, "'replay.user', element 0 is 6, expected 0 to 5"},
      {0, "replay.step", 0, 4, 6, "'replay.step', element 0 is 6, expected 0 to 5"},
      {0, "replay.ended", 0, 1, 9, "'replay.ended', element 0 is 9, expected 0 to 2"},
      {0, "replay.reward", 0, 4, 0x7f800000, "'replay.reward', element 0 is inf"},
      {0, "hyper.beta1", 1, 4, 0x3f800000, "'hyper.beta1', element 1 is 1, expected 0 to 0.99999"},
      {0, "hyper.tau", 0, 4, 0, "'hyper.tau', element 0 is 0"},
      {0, "hyper.epsilon_end", 0, 4, 0, "agent 0: agent.epsilon_end: an exponential schedule"},
      {0, "hyper.batch", 1, 8, 1 << 20, "'hyper.batch', element 1 is 1048576, expected 1 to"},
      {0, "hyper.loss", 0, 8, 2, "'hyper.loss', element 0 is 2, expected 0 to 1"},
      {0, "hyper.total_steps", 0, 8, 1ull << 63 | 1ull << 62,
       "'hyper.total_steps', element 0 is -2"},
      {0, "weight.hidden", 3, 4, 0x7f800000,
       "'weight.hidden', element 3 is inf, expected a finite"},
      {1, "target.item_vector", 0, 4, 0xffc00000, "'target.item_vector', element 0 is"},
      {0, "moment2.hidden", 0, 4, 0xbf800000, "'moment2.hidden', element 0 is -1, expected 0 to"},
      {0, "hyper.update_every", 1, 8, 0, "'hyper.update_every', element 1 is 0, expected 1 to"},
      {0, "clock.time", 0, 8, (uint64_t)-1, "'clock.time', element 0 is -1"},
      {0, "clock.time", 0, 8, 1ull << 52, "steps of 4 lanes are past 2^53 user-steps"},
      {0, "clock.steps", 1, 8, 10, "the clock of agent 1: 10 steps and a log from step 0 on, of 9"},
      {0, "clock.log_start", 1, 8, 11, "the clock of agent 1: 9 steps and a log from step 11 on"},
      {0, "clock.updates", 0, 8, 1ull << 40, "updates in 9 steps, expected at most 2 each"},
      {0, "clock.mark", 0, 8, 1000, "the target was copied at user-step 1000 of"},
      {0, "clock.state", 0, 4, 3, "'clock.state', element 0 is 3, expected 0 to 2"},
  };
  tiny_checkpoint c[3];
  for (int v = 0; v < 3; ++v) ASSERT_OK(tiny_checkpoint_make(&c[v], v));
  for (size_t k = 0; k < sizeof lies / sizeof *lies; ++k) {
    tiny_checkpoint *of = &c[lies[k].variant];
    uint8_t *data = malloc(of->bytes.length);
    memcpy(data, of->bytes.data, of->bytes.length);
    uint8_t *to = element(of, data, lies[k].tensor, lies[k].at);
    EXPECT_TRUE(to != NULL);
    if (to) memcpy(to, &lies[k].bits, (size_t)lies[k].bytes);
    EXPECT_TRUE(file_bytes_sum(data, of->bytes.length));
    uint64_t before = agent_hash(of);
    EXPECT_EQ(tiny_checkpoint_try(of, data, of->bytes.length), THRONG_ERROR_DATA);
    EXPECT_CONTAINS(throng_error_message(), lies[k].message);
    EXPECT_TRUE(agent_hash(of) == before);
    free(data);
  }
  for (int v = 0; v < 3; ++v) {
    EXPECT_OK(tiny_checkpoint_try(&c[v], c[v].bytes.data, c[v].bytes.length));
    tiny_checkpoint_free(&c[v]);
  }
}

TEST(checkpoint, weights_that_are_no_numbers_are_not_written_over_a_good_one) {
  tiny_checkpoint c;
  char path[512];
  snprintf(path, sizeof path, "%s/agent.safetensors", throng_test_folder());
  ASSERT_OK(tiny_checkpoint_make(&c, 1));
  ASSERT_OK(throng_population_save(c.rig.agent, path));
  c.rig.agent->weight.at[PARAMETER_HIDDEN][2] = NAN;
  EXPECT_EQ(throng_population_save(c.rig.agent, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "'weight.hidden', element 2 is");
  EXPECT_OK(throng_population_restore(c.rig.agent, path));
  tiny_checkpoint_free(&c);
}

TEST(checkpoint, lanes_of_other_weights_or_another_threshold_are_refused) {
  tiny_checkpoint c;
  ASSERT_OK(tiny_checkpoint_make(&c, 0));
  const char *path = file_bytes_path(c.bytes.data, c.bytes.length);
  c.sta->def.threshold = 0.25f;
  EXPECT_EQ(throng_population_restore(c.rig.agent, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "threshold 0.5, this one has f_sta");
  c.sta->def.threshold = 0.5f;
  c.sta->arrays.mix[1] += 0.25f;
  EXPECT_EQ(throng_population_restore(c.rig.agent, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "written by another simulator: it has f_sta ");
  c.sta->arrays.mix[1] -= 0.25f;
  EXPECT_OK(throng_population_restore(c.rig.agent, path));
  tiny_checkpoint_free(&c);
}

/// Take `option` out of the line of options in a file's header: what follows moves up, and spaces
/// behind the line keep the header's length.
static bool forget_option(uint8_t *data, size_t length, const char *option) {
  char *at = memmem(data, length, option, strlen(option));
  char *comma = at ? memchr(at, ',', 64) : NULL;
  char *end = at ? memchr(at, '"', 4096) : NULL;
  if (!comma || !end || comma > end) return false;
  const size_t n = (size_t)(comma + 2 - at);
  memmove(at, at + n, (size_t)(end + 1 - at) - n);
  memset(end + 1 - n, ' ', n);
  return file_bytes_sum(data, length);
}

TEST(checkpoint, of_before_an_option_of_each_agent_was_added_means_its_default) {
  tiny_checkpoint c;
  char path[512];
  double value;
  snprintf(path, sizeof path, "%s/before.safetensors", throng_test_folder());
  ASSERT_OK(tiny_checkpoint_make(&c, 1));
  // As of a program that has no max_grad_norm: neither in arrays nor in the line.
  tensor_set *hyper = &c.rig.agent->hyper;
  size_t k = 0;
  while (k < hyper->count && strcmp(hyper->tensor[k].name, "max_grad_norm") != 0) ++k;
  ASSERT_TRUE(k < hyper->count);
  const tensor last = hyper->tensor[hyper->count - 1], left_out = hyper->tensor[k];
  hyper->tensor[k] = last;
  --hyper->count;
  ASSERT_OK(throng_population_save(c.rig.agent, path));
  hyper->tensor[k] = left_out;
  hyper->tensor[hyper->count++] = last;
  file_bytes b = file_bytes_read(path);
  // The line says that it had one, so that its array is missed.
  EXPECT_EQ(throng_population_restore(c.rig.agent, file_bytes_path(b.data, b.length)),
            THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "'hyper.max_grad_norm' is missing");
  ASSERT_TRUE(forget_option(b.data, b.length, "max_grad_norm 10, "));
  ASSERT_OK(throng_population_set(c.rig.agent, 1, "max_grad_norm", 3));
  ASSERT_OK(throng_population_set(c.rig.agent, 1, "gamma", 0.5));
  ASSERT_OK(throng_population_restore(c.rig.agent, file_bytes_path(b.data, b.length)));
  EXPECT_OK(throng_population_get(c.rig.agent, 1, "max_grad_norm", &value));
  EXPECT_EQ(value, 10);
  EXPECT_EQ(((const float *)left_out.data)[1], 10);
  EXPECT_OK(throng_population_get(c.rig.agent, 1, "gamma", &value));
  EXPECT_EQ((float)value, 0.975f);
  EXPECT_OK(throng_population_train_step(c.rig.agent));
  free(b.data);
  tiny_checkpoint_free(&c);
}

/// The arrays of a set that files had before batches and the like could be an agent's own.
static tensor_set older(const tensor_set *all, tensor *room) {
  static const char *const later[] = {"batch", "updates", "buffer",     "n_step",
                                      "loss",  "epsilon", "double_dqn", "total_steps"};
  tensor_set set = *all;
  set.tensor = room;
  set.count = 0;
  for (size_t k = 0; k < all->count; ++k) {
    bool is_later = false;
    for (size_t j = 0; j < sizeof later / sizeof *later; ++j)
      is_later = is_later || !strcmp(all->tensor[k].name, later[j]);
    if (!is_later) room[set.count++] = all->tensor[k];
  }
  return set;
}

TEST(checkpoint, of_before_batches_were_an_agents_own_means_what_its_line_says) {
  tiny_checkpoint c;
  char path[512];
  double batch, gamma;
  tensor room[2][MOST_FIELDS];
  snprintf(path, sizeof path, "%s/before.safetensors", throng_test_folder());
  ASSERT_OK(tiny_checkpoint_make(&c, 0));
  throng_population *a = c.rig.agent;
  const double usual = a->def.batch;
  ASSERT_OK(throng_population_set(a, 1, "gamma", 0.5));
  const tensor_set hyper = a->hyper, intervals = a->intervals;
  a->hyper = older(&hyper, room[0]);
  a->intervals = older(&intervals, room[1]);
  EXPECT_EQ(a->hyper.count + a->intervals.count + 8, hyper.count + intervals.count);
  const throng_status saved = throng_population_save(a, path);
  a->hyper = hyper;
  a->intervals = intervals;
  ASSERT_OK(saved);
  ASSERT_OK(throng_population_set(a, 1, "batch", 1));
  ASSERT_OK(throng_population_set(a, 1, "gamma", 0.25));
  ASSERT_OK(options_take(a, 0, &a->own_def[0], 7));
  ASSERT_OK(throng_population_restore(a, path));
  EXPECT_OK(throng_population_get(a, 1, "batch", &batch));
  EXPECT_OK(throng_population_get(a, 1, "gamma", &gamma));
  EXPECT_EQ(batch, usual);
  EXPECT_EQ(a->option.batch[1], (int64_t)usual);
  EXPECT_EQ(gamma, 0.5);
  EXPECT_EQ(a->host.total_steps[0], (double)a->total_steps / a->n_agent);
  EXPECT_OK(throng_population_train_step(a));
  // Of now, but for one of the arrays: damaged.
  a->intervals = older(&intervals, room[1]);
  const throng_status damaged = throng_population_save(a, path);
  a->intervals = intervals;
  ASSERT_OK(damaged);
  EXPECT_EQ(throng_population_restore(a, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "is missing");
  tiny_checkpoint_free(&c);
}

TEST(checkpoint, it_says_what_computed_it) {
  tiny_checkpoint c;
  safetensors_file *file;
  ASSERT_OK(tiny_checkpoint_make(&c, 0));
  ASSERT_OK(safetensors_open(file_bytes_path(c.bytes.data, c.bytes.length), &file));
  const char *arithmetic = safetensors_metadata(file, "arithmetic");
  ASSERT_TRUE(arithmetic != NULL);
  EXPECT_STREQ(arithmetic, c.rig.backend->arithmetic);
  EXPECT_CONTAINS(arithmetic, "OpenBLAS");
  safetensors_close(file);
  tiny_checkpoint_free(&c);
}

/// f_sta's weights at the largest that a file may hold, with signs that let sums grow.
TEST(checkpoint, the_largest_weights_of_f_sta_give_numbers_and_larger_ones_are_refused) {
  tiny_checkpoint c;
  char path[512];
  snprintf(path, sizeof path, "%s/sta.safetensors", throng_test_folder());
  ASSERT_OK(tiny_checkpoint_make(&c, 0));
  for (int trial = 0; trial < 4; ++trial) {
    uint64_t seed = (uint64_t)trial;
    float *x = c.sta->parameters.block;
    for (size_t i = 0; i < c.sta->parameters.bytes / sizeof *x; ++i)
      x[i] = trial < 2 || next_random(&seed) % 2 ? (float)STA_WEIGHT_MOST : -(float)STA_WEIGHT_MOST;
    ASSERT_OK(throng_sta_save(c.sta, path));
    throng_sta *opened;
    ASSERT_OK(throng_sta_open(c.rig.backend, &c.rig.world, path, &opened));
    const int64_t offset[] = {0, 4};
    const int32_t user = 1, candidate = 3, item[] = {1, 2, 3, 4};
    const uint8_t like[] = {1, 0, 1, 1};
    float p = NAN;
    EXPECT_OK(throng_sta_score(opened, 1, &user, &candidate, offset, item, like, &p));
    EXPECT_TRUE(p >= 0 && p <= 1);
    throng_sta_close(opened);
  }
  c.sta->arrays.wq[1] = 3e30f;
  EXPECT_EQ(throng_sta_save(c.sta, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "'wq', element 1 is");
  EXPECT_CONTAINS(throng_error_message(), "expected -10000 to 10000");
  tiny_checkpoint_free(&c);
}
