# The device build: nvcc compiles the row functions of kernels/ for the GPUs that we name. Without
# nvcc the build is for the CPU only, and says so in one line.
if(NOT THRONG_CUDA)
  return()
endif()
if(NOT CMAKE_CUDA_COMPILER)
  find_program(THRONG_NVCC nvcc HINTS $ENV{CUDAToolkit_ROOT}/bin $ENV{CUDA_HOME}/bin
               PATHS /usr/local/cuda/bin)
  if(NOT THRONG_NVCC)
    if(THRONG_CUDA STREQUAL "REQUIRED")
      message(FATAL_ERROR "CUDA: nvcc was not found; set CUDAToolkit_ROOT, or use the release preset")
    endif()
    message(NOTICE "-- CUDA: no nvcc, so this build is for the CPU only")
    return()
  endif()
  set(CMAKE_CUDA_COMPILER ${THRONG_NVCC})
endif()
if(NOT CMAKE_CUDA_ARCHITECTURES)
  set(CMAKE_CUDA_ARCHITECTURES 80 90)
endif()
set(CMAKE_CUDA_STANDARD 17)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
enable_language(CUDA)
message(NOTICE "-- CUDA: ${CMAKE_CUDA_COMPILER_VERSION}, kernels for ${CMAKE_CUDA_ARCHITECTURES}")

add_library(throng_cuda_rows STATIC cuda/rows.cu)
target_include_directories(throng_cuda_rows PRIVATE kernels PUBLIC cuda)
target_compile_options(throng_cuda_rows PRIVATE
  -fmad=false  # one source of arithmetic rounds alike on every backend
  --expt-relaxed-constexpr
  -Xptxas=-v)  # registers and spills; the launcher below keeps them in a file
set(THRONG_CUDA_RESOURCES ${CMAKE_CURRENT_BINARY_DIR}/cuda-resources.log)
set_target_properties(throng_cuda_rows PROPERTIES
  CUDA_COMPILER_LAUNCHER "${CMAKE_CURRENT_SOURCE_DIR}/cuda/keep_resources.sh;${THRONG_CUDA_RESOURCES}")
