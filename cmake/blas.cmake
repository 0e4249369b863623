# libthrong_blas: OpenBLAS for throng alone; host/blas/openblas.c says why. Debian's archive of the
# variant that threads may share (libopenblas-pthread-dev), whatever /etc/alternatives points to.
find_library(OPENBLAS_ARCHIVE libopenblas.a PATH_SUFFIXES openblas-pthread REQUIRED)
find_path(OPENBLAS_INCLUDE cblas.h PATH_SUFFIXES ${CMAKE_LIBRARY_ARCHITECTURE}/openblas-pthread
          openblas-pthread REQUIRED)
# What its LAPACK asks of Fortran: the library itself, since only a compiler's package has the link.
find_library(GFORTRAN_LIBRARY libgfortran.so.5 REQUIRED)

# It is found from a program or library by a path that begins at that file: in the build tree, where
# it was installed, and where either is moved to. In a file, since no other way keeps the $ through
# every generator.
# look_in(TARGET|FOLDER PATH): where TARGET, or all targets of this folder from here on, find libraries.
function(look_in target path)
  string(MD5 name "${path}")
  set(file ${PROJECT_BINARY_DIR}/CMakeFiles/rpath-${name})
  file(WRITE ${file} "-rpath=${path}\n")
  if(target STREQUAL "FOLDER")
    add_link_options(-Wl,@${file})
  else()
    target_link_options(${target} PRIVATE -Wl,@${file})
  endif()
endfunction()

add_library(throng_blas SHARED host/blas/openblas.c)
target_include_directories(throng_blas PRIVATE host)
target_include_directories(throng_blas SYSTEM PRIVATE ${OPENBLAS_INCLUDE})
target_compile_definitions(throng_blas PRIVATE _GNU_SOURCE)
target_compile_options(throng_blas PRIVATE -Wall -Wextra -Wpedantic -fvisibility=hidden
                       $<$<BOOL:${THRONG_WERROR}>:-Werror>)
target_link_options(throng_blas PRIVATE
  -Wl,--wrap=sched_getaffinity -Wl,--gc-sections -Wl,-s
  -Wl,--version-script=${PROJECT_SOURCE_DIR}/host/blas/exports.map)
target_link_libraries(throng_blas PRIVATE ${OPENBLAS_ARCHIVE} ${GFORTRAN_LIBRARY} Threads::Threads m)
set_target_properties(throng_blas PROPERTIES
  VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
  LINK_DEPENDS ${PROJECT_SOURCE_DIR}/host/blas/exports.map)
