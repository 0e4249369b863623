/// What agents of a setup take of a backend's memory.
#include "base/status.h"
#include "crew/crew.h"
#include "train/train_memory.h"

throng_status crew_local_plan(throng_backend *backend, const throng_world *world,
                              const throng_sta *sta, const crew_setup *setup, double *agent_bytes,
                              double *shared_bytes, int64_t *most) {
  train_room room;
  throng_train_def def = setup->train;
  def.yardsticks = false;
  THRONG_TRY(train_find_room(backend, world, sta, NULL, &setup->sim, &setup->agent, &def, &room));
  *agent_bytes = room.agent_bytes;
  *shared_bytes = room.shared_bytes;
  *most = room.most;
  return THRONG_OK;
}
