# guichet_torch: imported targets over the PyPI wheel's libtorch. The wheel's own CMake package demands a CUDA toolkit for
# CUDA builds; this needs only the files in the wheel, for the CPU and the CUDA build alike.
#
# The wheel's include directory also carries parts of protobuf and fmt, so it goes last (-idirafter): system headers win.
find_path(GUICHET_TORCH_DIR NAMES lib/libtorch_cpu.so
  PATHS "${GUICHET_DEPS}/torch/torch" "$ENV{GUICHET_TORCH_DIR}" NO_DEFAULT_PATH
  DOC "The torch/ folder of an unpacked wheel")
if(NOT GUICHET_TORCH_DIR)
  message(FATAL_ERROR "libtorch not found under ${GUICHET_DEPS}/torch: run 'make setup', or pass "
                      "-DGUICHET_TORCH_DIR=<site-packages>/torch")
endif()
set(torch_lib "${GUICHET_TORCH_DIR}/lib")
# Another wheel in the same place: configure again.
if(EXISTS "${GUICHET_DEPS}/torch.stamp")
  set_property(DIRECTORY "${CMAKE_SOURCE_DIR}" APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${GUICHET_DEPS}/torch.stamp")
endif()

add_library(guichet_torch INTERFACE)
target_compile_options(guichet_torch INTERFACE
  "SHELL:-idirafter ${GUICHET_TORCH_DIR}/include" "SHELL:-idirafter ${GUICHET_TORCH_DIR}/include/torch/csrc/api/include"
  # Our warnings stay strict, but -idirafter headers are not system headers everywhere.
  -Wno-unused-parameter)
# An installed program finds libtorch beside it; in the build tree CMake's own run path leads to the wheel.
target_link_options(guichet_torch INTERFACE "LINKER:-rpath-link,${torch_lib}")
install(DIRECTORY "${torch_lib}/" DESTINATION lib/guichet/torch/lib
  FILES_MATCHING PATTERN "*.so*" PATTERN "*python*" EXCLUDE PATTERN "libshm*" EXCLUDE)
if(EXISTS "${GUICHET_TORCH_DIR}/../nvidia")
  install(DIRECTORY "${GUICHET_TORCH_DIR}/../nvidia" DESTINATION lib/guichet FILES_MATCHING PATTERN "*.so*")
endif()
set(CMAKE_INSTALL_RPATH "$ORIGIN/../lib/guichet/torch/lib;$ORIGIN/../../lib/guichet/torch/lib")
target_link_libraries(guichet_torch INTERFACE "${torch_lib}/libtorch_cpu.so" "${torch_lib}/libc10.so" Threads::Threads)
# The OpenMP runtime in the wheel, whose threads libtorch computes with: what of ours uses them links this one, since a second
# runtime would bring threads of its own. Not with clang, which calls another, nor under the thread sanitizer, which cannot see
# the runtime's barriers; there such code runs on one thread.
file(GLOB torch_openmp "${torch_lib}/libgomp*.so*")
if(torch_openmp AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND NOT GUICHET_SANITIZE MATCHES "thread")
  list(GET torch_openmp 0 GUICHET_TORCH_OPENMP)
endif()
if(EXISTS "${torch_lib}/libtorch_cuda.so")
  # Nothing of ours calls into libtorch_cuda by name: it registers its kernels when loaded, so it must stay linked.
  target_link_libraries(guichet_torch INTERFACE
    "-Wl,--no-as-needed,${torch_lib}/libtorch_cuda.so,${torch_lib}/libc10_cuda.so,--as-needed")
  message(STATUS "libtorch: CUDA build at ${GUICHET_TORCH_DIR}")
else()
  message(STATUS "libtorch: CPU build at ${GUICHET_TORCH_DIR}")
endif()
