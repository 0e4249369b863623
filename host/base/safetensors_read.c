/// Reading tensor files: the header is checked whole before a byte of data is read.
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/json.h"
#include "base/safetensors.h"
#include "base/safetensors_sum.h"

_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "tensor files are little-endian");

enum { SUM_BLOCK = 1 << 18 };  // stays in the second cache between reading and summing

struct safetensors_file {
  char *path;
  int fd;
  uint64_t size;
  cJSON *header;    // owns the names
  cJSON *metadata;  // within header, or NULL
  safetensors_tensor *tensor;
  size_t n_tensor;
  size_t *by_name;  // (n_tensor) numbers in the order of names
};

typedef struct dtype_entry {
  const char *name;
  int size;
  int type;
} dtype_entry;

static const dtype_entry dtypes[] = {
    {"BOOL", 1, -1},        {"U8", 1, TENSOR_U8},   {"I8", 1, -1},          {"F8_E5M2", 1, -1},
    {"F8_E4M3", 1, -1},     {"I16", 2, -1},         {"U16", 2, -1},         {"F16", 2, -1},
    {"BF16", 2, -1},        {"I32", 4, TENSOR_I32}, {"U32", 4, TENSOR_U32}, {"F32", 4, TENSOR_F32},
    {"F64", 8, TENSOR_F64}, {"I64", 8, TENSOR_I64}, {"U64", 8, TENSOR_U64},
};

static const dtype_entry *find_dtype(const char *name) {
  for (size_t i = 0; i < sizeof dtypes / sizeof *dtypes; ++i)
    if (!strcmp(dtypes[i].name, name)) return &dtypes[i];
  return NULL;
}

static throng_status read_at(const char *path, int fd, uint64_t offset, void *to, size_t bytes) {
  char *block = to;
  while (bytes > 0) {
    ssize_t got = pread(fd, block, bytes, (off_t)offset);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0)
      return throng_fail(THRONG_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
    if (got == 0)
      return throng_fail(THRONG_ERROR_DATA, "%s: ends at byte %llu, %zu more were expected", path,
                         (unsigned long long)offset, bytes);
    block += got;
    offset += (uint64_t)got;
    bytes -= (size_t)got;
  }
  return THRONG_OK;
}

/// "[2, 3]" for messages.
static const char *shape_text(char *text, size_t size, int rank, const int64_t *shape) {
  size_t at = (size_t)snprintf(text, size, "[");
  for (int d = 0; d < rank && at < size; ++d)
    at += (size_t)(shape[d] < 0 ? snprintf(text + at, size - at, "%s?", d ? ", " : "")
                                : snprintf(text + at, size - at, "%s%lld", d ? ", " : "",
                                           (long long)shape[d]));
  if (at < size) snprintf(text + at, size - at, "]");
  return text;
}

static throng_status parse_shape(const char *path, const cJSON *list, int size,
                                 safetensors_tensor *t) {
  if (!cJSON_IsArray(list))
    return throng_fail(THRONG_ERROR_DATA, "%s: tensor '%s': no list 'shape'", path, t->name);
  // A zero anywhere makes the product zero, but the others must still be sane.
  uint64_t product = (uint64_t)size;
  bool empty = false;
  for (const cJSON *c = list->child; c; c = c->next) {
    int64_t length;
    if (t->rank == SAFETENSORS_MAX_RANK)
      return throng_fail(THRONG_ERROR_DATA, "%s: tensor '%s': more than %d dimensions", path,
                         t->name, SAFETENSORS_MAX_RANK);
    if (!json_integer(c, &length) || length < 0)
      return throng_fail(THRONG_ERROR_DATA,
                         "%s: tensor '%s': shape holds something else than whole numbers >= 0",
                         path, t->name);
    t->shape[t->rank++] = length;
    if (length == 0)
      empty = true;
    else if (__builtin_mul_overflow(product, (uint64_t)length, &product) || product > INT64_MAX)
      return throng_fail(THRONG_ERROR_DATA, "%s: tensor '%s': shape is larger than any file", path,
                         t->name);
  }
  t->bytes = empty ? 0 : product;
  t->elements = (int64_t)(t->bytes / (uint64_t)size);
  return THRONG_OK;
}

