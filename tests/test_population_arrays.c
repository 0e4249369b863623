/// A population's arrays where they lie: those of a checkpoint, by name, type, shape and contents.
#include <stdio.h>
#include <stdlib.h>

#include "base/safetensors.h"
#include "support/agent_rig.h"
#include "throng_test.h"

enum { MOST = 256 };

/// Does the file hold the array as it lies?
static void compare(const agent_rig *rig, const safetensors_file *file, const throng_array *a) {
  const safetensors_tensor *t = safetensors_find(file, a->name);
  size_t bytes = (size_t)throng_dtype_size(a->dtype);
  int64_t step = 1;
  void *there, *here;
  if (!t) throng_test_fail(__FILE__, __LINE__, "the checkpoint has no %s", a->name);
  if (!t) return;
  EXPECT_EQ(t->rank, a->n_dim);
  for (int d = a->n_dim - 1; d >= 0; --d) {
    EXPECT_EQ(t->shape[d], a->shape[d]);
    EXPECT_EQ(a->stride[d], step);
    step *= a->shape[d];
  }
  bytes *= (size_t)step;
  ASSERT_EQ(t->bytes, bytes);
  ASSERT_OK(safetensors_read_all(file, t, &there));
  here = malloc(bytes);
  EXPECT_OK(rig->backend->ops->download(rig->backend, here, a->data, bytes));
  if (memcmp(here, there, bytes) != 0)
    throng_test_fail(__FILE__, __LINE__, "%s is not what the checkpoint holds", a->name);
  free(here);
  free(there);
}

static void follow(throng_head head, int32_t count) {
  const throng_sim_def sim = rig_sim_def(16, 8);
  throng_agent_def agent = rig_agent_def(head);
  static throng_array array[MOST];
  char path[4096];
  safetensors_file *file;
  agent_rig rig;
  agent.count = count;
  ASSERT_OK(rig_make(&rig, 1, &sim, &agent, 10000));
  const int64_t n = throng_population_arrays(rig.agent, MOST, array);
  ASSERT_TRUE(n > 20 && n < MOST);
  EXPECT_EQ(throng_population_arrays(rig.agent, 0, NULL), n);
  // Learning moves what lies there, and nothing is handed out anew.
  for (int t = 0; t < 30; ++t) ASSERT_OK(throng_population_train_step(rig.agent));
  ASSERT_OK(throng_backend_synchronize(rig.backend));
  snprintf(path, sizeof path, "%s/checkpoint.safetensors", throng_test_folder());
  ASSERT_OK(throng_population_save(rig.agent, path));
  ASSERT_OK(safetensors_open(path, &file));
  size_t others = 0;
  for (size_t i = 0; i < safetensors_count(file); ++i)
    others += !strncmp(safetensors_at(file, i)->name, "lane.", 5);
  EXPECT_EQ((size_t)n, safetensors_count(file) - others);
  for (int64_t k = 0; k < n; ++k) {
    EXPECT_TRUE(array[k].read_only);
#ifdef CUDA_IN_PLACE_OF_CPU
    EXPECT_EQ(array[k].device, THRONG_DEVICE_CUDA);
#else
    EXPECT_EQ(array[k].device, THRONG_DEVICE_CPU);
#endif
    compare(&rig, file, &array[k]);
  }
  const throng_array *user = throng_array_find(array, n, "weight.user");
  ASSERT_TRUE(user != NULL);
  EXPECT_EQ(user->shape[0], count);
  EXPECT_EQ(user->shape[1], rig.world.n_user);
  EXPECT_EQ(user->shape[2], agent.user_width);
  safetensors_close(file);
  rig_free(&rig);
}

TEST(population_arrays, they_are_a_checkpoints_arrays_for_one_agent_with_the_flat_head) {
  follow(THRONG_HEAD_FLAT, 1);
}

TEST(population_arrays, they_are_a_checkpoints_arrays_for_two_agents_with_the_two_tower_head) {
  follow(THRONG_HEAD_TWO_TOWER, 2);
}
