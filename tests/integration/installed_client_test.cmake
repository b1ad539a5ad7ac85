# Installs the client library into an empty prefix, builds a program against nothing but that, and runs it against no server.
# cmake -DBUILD=… -DSOURCE=… -DCOMPILER=… -P installed_client_test.cmake
set(work "${BUILD}/installed_client_test")
file(REMOVE_RECURSE "${work}")

function(must)
  execute_process(COMMAND ${ARGN} RESULT_VARIABLE result OUTPUT_VARIABLE output ERROR_VARIABLE output)
  if(NOT result EQUAL 0)
    message(FATAL_ERROR "${ARGN} ended with ${result}:\n${output}")
  endif()
endfunction()

must(${CMAKE_COMMAND} --install "${BUILD}" --component client --prefix "${work}/prefix")
foreach(file include/guichet/client/client.h share/guichet/proto/guichet/v1/classification.proto)
  if(NOT EXISTS "${work}/prefix/${file}")
    message(FATAL_ERROR "${file} was not installed")
  endif()
endforeach()
# The sources must not be needed: the installed package names no path of theirs.
file(GLOB packages "${work}/prefix/lib*/cmake/guichet/*.cmake" "${work}/prefix/lib/*/cmake/guichet/*.cmake")
foreach(package IN LISTS packages)
  file(READ "${package}" text)
  string(FIND "${text}" "${SOURCE}" found)
  if(NOT found EQUAL -1)
    message(FATAL_ERROR "${package} names the source folder")
  endif()
endforeach()

must(${CMAKE_COMMAND} -G Ninja -S "${SOURCE}/tests/integration/consumer" -B "${work}/build"
     "-DCMAKE_PREFIX_PATH=${work}/prefix" "-DCMAKE_CXX_COMPILER=${COMPILER}" "-DCMAKE_CXX_FLAGS=${FLAGS}")
must(${CMAKE_COMMAND} --build "${work}/build")

execute_process(COMMAND "${work}/build/consumer" 127.0.0.1:1 "Mon écran reste noir"
                RESULT_VARIABLE result ERROR_VARIABLE error)
if(NOT result EQUAL 1 OR NOT error STREQUAL "UNAVAILABLE\n")
  message(FATAL_ERROR "the consumer ended with ${result} and said: ${error}")
endif()
file(REMOVE_RECURSE "${work}")