static throng_status parse_tensor(const char *path, const cJSON *entry, uint64_t data_start,
                                  safetensors_tensor *t) {
  char text[256];
  t->name = entry->string;
  if (!cJSON_IsObject(entry) || cJSON_GetArraySize(entry) != 3)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: tensor '%s': expected an object of dtype, shape and data_offsets", path,
                       t->name);
  const cJSON *dtype = cJSON_GetObjectItemCaseSensitive(entry, "dtype");
  const dtype_entry *known = cJSON_IsString(dtype) ? find_dtype(dtype->valuestring) : NULL;
  if (!known)
    return throng_fail(THRONG_ERROR_DATA, "%s: tensor '%s': dtype '%s' is not known", path, t->name,
                       cJSON_IsString(dtype) ? dtype->valuestring : "(none)");
  t->dtype = known->name;
  t->type = known->type;
  THRONG_TRY(parse_shape(path, cJSON_GetObjectItemCaseSensitive(entry, "shape"), known->size, t));
  const cJSON *offsets = cJSON_GetObjectItemCaseSensitive(entry, "data_offsets");
  int64_t begin, end;
  if (!cJSON_IsArray(offsets) || cJSON_GetArraySize(offsets) != 2 ||
      !json_integer(offsets->child, &begin) || !json_integer(offsets->child->next, &end) ||
      begin < 0 || end < begin)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: tensor '%s': expected data_offsets [begin, end], 0 <= begin <= end",
                       path, t->name);
  if ((uint64_t)(end - begin) != t->bytes)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: tensor '%s': data_offsets [%lld, %lld] hold %lld bytes, expected %llu "
                       "for %s %s",
                       path, t->name, (long long)begin, (long long)end, (long long)(end - begin),
                       (unsigned long long)t->bytes, t->dtype,
                       shape_text(text, sizeof text, t->rank, t->shape));
  t->offset = data_start + (uint64_t)begin;
  return THRONG_OK;
}

static int compare_offset(const void *a, const void *b) {
  const safetensors_tensor *x = a, *y = b;
  if (x->offset != y->offset) return x->offset < y->offset ? -1 : 1;
  if (x->bytes != y->bytes) return x->bytes < y->bytes ? -1 : 1;
  return strcmp(x->name, y->name);
}

static int compare_name(const void *a, const void *b, void *tensors) {
  const safetensors_tensor *tensor = tensors;
  return strcmp(tensor[*(const size_t *)a].name, tensor[*(const size_t *)b].name);
}

/// No holes, no overlap, nothing after the last.
static throng_status check_layout(const safetensors_file *file, uint64_t data_start) {
  uint64_t at = data_start;
  for (size_t i = 0; i < file->n_tensor; ++i) {
    const safetensors_tensor *t = &file->tensor[i];
    if (t->offset != at)
      return throng_fail(
          THRONG_ERROR_DATA, "%s: tensor '%s': data_offsets begin at %llu, expected %llu (%s)",
          file->path, t->name, (unsigned long long)(t->offset - data_start),
          (unsigned long long)(at - data_start),
          t->offset < at ? "it overlaps the one before" : "there is a hole before it");
    at += t->bytes;
  }
  if (at == file->size) return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA, "%s: has %llu bytes, its header promises %llu%s",
                     file->path, (unsigned long long)file->size, (unsigned long long)at,
                     at > file->size ? " (cut off?)" : "");
}

static throng_status check_metadata(const safetensors_file *file) {
  if (!file->metadata) return THRONG_OK;
  if (!cJSON_IsObject(file->metadata))
    return throng_fail(THRONG_ERROR_DATA, "%s: __metadata__ is not an object", file->path);
  for (const cJSON *c = file->metadata->child; c; c = c->next)
    if (!cJSON_IsString(c))
      return throng_fail(THRONG_ERROR_DATA, "%s: __metadata__ '%s': expected a string", file->path,
                         c->string);
  return THRONG_OK;
}

