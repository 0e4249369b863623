/// Tensor sets: allocation, saving, loading and hashing on memory the host may or may not touch.
#include <stdio.h>
#include <stdlib.h>

#include "base/safetensors.h"
#include "base/tensors.h"
#include "cpu/backend_cpu.h"
#include "throng_test.h"

static const char *in_folder(const char *name) {
  static char path[4096];
  snprintf(path, sizeof path, "%s/%s", throng_test_folder(), name);
  return path;
}

typedef struct arrays {
  tensor_set set;
  float *weight;
  int32_t *step;
  uint8_t *flag;
  int64_t *none;
} arrays;

static throng_status arrays_create(arrays *a, throng_backend *backend) {
  *a = (arrays){0};
  THRONG_TRY(tensors_add(&a->set, &a->weight, TENSOR_F32, TENSOR_SHAPE(3, 5), "layer%d.weight", 0));
  THRONG_TRY(tensors_add(&a->set, &a->step, TENSOR_I32, 0, NULL, "step"));
  THRONG_TRY(tensors_add(&a->set, &a->flag, TENSOR_U8, TENSOR_SHAPE(7), "flag"));
  THRONG_TRY(tensors_add(&a->set, &a->none, TENSOR_I64, TENSOR_SHAPE(0, 9), "none"));
  THRONG_TRY(tensors_allocate(&a->set, backend, "test arrays"));
  for (int i = 0; i < 15; ++i) a->weight[i] = (float)i * 0.5f;
  *a->step = 77;
  for (int i = 0; i < 7; ++i) a->flag[i] = (uint8_t)(i * 3);
  return THRONG_OK;
}

static throng_backend *cpu(void) {
  throng_backend *backend = NULL;
  EXPECT_OK(backend_cpu_open(1, &backend));
  return backend;
}

/// Read back what tensors_save wrote, as checkpoints do.
static throng_status load(tensor_set *const *set, const char *const *prefix, int n_set,
                          const char *path) {
  safetensors_file *file;
  THRONG_TRY(safetensors_open(path, &file));
  throng_status status = tensors_check_file(set, prefix, n_set, file);
  if (status == THRONG_OK) status = tensors_read_file(set, prefix, n_set, file);
  safetensors_close(file);
  return status;
}

TEST(tensors, every_array_is_zeroed_aligned_to_64_bytes_and_apart_from_the_others) {
  throng_backend *backend = cpu();
  arrays a;
  ASSERT_OK(arrays_create(&a, backend));
  EXPECT_EQ((uintptr_t)a.weight % 64, 0);
  EXPECT_EQ((uintptr_t)a.step % 64, 0);
  EXPECT_EQ((uintptr_t)a.flag % 64, 0);
  EXPECT_GE((char *)a.step - (char *)a.weight, 60);
  EXPECT_TRUE(a.none != NULL);
  EXPECT_EQ(tensor_elements(tensors_find(&a.set, "layer0.weight")), 15);
  EXPECT_EQ(tensor_bytes(tensors_find(&a.set, "none")), 0);
  EXPECT_EQ(tensor_bytes(tensors_find(&a.set, "step")), 4);
  EXPECT_TRUE(tensors_find(&a.set, "layer1.weight") == NULL);
  tensors_free(&a.set);
  throng_backend_close(backend);
}

