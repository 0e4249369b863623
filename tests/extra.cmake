# What the tests that drive the program need: the program.
foreach(name test_cli test_cli_sweep test_blas test_cli_votes test_cli_locks test_cli_train test_cli_trials test_cli_bad_input test_llm_cli test_llm_server)
  if(TARGET ${name} AND TARGET throng_program)
    add_dependencies(${name} throng_program)
  endif()
endforeach()

# The examples, on the public interface and the shared library alone.
file(GLOB THRONG_EXAMPLES CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/examples/*.c)
foreach(source ${THRONG_EXAMPLES})
  get_filename_component(name ${source} NAME_WE)
  add_executable(example_${name} ${source})
  target_link_libraries(example_${name} PRIVATE throng)
  target_compile_options(example_${name} PRIVATE -Wall -Wextra -Wpedantic -Werror)
  add_test(NAME example_${name}
           COMMAND example_${name} ${CMAKE_CURRENT_BINARY_DIR}/example_${name}.safetensors)
  set_tests_properties(example_${name} PROPERTIES TIMEOUT 600)
  if(THRONG_SANITIZE)  # the library's sanitizers must be the program's too
    target_link_options(example_${name} PRIVATE -fsanitize=address,undefined)
  endif()
endforeach()

# What the tests of the language model's side ask: a real HTTP server that fails as it is told.
add_library(throng_test_http STATIC http/server.c)
target_link_libraries(throng_test_http PUBLIC throng_flags)
target_include_directories(throng_test_http PUBLIC ${CMAKE_CURRENT_SOURCE_DIR})
foreach(source ${THRONG_TESTS})
  get_filename_component(name ${source} NAME_WE)
  if(name MATCHES "^test_llm_")
    target_link_libraries(${name} PRIVATE throng_test_http)
  endif()
endforeach()

# OpenBLAS must have no threads even where it is asked for some.
set_tests_properties(test_blas PROPERTIES ENVIRONMENT "OPENBLAS_NUM_THREADS=8;OMP_NUM_THREADS=8")

# The same server as a program, for the checks that are scripts.
if(THRONG_HTTP)
  add_executable(test_http_serve http/serve.c)
  target_link_libraries(test_http_serve PRIVATE throng_test_http)
endif()
