# The `throng` program, and what it writes about itself: manual page and shell completions.
file(GLOB THRONG_PROGRAM_SOURCES CONFIGURE_DEPENDS host/cli/*.c)
add_executable(throng_program ${THRONG_PROGRAM_SOURCES})
# The static library, since the program uses inner functions that the shared one hides.
target_link_libraries(throng_program PRIVATE throng_static)
set_target_properties(throng_program PROPERTIES OUTPUT_NAME throng)
# libthrong_blas: beside it in the build tree, or where it is installed.
file(RELATIVE_PATH THRONG_LIBRARIES_FROM_PROGRAM /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR}/throng)
look_in(throng_program "$ORIGIN:$ORIGIN/${THRONG_LIBRARIES_FROM_PROGRAM}")
# `throng info` says what it was built as; with sanitizers it is no build to measure.
target_compile_definitions(throng_program PRIVATE
  THRONG_BUILD_TYPE="$<CONFIG>$<$<BOOL:${THRONG_SANITIZE}>: with sanitizers>")

# The same program as ranks of an MPI job; a program of its own, so that the other needs no MPI.
if(THRONG_MPI)
  find_package(MPI COMPONENTS C QUIET)
endif()
if(THRONG_MPI AND MPI_C_FOUND)
  add_executable(throng_mpi $<TARGET_OBJECTS:throng_program> host/deal/mpi.c)
  target_link_libraries(throng_mpi PRIVATE throng_static MPI::MPI_C)
  set_target_properties(throng_mpi PROPERTIES OUTPUT_NAME throng-mpi)
  look_in(throng_mpi "$ORIGIN:$ORIGIN/${THRONG_LIBRARIES_FROM_PROGRAM}")
  install(TARGETS throng_mpi RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

set(THRONG_GENERATED ${CMAKE_CURRENT_BINARY_DIR}/share)
set(THRONG_DOCUMENTS)
foreach(document "man:throng.1" "bash-completion:throng" "zsh-completion:_throng"
                 "fish-completion:throng.fish")
  string(REPLACE ":" ";" document ${document})
  list(GET document 0 kind)
  list(GET document 1 name)
  add_custom_command(
    OUTPUT ${THRONG_GENERATED}/${name}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${THRONG_GENERATED}
    COMMAND throng_program --generate ${kind} > ${THRONG_GENERATED}/${name}
    DEPENDS throng_program VERBATIM
    COMMENT "Writing ${name}")
  list(APPEND THRONG_DOCUMENTS ${THRONG_GENERATED}/${name})
endforeach()
add_custom_target(throng_documents ALL DEPENDS ${THRONG_DOCUMENTS})

install(TARGETS throng_program RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
install(FILES ${THRONG_GENERATED}/throng.1 DESTINATION ${CMAKE_INSTALL_MANDIR}/man1)
install(FILES ${THRONG_GENERATED}/throng
        DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions)
install(FILES ${THRONG_GENERATED}/_throng
        DESTINATION ${CMAKE_INSTALL_DATADIR}/zsh/site-functions)
install(FILES ${THRONG_GENERATED}/throng.fish
        DESTINATION ${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d)
# The configs where --help and README name them from: cd PREFIX/share/throng. Prompts: prompts.cmake.
install(DIRECTORY configs DESTINATION ${CMAKE_INSTALL_DATADIR}/throng
        USE_SOURCE_PERMISSIONS FILES_MATCHING PATTERN "*.json" PATTERN "*.sh" PATTERN prompts EXCLUDE)
install(DIRECTORY examples/tutorial DESTINATION ${CMAKE_INSTALL_DATADIR}/throng/examples FILES_MATCHING PATTERN "*.csv")
install(FILES README.md LICENSE CHANGELOG.md CITATION.cff SECURITY.md DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(DIRECTORY docs DESTINATION ${CMAKE_INSTALL_DOCDIR}
        FILES_MATCHING PATTERN "*.md" PATTERN "*.svg" PATTERN site EXCLUDE)
install(DIRECTORY examples DESTINATION ${CMAKE_INSTALL_DOCDIR} FILES_MATCHING PATTERN "*.c" PATTERN python EXCLUDE PATTERN tutorial EXCLUDE)
