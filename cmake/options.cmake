# guichet_options: what every target of ours is compiled with. Third-party code never gets these.
add_library(guichet_options INTERFACE)
target_include_directories(guichet_options INTERFACE "${CMAKE_SOURCE_DIR}")
target_compile_features(guichet_options INTERFACE cxx_std_20)
target_compile_options(guichet_options INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual -Wold-style-cast
  -Wimplicit-fallthrough $<$<BOOL:${GUICHET_WERROR}>:-Werror>)
# g++ 12 sees overlapping copies in `"\n" + std::string` at -O3 that are not there (GCC bug 105651).
if(CMAKE_CXX_COMPILER_ID STREQUAL GNU AND CMAKE_CXX_COMPILER_VERSION VERSION_LESS 13)
  target_compile_options(guichet_options INTERFACE $<$<NOT:$<CONFIG:Debug>>:-Wno-restrict>)
endif()
if(CMAKE_CXX_COMPILER_ID MATCHES Clang)
  target_compile_options(guichet_options INTERFACE -Wthread-safety)
endif()
if(GUICHET_SANITIZE)
  # The whole program, third-party headers included, so that inlined code agrees with ours.
  add_compile_options(-fsanitize=${GUICHET_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${GUICHET_SANITIZE})
endif()
if(GUICHET_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

# guichet_library(NAME SOURCES… [PUBLIC libs…] [PRIVATE libs…]): a static library of ours with its guichet:: alias.
function(guichet_library name)
  cmake_parse_arguments(ARG "" "" "SOURCES;PUBLIC;PRIVATE" ${ARGN})
  add_library(${name} STATIC ${ARG_SOURCES})
  string(REGEX REPLACE "^guichet_" "" short ${name})
  add_library(guichet::${short} ALIAS ${name})
  target_link_libraries(${name} PUBLIC ${ARG_PUBLIC} PRIVATE $<BUILD_INTERFACE:guichet_options> ${ARG_PRIVATE})
  target_include_directories(${name} PUBLIC "$<BUILD_INTERFACE:${CMAKE_SOURCE_DIR}>")
endfunction()
