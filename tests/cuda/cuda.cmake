# The CUDA backend without a GPU: the sources of cuda/ compiled for the CPU against cuda_on_cpu.h and
# linked into test programs of their own, where they take the place of the library's CUDA backend.
#   test_cuda_*      compare the backends (tests/cuda/test_cuda_*.c)
#   on_cuda_*        the tests of the stages themselves, with the emulated device as their "cpu"
set(CUDA_TESTS ${CMAKE_CURRENT_SOURCE_DIR}/cuda)
set(CUDA_SOURCES ${PROJECT_SOURCE_DIR}/cuda)
# Looking for uses of stacks that have ended gives every fiber a fake stack of megabytes, mapped and
# unmapped for each thread of the device: seven tenths of the sanitized tests' time.
set(CUDA_ON_CPU_ENVIRONMENT
    ASAN_OPTIONS=detect_stack_use_after_return=0:strict_string_checks=1)

file(GLOB CUDA_ON_CPU_KERNELS CONFIGURE_DEPENDS ${CUDA_SOURCES}/*.cu)
set_source_files_properties(${CUDA_ON_CPU_KERNELS} PROPERTIES LANGUAGE CXX)
add_library(cuda_on_cpu_kernels OBJECT ${CUDA_ON_CPU_KERNELS} ${CUDA_TESTS}/cuda_on_cpu_runtime.cpp
            ${CUDA_TESTS}/cuda_on_cpu_block.cpp)
target_compile_definitions(cuda_on_cpu_kernels PRIVATE THRONG_CUDA_ON_CPU)
target_compile_options(cuda_on_cpu_kernels PRIVATE -fno-math-errno -fno-trapping-math)
add_library(cuda_on_cpu_host OBJECT ${CUDA_SOURCES}/backend_cuda.c ${CUDA_SOURCES}/device.c
            ${CUDA_SOURCES}/error.c ${CUDA_SOURCES}/kind.c ${CUDA_SOURCES}/row_table.c ${CUDA_SOURCES}/staging.c
            ${CUDA_TESTS}/blas_on_cpu.c)
foreach(part cuda_on_cpu_kernels cuda_on_cpu_host)
  target_link_libraries(${part} PRIVATE throng_flags)
  target_include_directories(${part} BEFORE PRIVATE ${CUDA_TESTS} ${CUDA_TESTS}/include ${CUDA_SOURCES})
endforeach()

# The emulated device as the shared object that libthrong opens: for the Python package's tests.
throng_cuda_library(throng_cuda_on_cpu ${CUDA_TESTS}/plain_products.c $<TARGET_OBJECTS:cuda_on_cpu_kernels> $<TARGET_OBJECTS:cuda_on_cpu_host>)
target_include_directories(throng_cuda_on_cpu BEFORE PRIVATE ${CUDA_TESTS} ${CUDA_TESTS}/include)
set_target_properties(throng_cuda_on_cpu PROPERTIES LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/cuda_on_cpu)

# And a libthrong beside it that opens it, as a wheel's does (THRONG_CUDA_LIBRARY), of the same objects: a
# process whose LD_LIBRARY_PATH names the folder has both.
if(NOT THRONG_CUDA_LIBRARY)
  add_library(throng_opens_cuda SHARED ${CUDA_SOURCES}/open_library.c $<TARGET_OBJECTS:throng_objects>
              $<TARGET_OBJECTS:throng_messages> ${THRONG_ROWS_OBJECTS})
  target_link_libraries(throng_opens_cuda PRIVATE ${THRONG_DEPENDENCIES})
  target_include_directories(throng_opens_cuda PRIVATE ${CUDA_SOURCES})
  target_compile_options(throng_opens_cuda PRIVATE -fvisibility=hidden)
  target_compile_definitions(throng_opens_cuda PRIVATE THRONG_CUDA_LIBRARY_FILE="${THRONG_CUDA_LIBRARY_FILE}")
  target_link_options(throng_opens_cuda PRIVATE -Wl,--version-script=${PROJECT_BINARY_DIR}/throng.map)
  look_in(throng_opens_cuda "$ORIGIN/../..")  # libthrong_blas
  set_target_properties(throng_opens_cuda PROPERTIES OUTPUT_NAME throng VERSION ${PROJECT_VERSION}
                        SOVERSION ${THRONG_INTERFACE} LIBRARY_OUTPUT_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/cuda_on_cpu)
  add_dependencies(throng_opens_cuda throng_cuda_on_cpu)
endif()

function(cuda_on_cpu_program name)
  add_executable(${name} ${ARGN} ${CUDA_TESTS}/real_backend.c
                 $<TARGET_OBJECTS:cuda_on_cpu_kernels> $<TARGET_OBJECTS:cuda_on_cpu_host>)
  target_include_directories(${name} PRIVATE ${CUDA_TESTS} ${CUDA_TESTS}/include)
endfunction()

function(cuda_on_cpu_test name source)
  cuda_on_cpu_program(${name} ${source})
  target_link_libraries(${name} PRIVATE throng_test_shim throng_static)
  target_include_directories(${name} PRIVATE ${CMAKE_CURRENT_SOURCE_DIR}
                             ${CMAKE_CURRENT_SOURCE_DIR}/support)
  target_compile_definitions(${name} PRIVATE
    TEST_SOURCE_DIR="${CMAKE_CURRENT_SOURCE_DIR}" TEST_BINARY_DIR="${CMAKE_CURRENT_BINARY_DIR}" ${ARGN})
  add_test(NAME ${name} COMMAND ${name})
  set_tests_properties(${name} PROPERTIES TIMEOUT 1500 ENVIRONMENT "${CUDA_ON_CPU_ENVIRONMENT}")
endfunction()

file(GLOB CUDA_PARITY_TESTS CONFIGURE_DEPENDS ${CUDA_TESTS}/test_cuda_*.c)
foreach(source ${CUDA_PARITY_TESTS})
  get_filename_component(name ${source} NAME_WE)
  cuda_on_cpu_test(${name} ${source} CUDA_TEST_ON_CPU)
endforeach()

foreach(noun sim users published_env sim_copies sim_restart starts forks population_arrays evaluator fidelity train session_agents population population_slots options
             crew algorithm policy_gradient trpo export)
  cuda_on_cpu_test(on_cuda_${noun} ${CMAKE_CURRENT_SOURCE_DIR}/test_${noun}.c CUDA_IN_PLACE_OF_CPU)
  target_link_options(on_cuda_${noun} PRIVATE -Wl,--wrap=backend_cpu_open)
endforeach()

# Thousands of steps run the row functions: a barrier or a shuffle costs a fiber's switch here. What
# needs them has a test of its own against the rows, over fewer steps.
foreach(name test_cuda_sim test_cuda_agent test_cuda_memory test_cuda_failures on_cuda_sim on_cuda_sim_copies on_cuda_sim_restart on_cuda_starts on_cuda_forks
             on_cuda_population_arrays on_cuda_evaluator on_cuda_fidelity on_cuda_train on_cuda_session_agents
             on_cuda_population on_cuda_population_slots on_cuda_options on_cuda_crew on_cuda_algorithm
             on_cuda_policy_gradient on_cuda_trpo on_cuda_export)
  set_tests_properties(${name} PROPERTIES
    ENVIRONMENT "${CUDA_ON_CPU_ENVIRONMENT};THRONG_CUDA_PLAIN=1")
endforeach()

# The benchmarks, for what they do beside stepping: a device's memory is not theirs to touch.
foreach(bench sim agent)
  cuda_on_cpu_program(bench_${bench}_on_cuda ${PROJECT_SOURCE_DIR}/bench/bench_${bench}.c
                      ${PROJECT_SOURCE_DIR}/bench/bench.c)
  target_link_libraries(bench_${bench}_on_cuda PRIVATE throng_static)
  target_include_directories(bench_${bench}_on_cuda PRIVATE ${PROJECT_SOURCE_DIR}/bench)
endforeach()
add_test(NAME test_cuda_bench COMMAND ${CUDA_TESTS}/bench.sh $<TARGET_FILE:throng_program>
         $<TARGET_FILE:bench_sim_on_cuda> $<TARGET_FILE:bench_agent_on_cuda>)
set_tests_properties(test_cuda_bench PROPERTIES
  TIMEOUT 600 ENVIRONMENT "THRONG_CUDA_PLAIN=1")

# The same comparisons on a real device: gpu_test_cuda_*. On a machine without one they are skipped,
# saying why.
if(TARGET throng_cuda_kernels)
  list(FILTER CUDA_PARITY_TESTS EXCLUDE REGEX "test_cuda_failures")  # of the emulated device alone
  foreach(source ${CUDA_PARITY_TESTS})
    get_filename_component(name ${source} NAME_WE)
    add_executable(gpu_${name} ${source})
    target_link_libraries(gpu_${name} PRIVATE throng_test_shim throng_static)
    target_include_directories(gpu_${name} PRIVATE ${CUDA_TESTS} ${CUDA_SOURCES}
                               ${CMAKE_CURRENT_SOURCE_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/support)
    target_include_directories(gpu_${name} SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
    target_compile_definitions(gpu_${name} PRIVATE
      TEST_SOURCE_DIR="${CMAKE_CURRENT_SOURCE_DIR}" TEST_BINARY_DIR="${CMAKE_CURRENT_BINARY_DIR}")
    add_test(NAME gpu_${name} COMMAND gpu_${name})
    # One at a time: they share a device.
    set_tests_properties(gpu_${name} PROPERTIES LABELS gpu TIMEOUT 600 RUN_SERIAL ON)
  endforeach()
endif()
