# guichet_sentencepiece: the static library that tools/setup.sh built against the system's protobuf-lite. Debian's own
# libsentencepiece bundles another protobuf and crashes beside gRPC.
set(dir "${GUICHET_DEPS}/sentencepiece")
if(NOT EXISTS "${dir}/lib/libsentencepiece.a")
  message(FATAL_ERROR "sentencepiece not found at ${dir}: run 'make setup'")
endif()
add_library(guichet_sentencepiece INTERFACE)
target_include_directories(guichet_sentencepiece SYSTEM INTERFACE "${dir}/include")
target_link_libraries(guichet_sentencepiece INTERFACE "${dir}/lib/libsentencepiece.a" protobuf-lite Threads::Threads)
add_library(guichet_sentencepiece_trainer INTERFACE)
target_link_libraries(guichet_sentencepiece_trainer INTERFACE "${dir}/lib/libsentencepiece_train.a" guichet_sentencepiece)
