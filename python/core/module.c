/// The module throng._core: its types, its exceptions, and the functions of every area.
#include "core.h"

static struct PyModuleDef definition = {
    .m_base = PyModuleDef_HEAD_INIT,
    .m_name = "throng._core",
    .m_doc = "The C library's functions as throng's classes call them.",
    .m_size = -1,
};

PyMODINIT_FUNC PyInit__core(void);
PyMODINIT_FUNC PyInit__core(void) {
  PyMethodDef *const areas[] = {config_methods, world_methods,      sta_methods,
                                sim_methods,    population_methods, session_methods,
                                sweep_methods,  env_methods,        trained_methods};
  if (!throng_version_fits(THRONG_VERSION_MAJOR, THRONG_VERSION_MINOR)) {
    PyErr_Format(PyExc_ImportError, "throng: built for version %d.%d of its library, found %s",
                 THRONG_VERSION_MAJOR, THRONG_VERSION_MINOR, throng_version());
    return NULL;
  }
  PyObject *module = PyModule_Create(&definition);
  bool made = module && errors_add(module) && handles_add(module) && arrays_add(module) &&
              PyModule_AddStringConstant(module, "version", throng_version()) == 0;
  for (size_t k = 0; made && k < sizeof areas / sizeof *areas; ++k)
    made = PyModule_AddFunctions(module, areas[k]) == 0;
  if (!made) Py_CLEAR(module);
  return module;
}