TEST(tensors, a_bad_registration_is_an_error_that_names_the_tensor) {
  tensor_set set = {0};
  float *slot;
  EXPECT_OK(tensors_add(&set, &slot, TENSOR_F32, TENSOR_SHAPE(1), "a"));
  EXPECT_EQ(tensors_add(&set, &slot, TENSOR_F32, TENSOR_SHAPE(1), "a"), THRONG_ERROR_ARGUMENT);
  EXPECT_CONTAINS(throng_error_message(), "'a' is registered twice");
  EXPECT_EQ(tensors_add(&set, &slot, TENSOR_F32, TENSOR_SHAPE(-1), "b"), THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(tensors_add(&set, &slot, TENSOR_F32, TENSOR_SHAPE(INT64_MAX, 4), "c"),
            THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(tensors_add(&set, &slot, TENSOR_F32, TENSOR_SHAPE(1, 1, 1, 1, 1), "d"),
            THRONG_ERROR_ARGUMENT);
  EXPECT_EQ(tensors_add(&set, &slot, TENSOR_F32, TENSOR_SHAPE(1), "%0100d", 1),
            THRONG_ERROR_ARGUMENT);
  tensors_free(&set);
}

TEST(tensors, two_sets_with_prefixes_come_back_from_a_file_bit_for_bit) {
  throng_backend *backend = cpu();
  arrays a, b, c, d;
  ASSERT_OK(arrays_create(&a, backend));
  ASSERT_OK(arrays_create(&b, backend));
  ASSERT_OK(arrays_create(&c, backend));
  ASSERT_OK(arrays_create(&d, backend));
  b.weight[4] = -9;
  for (int i = 0; i < 15; ++i) c.weight[i] = d.weight[i] = 0;
  const char *path = in_folder("two.safetensors");
  const char *const prefix[] = {"a.", "b."};
  const char *const metadata[] = {"format", "test", NULL};
  ASSERT_OK(tensors_save((const tensor_set *[]){&a.set, &b.set}, prefix, 2, metadata, path));
  ASSERT_OK(load((tensor_set *[]){&c.set, &d.set}, prefix, 2, path));
  uint64_t ha, hb, hc, hd;
  ASSERT_OK(tensors_hash(&a.set, &ha));
  ASSERT_OK(tensors_hash(&b.set, &hb));
  ASSERT_OK(tensors_hash(&c.set, &hc));
  ASSERT_OK(tensors_hash(&d.set, &hd));
  EXPECT_TRUE(ha == hc);
  EXPECT_TRUE(hb == hd);
  EXPECT_FALSE(ha == hb);
  tensors_free(&a.set);
  tensors_free(&b.set);
  tensors_free(&c.set);
  tensors_free(&d.set);
  throng_backend_close(backend);
}

TEST(tensors, a_file_that_lacks_an_array_or_has_one_more_is_refused_and_nothing_is_overwritten) {
  throng_backend *backend = cpu();
  arrays a;
  tensor_set more = {0};
  float *extra;
  ASSERT_OK(arrays_create(&a, backend));
  ASSERT_OK(tensors_add(&more, &extra, TENSOR_F32, TENSOR_SHAPE(2), "extra"));
  ASSERT_OK(tensors_allocate(&more, backend, "extra"));
  const char *path = in_folder("x.safetensors");
  ASSERT_OK(tensors_save((const tensor_set *[]){&a.set, &more}, NULL, 2, NULL, path));
  a.weight[0] = 123;
  EXPECT_EQ(load((tensor_set *[]){&a.set}, NULL, 1, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "x.safetensors: tensor 'extra' is not expected here");
  ASSERT_OK(tensors_save((const tensor_set *[]){&a.set}, NULL, 1, NULL, path));
  EXPECT_EQ(load((tensor_set *[]){&a.set, &more}, NULL, 2, path), THRONG_ERROR_DATA);
  EXPECT_CONTAINS(throng_error_message(), "'extra' is missing, expected F32 [2]");
  EXPECT_NEAR(a.weight[0], 123, 0);
  tensors_free(&a.set);
  tensors_free(&more);
  throng_backend_close(backend);
}

/// A stand-in for a device: the set must reach its memory through upload and download only, in
/// pieces of bounded size.
static size_t largest_piece;
static throng_status counted_copy(throng_backend *backend, void *to, const void *from,
                                  size_t bytes) {
  (void)backend;
  if (bytes > largest_piece) largest_piece = bytes;
  memcpy(to, from, bytes);
  return THRONG_OK;
}

TEST(tensors, memory_that_the_host_may_not_touch_is_saved_loaded_and_hashed_in_bounded_pieces) {
  throng_backend *backend = cpu();
  backend_ops ops = *backend->ops;
  ops.upload = ops.download = counted_copy;
  throng_backend device = *backend;
  device.ops = &ops;
  device.host_memory = false;
  tensor_set near = {0}, far = {0};
  int64_t *x, *y;
  const int64_t n = 1300007;
  ASSERT_OK(tensors_add(&near, &x, TENSOR_I64, TENSOR_SHAPE(n), "x"));
  ASSERT_OK(tensors_add(&far, &y, TENSOR_I64, TENSOR_SHAPE(n), "x"));
  ASSERT_OK(tensors_allocate(&near, backend, "near"));
  ASSERT_OK(tensors_allocate(&far, &device, "far"));
  for (int64_t i = 0; i < n; ++i) x[i] = i * i;
  const char *path = in_folder("far.safetensors");
  ASSERT_OK(tensors_save((const tensor_set *[]){&near}, NULL, 1, NULL, path));
  largest_piece = 0;
  ASSERT_OK(load((tensor_set *[]){&far}, NULL, 1, path));
  EXPECT_EQ(memcmp(x, y, (size_t)n * 8), 0);
  EXPECT_GT(largest_piece, 0);
  EXPECT_LE(largest_piece, 8 << 20);
  uint64_t a, b;
  ASSERT_OK(tensors_hash(&near, &a));
  ASSERT_OK(tensors_hash(&far, &b));
  EXPECT_TRUE(a == b);
  ASSERT_OK(
      tensors_save((const tensor_set *[]){&far}, NULL, 1, NULL, in_folder("again.safetensors")));
  memset(x, 0, (size_t)n * 8);
  ASSERT_OK(load((tensor_set *[]){&near}, NULL, 1, in_folder("again.safetensors")));
  EXPECT_EQ(memcmp(x, y, (size_t)n * 8), 0);
  tensors_free(&near);
  tensors_free(&far);
  throng_backend_close(backend);
}