static throng_status parse_header(safetensors_file *file, const char *text, size_t length) {
  uint64_t data_start = 8 + (uint64_t)length;
  char place[512];
  snprintf(place, sizeof place, "%s (header)", file->path);
  if (length == 0 || text[0] != '{')
    return throng_fail(THRONG_ERROR_DATA, "%s: header does not begin with '{': not safetensors",
                       file->path);
  THRONG_TRY(json_parse(place, 1, text, length, JSON_STRICT, &file->header));
  file->metadata = cJSON_GetObjectItemCaseSensitive(file->header, "__metadata__");
  THRONG_TRY(check_metadata(file));
  size_t most = (size_t)cJSON_GetArraySize(file->header);
  THRONG_TRY(throng_alloc((void **)&file->tensor, most, sizeof *file->tensor, file->path));
  THRONG_TRY(throng_alloc((void **)&file->by_name, most, sizeof *file->by_name, file->path));
  for (const cJSON *c = file->header->child; c; c = c->next) {
    if (c == file->metadata) continue;
    THRONG_TRY(parse_tensor(file->path, c, data_start, &file->tensor[file->n_tensor]));
    ++file->n_tensor;
  }
  qsort(file->tensor, file->n_tensor, sizeof *file->tensor, compare_offset);
  for (size_t i = 0; i < file->n_tensor; ++i) file->by_name[i] = i;
  qsort_r(file->by_name, file->n_tensor, sizeof *file->by_name, compare_name, file->tensor);
  return check_layout(file, data_start);
}

static throng_status sum_tensor(const safetensors_file *file, const safetensors_tensor *t,
                                char *block, uint64_t *out) {
  sum_state *state = sum_state_create();
  throng_status status =
      state ? THRONG_OK
            : throng_fail(THRONG_ERROR_MEMORY, "%s: no memory for its checksum", file->path);
  for (uint64_t at = 0; status == THRONG_OK && at < t->bytes; at += SUM_BLOCK) {
    size_t part = t->bytes - at < SUM_BLOCK ? (size_t)(t->bytes - at) : SUM_BLOCK;
    status = read_at(file->path, file->fd, t->offset + at, block, part);
    if (status == THRONG_OK) sum_state_add(state, block, part);
  }
  if (status == THRONG_OK) *out = sum_state_value(state);
  sum_state_free(state);
  return status;
}

static throng_status compare_sum(const safetensors_file *file, const char *header, size_t length,
                                 uint64_t sum) {
  char digits[SAFETENSORS_SUM_DIGITS + 1];
  safetensors_sum_text(sum, digits);
  const char *found = header + SAFETENSORS_SUM_AT;
  if (!memcmp(found, digits, SAFETENSORS_SUM_DIGITS) && found[SAFETENSORS_SUM_DIGITS] == '"' &&
      length > SAFETENSORS_SUM_AT + SAFETENSORS_SUM_DIGITS)
    return THRONG_OK;
  return throng_fail(THRONG_ERROR_DATA,
                     "%s: its checksum is %.*s and its contents come to %s: damaged since it was "
                     "written (or changed by another program, which must then leave '%s' out of "
                     "the metadata)",
                     file->path, SAFETENSORS_SUM_DIGITS, found, digits, SAFETENSORS_SUM_KEY);
}

/// Compare the contents with the checksum, where there is one: every byte is read once.
static throng_status check_sum(const safetensors_file *file, const char *header, size_t length) {
  sum_presence presence = safetensors_sum_look(header, length);
  if (presence == SUM_DAMAGED)
    return throng_fail(THRONG_ERROR_DATA, "%s: its header's beginning, the checksum, is damaged",
                       file->path);
  if (presence == SUM_NONE && safetensors_metadata(file, SAFETENSORS_SUM_KEY))
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: its checksum is not where it was written: another program rewrote the "
                       "file and must leave '%s' out of the metadata",
                       file->path, SAFETENSORS_SUM_KEY);
  if (presence == SUM_NONE) return THRONG_OK;
  void *sums = NULL, *block = NULL;
  uint64_t sum;
  throng_status status;
  THRONG_TRY_GOTO(throng_alloc(&sums, file->n_tensor, sizeof(uint64_t), file->path));
  THRONG_TRY_GOTO(throng_alloc(&block, SUM_BLOCK, 1, file->path));
  for (size_t i = 0; i < file->n_tensor; ++i)
    THRONG_TRY_GOTO(sum_tensor(file, &file->tensor[i], block, (uint64_t *)sums + i));
  THRONG_TRY_GOTO(safetensors_sum(header, length, sums, file->n_tensor, &sum));
  status = compare_sum(file, header, length, sum);
