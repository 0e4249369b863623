# The shared library's name and its symbols' version. Before 1.0 a minor version may change the
# interface, so that both carry it: libthrong.so.0.2, THRONG_0.2. From 1.0 on the major one will do.
if(PROJECT_VERSION_MAJOR EQUAL 0)
  set(THRONG_INTERFACE 0.${PROJECT_VERSION_MINOR})
else()
  set(THRONG_INTERFACE ${PROJECT_VERSION_MAJOR})
endif()
file(CONFIGURE OUTPUT throng.map @ONLY CONTENT "THRONG_@THRONG_INTERFACE@ { global: throng_*; local: *; };\n")
set_target_properties(throng PROPERTIES VERSION ${PROJECT_VERSION} SOVERSION ${THRONG_INTERFACE}
                      LINK_DEPENDS ${CMAKE_CURRENT_BINARY_DIR}/throng.map)
target_link_options(throng PRIVATE -Wl,--version-script=${CMAKE_CURRENT_BINARY_DIR}/throng.map)

# Headers say the version, too.
file(STRINGS include/throng/base.h THRONG_HEADER_VERSION REGEX "^#define THRONG_VERSION_(MAJOR|MINOR|PATCH) ")
list(TRANSFORM THRONG_HEADER_VERSION REPLACE "^.* " "")
list(JOIN THRONG_HEADER_VERSION "." THRONG_HEADER_VERSION)
if(NOT THRONG_HEADER_VERSION STREQUAL PROJECT_VERSION)
  message(FATAL_ERROR "include/throng/base.h says version ${THRONG_HEADER_VERSION}, CMakeLists.txt ${PROJECT_VERSION}")
endif()
