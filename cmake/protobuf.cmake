# C code for the messages of TensorBoard's events and of ONNX models, made by protoc-c (Debian:
# protobuf-c-compiler). The generated code is compiled apart from ours, without our warnings.
find_program(PROTOC_C protoc-c REQUIRED DOC "protobuf-c's compiler (package protobuf-c-compiler)")
set(MESSAGES_DIR ${CMAKE_CURRENT_BINARY_DIR}/generated)
file(MAKE_DIRECTORY ${MESSAGES_DIR})
set(MESSAGES)
foreach(proto report/tfevents export/onnx)
  get_filename_component(folder host/${proto} DIRECTORY)
  get_filename_component(name ${proto} NAME)
  add_custom_command(
    OUTPUT ${MESSAGES_DIR}/${name}.pb-c.c ${MESSAGES_DIR}/${name}.pb-c.h
    COMMAND ${PROTOC_C} --proto_path=${CMAKE_CURRENT_SOURCE_DIR}/${folder}
            --c_out=${MESSAGES_DIR} ${CMAKE_CURRENT_SOURCE_DIR}/${folder}/${name}.proto
    DEPENDS ${folder}/${name}.proto
    COMMENT "Generating the messages of ${name}.proto")
  list(APPEND MESSAGES ${MESSAGES_DIR}/${name}.pb-c.c)
endforeach()
add_library(throng_messages OBJECT ${MESSAGES})
target_link_libraries(throng_messages PRIVATE PkgConfig::PROTOBUF_C)
target_compile_options(throng_messages PRIVATE -w -fvisibility=hidden)
add_dependencies(throng_objects throng_messages)
target_include_directories(throng_objects SYSTEM PUBLIC ${MESSAGES_DIR})
