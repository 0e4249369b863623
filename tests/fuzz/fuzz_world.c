/// Any bytes as a world file: refused with a message that names the file, or a world of which
/// everything holds that the simulator's loops rely on.
#include "tensor_input.h"
#include "world/world.h"

static void look_around(const throng_world *w) {
  throng_world_info info = throng_world_get_info(w);
  must(info.n_like <= info.n_interaction, "likes are interactions");
  for (int64_t u = 0; u < info.n_user; ++u) {
    const int32_t *item;
    const uint8_t *like;
    const int64_t *time;
    int64_t n = throng_world_history(w, u, &item, &like, &time);
    for (int64_t k = 0; k < n; ++k)
      must(throng_world_item_name(w, item[k]) != NULL && like[k] <= 1, "a history names items");
    n = throng_world_later(w, u, &item, &like, &time);
    for (int64_t k = 0; k < n; ++k)
      must(throng_world_item_name(w, item[k]) != NULL && like[k] <= 1 && time[k] >= time[0],
           "a later part names items");
    must(throng_world_find_user(w, throng_world_user_id(w, u)) == u, "a user is found by id");
  }
  for (int64_t i = 0; i < info.n_item; ++i)
    must(throng_world_find_item(w, throng_world_item_id(w, i)) == i, "an item is found by id");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
  throng_world *world;
  throng_status status = throng_world_open(tensor_input_path(data, size), &world);
  if (status != THRONG_OK) {
    must(status == THRONG_ERROR_DATA && world == NULL, "a refusal is a data error");
    must(!strncmp(throng_error_message(), "/proc/self/fd/", 14), "an error names the file");
    return 0;
  }
  must(world_check(world, "input") == THRONG_OK, "what opens passes its check");
  must(throng_world_save(world, "/dev/null") == THRONG_OK, "what opens can be written");
  look_around(world);
  throng_world_close(world);
  return 0;
}
