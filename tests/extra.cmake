# What the tests that drive the program need: the program.
foreach(name test_cli test_cli_votes test_cli_train)
  if(TARGET ${name} AND TARGET throng_program)
    add_dependencies(${name} throng_program)
  endif()
endforeach()
