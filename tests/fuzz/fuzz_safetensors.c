/// Any bytes as a tensor file: refused with a message that names the file, or opened so that every
/// tensor can be found by its name and read to its last byte, and written again by our writer.
#include "base/safetensors.h"
#include "tensor_input.h"

static void read_tensor(const safetensors_file *file, const safetensors_tensor *t) {
  void *data;
  float *floats;
  must(safetensors_find(file, t->name) == t, "a tensor is found by its name");
  must(safetensors_read_all(file, t, &data) == THRONG_OK, "a tensor can be read");
  free(data);
  if (safetensors_read_float(file, t, &floats) == THRONG_OK) free(floats);
  must(safetensors_read(file, t, t->bytes, &data, 1) == THRONG_ERROR_ARGUMENT,
       "nothing is read beyond the end");
}

/// Declare what was read: the writer must accept every shape that the reader accepts.
static void write_again(const safetensors_file *file) {
  safetensors_writer *writer;
  must(safetensors_writer_create("/dev/null", &writer) == THRONG_OK, "a writer");
  for (size_t i = 0; i < safetensors_count(file); ++i) {
    const safetensors_tensor *t = safetensors_at(file, i);
    if (t->type < 0) continue;
    must(safetensors_writer_declare(writer, t->name, (tensor_type)t->type, t->rank, t->shape,
                                    NULL) == THRONG_OK,
         "what was read can be declared");
  }
  must(safetensors_writer_begin(writer) == THRONG_OK, "what was read can be written");
  safetensors_writer_abort(writer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  safetensors_file *file;
  throng_status status = safetensors_open(tensor_input_path(data, size), &file);
  if (status != THRONG_OK) {
    must(status == THRONG_ERROR_DATA && file == NULL, "a refusal is a data error");
    must(!strncmp(throng_error_message(), "/proc/self/fd/", 14), "an error names the file");
    return 0;
  }
  for (size_t i = 0; i < safetensors_count(file); ++i) read_tensor(file, safetensors_at(file, i));
  safetensors_metadata(file, "format");
  write_again(file);
  safetensors_close(file);
  return 0;
}
