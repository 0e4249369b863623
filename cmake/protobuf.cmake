# C code for host/report/tfevents.proto, made by protoc-c (Debian: protobuf-c-compiler). The
# generated code is compiled apart from ours, without our warnings.
find_program(PROTOC_C protoc-c REQUIRED DOC "protobuf-c's compiler (package protobuf-c-compiler)")
set(TFEVENTS_DIR ${CMAKE_CURRENT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${TFEVENTS_DIR})
add_custom_command(
  OUTPUT ${TFEVENTS_DIR}/tfevents.pb-c.c ${TFEVENTS_DIR}/tfevents.pb-c.h
  COMMAND ${PROTOC_C} --proto_path=${CMAKE_CURRENT_SOURCE_DIR}/host/report
          --c_out=${TFEVENTS_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/host/report/tfevents.proto
  DEPENDS host/report/tfevents.proto
  COMMENT "Generating TensorBoard's event messages")
add_library(throng_tfevents OBJECT ${TFEVENTS_DIR}/tfevents.pb-c.c)
target_link_libraries(throng_tfevents PRIVATE PkgConfig::PROTOBUF_C)
target_compile_options(throng_tfevents PRIVATE -w -fvisibility=hidden)
add_dependencies(throng_objects throng_tfevents)
target_include_directories(throng_objects SYSTEM PUBLIC ${TFEVENTS_DIR})