done:
  free(sums);
  free(block);
  return status;
}

static throng_status open_and_parse(safetensors_file *file) {
  struct stat facts;
  uint64_t length;
  char *text;
  if (fstat(file->fd, &facts) != 0)
    return throng_fail(THRONG_ERROR_IO, "%s: cannot be read: %s", file->path, strerror(errno));
  if (!S_ISREG(facts.st_mode)) return throng_fail(THRONG_ERROR_IO, "%s: is not a file", file->path);
  file->size = (uint64_t)facts.st_size;
  if (file->size < 8)
    return throng_fail(THRONG_ERROR_DATA, "%s: has %llu bytes, safetensors have 8 at least",
                       file->path, (unsigned long long)file->size);
  THRONG_TRY(read_at(file->path, file->fd, 0, &length, sizeof length));
  if (length > SAFETENSORS_MAX_HEADER)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: header of %llu bytes, expected at most %d: not safetensors", file->path,
                       (unsigned long long)length, SAFETENSORS_MAX_HEADER);
  if (length > file->size - 8)
    return throng_fail(THRONG_ERROR_DATA,
                       "%s: header of %llu bytes, but only %llu are left (cut off?)", file->path,
                       (unsigned long long)length, (unsigned long long)(file->size - 8));
  THRONG_TRY(throng_alloc((void **)&text, (size_t)length, 1, file->path));
  throng_status status = read_at(file->path, file->fd, 8, text, (size_t)length);
  if (status == THRONG_OK) status = parse_header(file, text, (size_t)length);
  if (status == THRONG_OK) status = check_sum(file, text, (size_t)length);
  free(text);
  return status;
}

throng_status safetensors_open(const char *path, safetensors_file **out) {
  void *block;
  *out = NULL;
  THRONG_TRY(throng_alloc(&block, 1, sizeof(safetensors_file), path));
  safetensors_file *file = block;
  file->path = strdup(path);
  // A pipe in the file's place must not be waited for: it is told apart after opening.
  file->fd = file->path ? open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK) : -1;
  throng_status status;
  if (!file->path)
    status = throng_fail(THRONG_ERROR_MEMORY, "%s: no memory for its name", path);
  else if (file->fd < 0)
    status = throng_fail(THRONG_ERROR_IO, "%s: cannot be read: %s", path, strerror(errno));
  else
    status = open_and_parse(file);
  if (status == THRONG_OK)
    *out = file;
  else
    safetensors_close(file);
  return status;
}

void safetensors_close(safetensors_file *file) {
  if (!file) return;
  if (file->fd >= 0) close(file->fd);
  cJSON_Delete(file->header);
  free(file->tensor);
  free(file->by_name);
  free(file->path);
  free(file);
}

const char *safetensors_path(const safetensors_file *file) { return file->path; }
size_t safetensors_count(const safetensors_file *file) { return file->n_tensor; }
const safetensors_tensor *safetensors_at(const safetensors_file *file, size_t i) {
  return &file->tensor[i];
}

const safetensors_tensor *safetensors_find(const safetensors_file *file, const char *name) {
  size_t low = 0, high = file->n_tensor;
  while (low < high) {
    size_t middle = low + (high - low) / 2;
    const safetensors_tensor *t = &file->tensor[file->by_name[middle]];
    int order = strcmp(t->name, name);
    if (order == 0) return t;
    if (order < 0)
      low = middle + 1;
    else
      high = middle;
  }
  return NULL;
}

const char *safetensors_metadata(const safetensors_file *file, const char *key) {
  if (!file->metadata) return NULL;
  const cJSON *value = cJSON_GetObjectItemCaseSensitive(file->metadata, key);
  return value ? value->valuestring : NULL;
}

