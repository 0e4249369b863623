# What is wrong with a build though every test of the code passes: style, exported names, installing.
set(CHECKS ${CMAKE_CURRENT_SOURCE_DIR}/checks)
add_test(NAME check_style COMMAND ${CHECKS}/style.sh ${PROJECT_SOURCE_DIR})
add_test(NAME check_gpu_table COMMAND ${CHECKS}/gpu_table.sh ${PROJECT_SOURCE_DIR})
if(NOT THRONG_SANITIZE)
  add_test(NAME check_symbols
           COMMAND ${CHECKS}/symbols.sh $<TARGET_FILE:throng> ${PROJECT_SOURCE_DIR}/include/throng)
  add_test(NAME check_install
           COMMAND ${CHECKS}/install.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR} ${CMAKE_C_COMPILER})
endif()
if(TARGET throng_cuda_kernels)
  add_test(NAME check_cuda_resources
           COMMAND ${CHECKS}/cuda_resources.sh ${THRONG_CUDA_RESOURCES} ${PROJECT_SOURCE_DIR}/kernels
                   ${CMAKE_CUDA_ARCHITECTURES})
endif()
if(NOT THRONG_SANITIZE)
  set(hardened 0)
  if(THRONG_HARDEN AND CMAKE_BUILD_TYPE STREQUAL "Release" AND CMAKE_C_FLAGS_RELEASE MATCHES "-O[1-3s]")
    set(hardened 1)
  endif()
  add_test(NAME check_hardening
           COMMAND ${CHECKS}/hardening.sh ${hardened} $<TARGET_FILE:throng_program> $<TARGET_FILE:throng>)
  # Compiled by Debian for the most part.
  add_test(NAME check_hardening_blas COMMAND ${CHECKS}/hardening.sh 0 $<TARGET_FILE:throng_blas>)
endif()
