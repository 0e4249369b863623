# What `make install` puts where: library, headers, program, and the two ways in which others find
# them (pkg-config and CMake packages).
add_library(throng::throng ALIAS throng)

install(TARGETS throng EXPORT throngTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
        INCLUDES DESTINATION ${CMAKE_INSTALL_INCLUDEDIR})
# For ours alone: in a folder where no loader or linker looks by itself, and without the name that -l finds.
install(TARGETS throng_blas EXPORT throngTargets
        LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}/throng NAMELINK_SKIP)
install(DIRECTORY include/throng DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} FILES_MATCHING PATTERN "*.h")

configure_package_config_file(cmake/throngConfig.cmake.in throngConfig.cmake
  INSTALL_DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/throng)
# Before 1.0 a minor version may change the interface.
write_basic_package_version_file(throngConfigVersion.cmake COMPATIBILITY SameMinorVersion)
install(EXPORT throngTargets NAMESPACE throng:: DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/throng)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/throngConfig.cmake
              ${CMAKE_CURRENT_BINARY_DIR}/throngConfigVersion.cmake
        DESTINATION ${CMAKE_INSTALL_LIBDIR}/cmake/throng)

# The prefix is known only when installing, and a staged tree may move: say where from here.
file(RELATIVE_PATH THRONG_PC_PREFIX
     /${CMAKE_INSTALL_LIBDIR}/pkgconfig /)
configure_file(cmake/throng.pc.in throng.pc @ONLY)
install(FILES ${CMAKE_CURRENT_BINARY_DIR}/throng.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
