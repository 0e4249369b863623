# What is wrong with a build though every test of the code passes: style, exported names, installing.
set(CHECKS ${CMAKE_CURRENT_SOURCE_DIR}/checks)
add_test(NAME check_style COMMAND ${CHECKS}/style.sh ${PROJECT_SOURCE_DIR})
add_test(NAME check_house COMMAND ${CHECKS}/house.sh ${PROJECT_SOURCE_DIR})
add_test(NAME check_launch COMMAND ${CHECKS}/launch.sh ${PROJECT_SOURCE_DIR} ${CMAKE_C_COMPILER})
add_test(NAME check_gpu_table COMMAND ${CHECKS}/gpu_table.sh ${PROJECT_SOURCE_DIR})
add_test(NAME check_pages COMMAND ${CHECKS}/pages.sh ${PROJECT_SOURCE_DIR})
# The site of `make docs`, where its tools are.
if(NOT THRONG_SANITIZE)
  add_test(NAME check_site COMMAND ${CHECKS}/site.sh ${PROJECT_SOURCE_DIR})
  set_tests_properties(check_site PROPERTIES SKIP_RETURN_CODE 77 TIMEOUT 600)
endif()
add_test(NAME check_public_api COMMAND ${CHECKS}/public_api.sh ${PROJECT_SOURCE_DIR}/include/throng)
# Reports of a sweep, of a run and of two runs, as tests leave them, in a browser where there is one, and by a parser
# of HTML that did not make them.
add_test(NAME check_browser COMMAND ${CHECKS}/browser.sh ${PROJECT_BINARY_DIR}/tests/report.html)
set_tests_properties(check_browser PROPERTIES SKIP_RETURN_CODE 77 FIXTURES_REQUIRED report_page)
set_tests_properties(test_sweep_report PROPERTIES FIXTURES_SETUP report_page)
add_test(NAME check_browser_run
         COMMAND ${CHECKS}/browser.sh ${PROJECT_BINARY_DIR}/tests/run_report.html curves policies fidelity exposure
                 keywords users config repeat)
add_test(NAME check_browser_runs
         COMMAND ${CHECKS}/browser.sh ${PROJECT_BINARY_DIR}/tests/runs_report.html curves sessions seeds config)
set_tests_properties(check_browser_run check_browser_runs
                     PROPERTIES SKIP_RETURN_CODE 77 FIXTURES_REQUIRED run_page TIMEOUT 600)
set_tests_properties(test_run_report PROPERTIES FIXTURES_SETUP run_page)
add_test(NAME check_sound_html
         COMMAND python3 ${CHECKS}/sound_html.py ${PROJECT_BINARY_DIR}/tests/report.html
                 ${PROJECT_BINARY_DIR}/tests/run_report.html ${PROJECT_BINARY_DIR}/tests/runs_report.html)
set_tests_properties(check_sound_html PROPERTIES FIXTURES_REQUIRED "report_page;run_page")
if(NOT THRONG_SANITIZE)
  add_test(NAME check_symbols
           COMMAND ${CHECKS}/symbols.sh $<TARGET_FILE:throng> ${PROJECT_SOURCE_DIR}/include/throng
                   ${PROJECT_SOURCE_DIR}/packaging/debian)
  add_test(NAME check_install
           COMMAND ${CHECKS}/install.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR} ${CMAKE_C_COMPILER})
  add_test(NAME check_dependencies COMMAND ${CHECKS}/dependencies.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  add_test(NAME check_documents COMMAND ${CHECKS}/documents.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  add_test(NAME check_page_code
           COMMAND ${CHECKS}/page_code.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR} ${CMAKE_C_COMPILER})
  add_test(NAME check_completion COMMAND ${CHECKS}/completion.sh $<TARGET_FILE_DIR:throng>/throng)
  # The archive of `make gpu-bundle` in a root where nothing is installed.
  add_test(NAME check_gpu_bundle
           COMMAND ${CHECKS}/gpu_bundle.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  set_tests_properties(check_gpu_bundle PROPERTIES TIMEOUT 900 SKIP_RETURN_CODE 77)
  # The archive of `make tarball` likewise.
  add_test(NAME check_tarball
           COMMAND ${CHECKS}/tarball.sh ${PROJECT_SOURCE_DIR} ${PROJECT_BINARY_DIR})
  set_tests_properties(check_tarball PROPERTIES TIMEOUT 600 SKIP_RETURN_CODE 77)
endif()
add_test(NAME check_workers
         COMMAND ${CHECKS}/workers.sh $<TARGET_FILE_DIR:throng>/throng
                 $<$<BOOL:${MPI_C_FOUND}>:$<TARGET_FILE_DIR:throng>/throng-mpi>)
set_tests_properties(check_workers PROPERTIES TIMEOUT 600)
if(TARGET throng_cuda_kernels)
  add_test(NAME check_cuda_resources
           COMMAND ${CHECKS}/cuda_resources.sh ${THRONG_CUDA_RESOURCES} ${PROJECT_SOURCE_DIR}/kernels
                   ${PROJECT_SOURCE_DIR}/cuda/row_table.c
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
if(NOT THRONG_SANITIZE)
  # SWEEPS=50 KILLS=20 by hand for the long form.
  add_test(NAME check_sweep_kill COMMAND ${CHECKS}/sweep_kill.sh $<TARGET_FILE_DIR:throng>/throng)
  set_tests_properties(check_sweep_kill PROPERTIES ENVIRONMENT "SWEEPS=3;KILLS=2" TIMEOUT 600)
endif()
