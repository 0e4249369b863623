# The CUDA backend: nvcc compiles the row functions of kernels/ and CUDA's own kernels for the GPUs
# that we name; the rest of cuda/ is C. Without nvcc the build is for the CPU only, and says so in
# one line.
# THRONG_CUDA_LIBRARY: a shared object of its own (libthrong_cuda), which libthrong opens when a GPU is
# first asked for: what a Python wheel holds.
set(THRONG_CUDA_LIBRARY_FILE libthrong_cuda.so.${THRONG_INTERFACE})
# throng_cuda_library(TARGET OBJECTS...): that object, of the backend's objects.
function(throng_cuda_library target)
  add_library(${target} SHARED ${PROJECT_SOURCE_DIR}/cuda/library.c ${ARGN})
  target_link_libraries(${target} PRIVATE throng_flags Threads::Threads)
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/cuda)
  target_compile_options(${target} PRIVATE -fvisibility=hidden)
  target_compile_definitions(${target} PRIVATE THRONG_CUDA_LIBRARY_VERSION="${PROJECT_VERSION}")
  set_target_properties(${target} PROPERTIES OUTPUT_NAME throng_cuda
                        VERSION ${PROJECT_VERSION} SOVERSION ${THRONG_INTERFACE})
endfunction()
if(THRONG_CUDA_LIBRARY)
  target_sources(throng_objects PRIVATE cuda/open_library.c)
  set_source_files_properties(${PROJECT_SOURCE_DIR}/cuda/open_library.c PROPERTIES
    COMPILE_DEFINITIONS "THRONG_CUDA_LIBRARY_FILE=\"${THRONG_CUDA_LIBRARY_FILE}\"")
endif()
macro(throng_without_cuda)
  if(NOT THRONG_CUDA_LIBRARY)
    add_library(throng_no_cuda OBJECT cuda/kind.c cuda/without_cuda.c)
    target_link_libraries(throng_no_cuda PRIVATE throng_flags)
    target_compile_options(throng_no_cuda PRIVATE -fvisibility=hidden)
    set_target_properties(throng_no_cuda PROPERTIES POSITION_INDEPENDENT_CODE ON)
    foreach(library throng throng_static)
      target_sources(${library} PRIVATE $<TARGET_OBJECTS:throng_no_cuda>)
    endforeach()
  endif()
endmacro()
if(NOT THRONG_CUDA)
  throng_without_cuda()
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
    throng_without_cuda()
    return()
  endif()
  set(CMAKE_CUDA_COMPILER ${THRONG_NVCC})
endif()
set(CMAKE_CUDA_STANDARD 17)
set(CMAKE_CUDA_STANDARD_REQUIRED ON)
enable_language(CUDA)
find_package(CUDAToolkit REQUIRED)
message(NOTICE "-- CUDA: ${CMAKE_CUDA_COMPILER_VERSION}, kernels for ${CMAKE_CUDA_ARCHITECTURES}")

file(GLOB THRONG_CUDA_KERNELS CONFIGURE_DEPENDS cuda/*.cu)
add_library(throng_cuda_kernels OBJECT ${THRONG_CUDA_KERNELS})
target_include_directories(throng_cuda_kernels PRIVATE . include cuda)
target_compile_options(throng_cuda_kernels PRIVATE
  -fmad=false  # one source of arithmetic rounds alike on every backend
  --expt-relaxed-constexpr
  -Xcompiler=-fvisibility=hidden
  -Xptxas=-v)  # registers and spills; the launcher below keeps them in files
set(THRONG_CUDA_RESOURCES ${CMAKE_CURRENT_BINARY_DIR}/cuda-resources)
set_target_properties(throng_cuda_kernels PROPERTIES
  POSITION_INDEPENDENT_CODE ON
  CUDA_COMPILER_LAUNCHER "${CMAKE_CURRENT_SOURCE_DIR}/cuda/keep_resources.sh;${THRONG_CUDA_RESOURCES}")

add_library(throng_cuda_host OBJECT cuda/backend_cuda.c cuda/blas_load.c cuda/device.c
            cuda/error.c cuda/kind.c cuda/row_table.c cuda/staging.c)
target_link_libraries(throng_cuda_host PRIVATE throng_flags)
target_include_directories(throng_cuda_host PRIVATE cuda)
target_include_directories(throng_cuda_host SYSTEM PRIVATE ${CUDAToolkit_INCLUDE_DIRS})
target_compile_options(throng_cuda_host PRIVATE -fvisibility=hidden)
target_compile_definitions(throng_cuda_host PRIVATE
  THRONG_CUDA_LIBRARIES="${CUDAToolkit_LIBRARY_DIR}")

# The runtime is linked in; cuBLAS is opened when it is first wanted, since a program must start on
# machines without it.
if(THRONG_CUDA_LIBRARY)
  throng_cuda_library(throng_cuda $<TARGET_OBJECTS:throng_cuda_kernels> $<TARGET_OBJECTS:throng_cuda_host>)
  target_link_libraries(throng_cuda PRIVATE CUDA::cudart_static)
  target_link_options(throng_cuda PRIVATE -Wl,--exclude-libs,ALL)
  return()
endif()
foreach(library throng throng_static)
  target_sources(${library} PRIVATE $<TARGET_OBJECTS:throng_cuda_kernels>
                 $<TARGET_OBJECTS:throng_cuda_host>)
endforeach()
target_link_libraries(throng PRIVATE CUDA::cudart_static)
target_link_options(throng PRIVATE -Wl,--exclude-libs,ALL)
target_link_libraries(throng_static PUBLIC CUDA::cudart_static)
