# The `throng` program, and what it writes about itself: manual page and shell completions.
file(GLOB THRONG_PROGRAM_SOURCES CONFIGURE_DEPENDS host/cli/*.c)
add_executable(throng_program ${THRONG_PROGRAM_SOURCES})
# The static library, since the program uses inner functions that the shared one hides.
target_link_libraries(throng_program PRIVATE throng_static)
set_target_properties(throng_program PROPERTIES OUTPUT_NAME throng)
file(RELATIVE_PATH THRONG_LIBRARIES_FROM_PROGRAM /${CMAKE_INSTALL_BINDIR} /${CMAKE_INSTALL_LIBDIR})
# Where it is installed and where it is built, as one path: CMake would leave an empty element, the
# current folder, behind a build tree's path that it means to replace.
set_target_properties(throng_program PROPERTIES BUILD_WITH_INSTALL_RPATH ON
  INSTALL_RPATH "$ORIGIN/${THRONG_LIBRARIES_FROM_PROGRAM}:$ORIGIN")
# `throng info` says what it was built as; with sanitizers it is no build to measure.
target_compile_definitions(throng_program PRIVATE
  THRONG_BUILD_TYPE="$<CONFIG>$<$<BOOL:${THRONG_SANITIZE}>: with sanitizers>")

set(THRONG_GENERATED ${CMAKE_CURRENT_BINARY_DIR}/share)
set(THRONG_DOCUMENTS)
foreach(document "man:throng.1" "bash-completion:throng" "zsh-completion:_throng")
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
install(FILES configs/throng.schema.json DESTINATION ${CMAKE_INSTALL_DATADIR}/throng)
