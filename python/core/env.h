/// Environments: a simulator's lanes with the buffers that every step fills, and the three ways in
/// which Gymnasium lets an ended lane begin again.
#ifndef THRONG_PYTHON_ENV_H
#define THRONG_PYTHON_ENV_H

typedef struct env env;
void env_free(env *e);

#endif
