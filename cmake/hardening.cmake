# What a release carries against faults that tests did not find. Nothing here changes a result's bits
# (tests/golden, tests/checks/hardening.sh). What it costs is in bench/results (bench/README.md).
#   protector: a canary behind each array on the stack     clash: no jump over the guard page
#   FORTIFY: sizes checked where the compiler knows them   relro, now: tables read-only after loading
#   cf-protection (x86): landing marks and shadow stacks, where system and start-up objects have them
option(THRONG_HARDEN "Compile and link releases with the compilers' protections" ON)
# FORTIFY wants an optimising compiler, and sanitizers do all of this themselves.
if(THRONG_HARDEN AND NOT THRONG_SANITIZE AND CMAKE_C_FLAGS_RELEASE MATCHES "-O[1-3s]")
  set(THRONG_FORTIFY 3)
  if(CMAKE_C_COMPILER_ID STREQUAL "GNU" AND CMAKE_C_COMPILER_VERSION VERSION_LESS 12)
    set(THRONG_FORTIFY 2)
  endif()
  set(release_code $<AND:$<CONFIG:Release>,$<COMPILE_LANGUAGE:C,CXX>>)
  target_compile_options(throng_flags INTERFACE
    $<${release_code}:-fstack-protector-strong>
    $<${release_code}:-fstack-clash-protection>
    $<${release_code}:-U_FORTIFY_SOURCE>
    $<${release_code}:-D_FORTIFY_SOURCE=${THRONG_FORTIFY}>)
  if(CMAKE_SYSTEM_PROCESSOR MATCHES "x86_64|AMD64")
    target_compile_options(throng_flags INTERFACE $<${release_code}:-fcf-protection=full>)
  endif()
endif()
if(THRONG_HARDEN)
  set(THRONG_LINK_HARDENING -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack)
  add_link_options(${THRONG_LINK_HARDENING})
  target_link_options(throng_blas PRIVATE ${THRONG_LINK_HARDENING})  # made before this file is read
  include(CheckPIESupported)
  check_pie_supported(LANGUAGES C CXX)
endif()