throng_status safetensors_require(const safetensors_file *file, const char *name, tensor_type type,
                                  int rank, const int64_t *shape, const safetensors_tensor **out) {
  char expected[256], found[256];
  const safetensors_tensor *t = *out = safetensors_find(file, name);
  if (!t)
    return throng_fail(THRONG_ERROR_DATA, "%s: tensor '%s' is missing, expected %s %s", file->path,
                       name, tensor_type_name(type),
                       shape_text(expected, sizeof expected, rank, shape));
  bool same = t->type == (int)type && t->rank == rank;
  for (int d = 0; same && d < rank; ++d) same = shape[d] < 0 || shape[d] == t->shape[d];
  if (same) return THRONG_OK;
  *out = NULL;
  return throng_fail(THRONG_ERROR_DATA, "%s: tensor '%s' is %s %s, expected %s %s", file->path,
                     name, t->dtype, shape_text(found, sizeof found, t->rank, t->shape),
                     tensor_type_name(type), shape_text(expected, sizeof expected, rank, shape));
}

throng_status safetensors_read(const safetensors_file *file, const safetensors_tensor *tensor,
                               uint64_t at, void *to, size_t bytes) {
  if (at > tensor->bytes || bytes > tensor->bytes - at)
    return throng_fail(THRONG_ERROR_ARGUMENT, "%s: tensor '%s' has %llu bytes, %zu from %llu asked",
                       file->path, tensor->name, (unsigned long long)tensor->bytes, bytes,
                       (unsigned long long)at);
  return read_at(file->path, file->fd, tensor->offset + at, to, bytes);
}

throng_status safetensors_read_all(const safetensors_file *file, const safetensors_tensor *tensor,
                                   void **out) {
  THRONG_TRY(throng_alloc(out, (size_t)tensor->bytes, 1, tensor->name));
  throng_status status = safetensors_read(file, tensor, 0, *out, (size_t)tensor->bytes);
  if (status != THRONG_OK) {
    free(*out);
    *out = NULL;
  }
  return status;
}

/// IEEE 754 half precision.
static float half_to_float(uint16_t half) {
  int exponent = half >> 10 & 31, fraction = half & 1023;
  double magnitude = exponent == 31 ? (fraction ? (double)NAN : (double)INFINITY)
                     : exponent     ? ldexp(1024 + fraction, exponent - 25)
                                    : ldexp(fraction, -24);
  return (float)(half >> 15 ? -magnitude : magnitude);
}

static float element_to_float(const char *dtype, const char *from) {
  uint16_t half;
  uint32_t bits;
  float single;
  double full;
  if (!strcmp(dtype, "F64")) {
    memcpy(&full, from, sizeof full);
    return (float)full;
  }
  if (!strcmp(dtype, "F16")) {
    memcpy(&half, from, sizeof half);
    return half_to_float(half);
  }
  memcpy(&half, from, sizeof half);  // BF16: the upper half of a float
  bits = (uint32_t)half << 16;
  memcpy(&single, &bits, sizeof single);
  return single;
}

throng_status safetensors_read_float(const safetensors_file *file, const safetensors_tensor *tensor,
                                     float **out) {
  *out = NULL;
  if (!strcmp(tensor->dtype, "F32")) return safetensors_read_all(file, tensor, (void **)out);
  if (strcmp(tensor->dtype, "F64") != 0 && strcmp(tensor->dtype, "F16") != 0 &&
      strcmp(tensor->dtype, "BF16") != 0)
    return throng_fail(THRONG_ERROR_DATA, "%s: tensor '%s' is %s, expected F32, F64, F16 or BF16",
                       file->path, tensor->name, tensor->dtype);
  void *raw;
  THRONG_TRY(safetensors_read_all(file, tensor, &raw));
  throng_status status =
      throng_alloc((void **)out, (size_t)tensor->elements, sizeof **out, tensor->name);
  size_t size = tensor->elements ? (size_t)tensor->bytes / (size_t)tensor->elements : 1;
  for (int64_t i = 0; status == THRONG_OK && i < tensor->elements; ++i)
    (*out)[i] = element_to_float(tensor->dtype, (const char *)raw + (size_t)i * size);
  free(raw);
  return status;
}
