# Build rules shared by all rooms: compiler flags, ingot_room(), ingot_test().
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS ON)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_CXX_VISIBILITY_PRESET hidden)
set(CMAKE_VISIBILITY_INLINES_HIDDEN ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_CXX_FLAGS_RELEASE "-O2 -DNDEBUG")
set(CMAKE_CXX_SCAN_FOR_MODULES OFF)

find_program(INGOT_CCACHE ccache)
if(INGOT_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  # base_dir and no hash_dir: checkouts in several folders share one cache
  set(CMAKE_CXX_COMPILER_LAUNCHER env "CCACHE_BASEDIR=${CMAKE_SOURCE_DIR}" CCACHE_NOHASHDIR=1
      CCACHE_SLOPPINESS=pch_defines,time_macros "${INGOT_CCACHE}")
endif()

add_compile_options(-Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers -Wno-psabi)
if(INGOT_WERROR)
  add_compile_options(-Werror)
endif()
if(INGOT_SANITIZE)
  set(CMAKE_CXX_FLAGS_RELEASE "-Og -DNDEBUG")  # compiles in a third of -O2's time, and the stacks stay readable
  add_compile_options(-fsanitize=${INGOT_SANITIZE} -fno-omit-frame-pointer -fno-sanitize-recover=all -g1)
  add_link_options(-fsanitize=${INGOT_SANITIZE})
endif()
if(INGOT_STATIC_STDLIB)
  # for nobody but us: a program that loads our libraries has its own, and throws with that
  add_link_options(-static-libstdc++ -static-libgcc -Wl,--exclude-libs,libstdc++.a:libgcc.a:libgcc_eh.a)
endif()
find_package(Threads REQUIRED)
set(INGOT_NAMELINK)
if(SKBUILD)  # a wheel cannot hold symbolic links
  set(INGOT_NAMELINK NAMELINK_SKIP)
endif()

# Most of what a small file takes to compile is headers. Two ways to read them less often; both are left out for
# -DINGOT_TOGETHER=OFF, with which files are compiled one by one and have to include what they use.
#
# ingot_together(TARGET [FILES...]): its sources are compiled ten at a time; FILES stay alone.
function(ingot_together target)
  if(INGOT_TOGETHER)
    set_target_properties(${target} PROPERTIES UNITY_BUILD ON UNITY_BUILD_BATCH_SIZE 10)
    set_source_files_properties(${ARGN} PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
  endif()
endfunction()
# ingot_precompile(TARGET HEADERS...): for files that have functions of the same names. Headers in angle brackets, which
# keep the folder of the checkout out of what ccache compares.
function(ingot_precompile target)
  if(INGOT_TOGETHER)
    target_precompile_headers(${target} PRIVATE ${ARGN})
  endif()
endfunction()

# ingot_room(NAME SOURCES... LINK libs...): one static library per folder of src/.
function(ingot_room name)
  cmake_parse_arguments(R "" "" "SOURCES;LINK" ${ARGN})
  add_library(ingot_${name} STATIC ${R_SOURCES})
  target_include_directories(ingot_${name} PUBLIC "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/include")
  target_link_libraries(ingot_${name} PUBLIC ${R_LINK})
  target_compile_options(ingot_${name} PRIVATE -ffunction-sections -fdata-sections)  # what nobody calls is not shipped
endfunction()

set(INGOT_TEST_FLAGS -Og)  # compiles in half the time
if(INGOT_TESTS AND INGOT_TOGETHER)  # a program, as that is compiled with the flags of the tests
  find_package(GTest REQUIRED)
  file(CONFIGURE OUTPUT "${CMAKE_BINARY_DIR}/test_headers.cpp" CONTENT "int main() {}\n")
  add_executable(ingot_test_headers EXCLUDE_FROM_ALL "${CMAKE_BINARY_DIR}/test_headers.cpp")
  target_link_libraries(ingot_test_headers PRIVATE GTest::gtest)
  target_compile_options(ingot_test_headers PRIVATE ${INGOT_TEST_FLAGS})
  ingot_precompile(ingot_test_headers <algorithm> <map> <gtest/gtest.h>)
endif()

# ingot_test(NAME SOURCES... LINK libs... LABELS fast|cpu|slow|threads... [SHARDS n]): one gtest executable, whose cases
# n runs share. Each label has a target tests_<label> that builds its tests and nothing else, so a sanitizer build
# compiles only what it runs.
function(ingot_test name)
  if(NOT INGOT_TESTS)
    return()
  endif()
  cmake_parse_arguments(T "" "SHARDS" "SOURCES;LINK;LABELS" ${ARGN})
  find_package(GTest REQUIRED)
  add_executable(${name} ${T_SOURCES})
  target_link_libraries(${name} PRIVATE ${T_LINK} GTest::gtest GTest::gtest_main)
  target_compile_options(${name} PRIVATE ${INGOT_TEST_FLAGS})
  if(INGOT_TOGETHER)
    target_precompile_headers(${name} REUSE_FROM ingot_test_headers)
  endif()
  if(NOT T_SHARDS)
    add_test(NAME ${name} COMMAND ${name})
    ingot_label(${name} ${T_LABELS})
    return()
  endif()
  foreach(shard RANGE 1 ${T_SHARDS})
    math(EXPR index "${shard} - 1")
    add_test(NAME ${name}_${shard} COMMAND ${name})
    set_tests_properties(${name}_${shard} PROPERTIES LABELS "${T_LABELS}"
                         ENVIRONMENT "GTEST_TOTAL_SHARDS=${T_SHARDS};GTEST_SHARD_INDEX=${index}")
  endforeach()
endfunction()

# ingot_knows_source_dir(FILES...): tests that read files of the checkout. Only these, as an object file with the
# checkout's path in it cannot be shared with other checkouts.
function(ingot_knows_source_dir)
  set_source_files_properties(${ARGN} PROPERTIES COMPILE_DEFINITIONS "INGOT_SOURCE_DIR=\"${CMAKE_SOURCE_DIR}\"")
endfunction()

function(ingot_label name)
  set_tests_properties(${name} PROPERTIES LABELS "${ARGN}")
  foreach(label IN LISTS ARGN)
    if(NOT TARGET tests_${label})
      add_custom_target(tests_${label})
    endif()
    add_dependencies(tests_${label} ${name})
  endforeach()
endfunction()

if(INGOT_TESTS)
  enable_testing()
endif()
