# ingot_embed_kernels(TARGET FILES...): CUDA sources as text in a library, for kernel_source() of
# backends/cuda/kernels/kernel_spec.h, without comments and most spaces, packed; with them all headers that they may
# include.
#
# As a script (cmake -DOUTPUT=... -DROOT=src/backends/cuda/kernels -DFILES=... -P embed_kernels.cmake) it writes the text:
# of each file its name after //, which no other line begins with, and then what it has.
if(CMAKE_SCRIPT_MODE_FILE)
  set(all "")
  string(REPLACE "," ";" FILES "${FILES}")
  foreach(file IN LISTS FILES)
    file(READ "${ROOT}/${file}" text)
    string(REGEX REPLACE "(^|\n)[ ]*//[^\n]*" "\\1" text "${text}")
    string(REGEX REPLACE "[ ]+\\\\\n" " \\\\\n" text "${text}")
    string(REGEX REPLACE "[ ]+//[^\n]*" "" text "${text}")
    string(REGEX REPLACE "\n[ \n]+" "\n" text "${text}")
    string(REGEX REPLACE "([;,{}]) +" "\\1" text "${text}")
    string(REGEX REPLACE " ([=<+*?]) " "\\1" text "${text}")
    string(REPLACE "#include \"backends/cuda/kernels/" "#include \"" text "${text}")
    string(APPEND all "//${file}\n${text}\n")
  endforeach()
  file(WRITE "${OUTPUT}" "${all}")
  return()
endif()

function(ingot_embed_kernels target)
  set(text "${CMAKE_CURRENT_BINARY_DIR}/${target}.txt")
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${target}_text.cpp")
  add_executable(pack_text EXCLUDE_FROM_ALL "${CMAKE_CURRENT_SOURCE_DIR}/pack_text.cpp")
  target_include_directories(pack_text PRIVATE "${CMAKE_SOURCE_DIR}/src")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/*.cuh"
       "${CMAKE_CURRENT_SOURCE_DIR}/*_params.h" "${CMAKE_CURRENT_SOURCE_DIR}/device/*.h")
  set(texts ${ARGN} ${headers})
  string(REPLACE ";" "," files "${texts}")
  list(TRANSFORM texts PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  add_custom_command(OUTPUT "${text}"
    COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${text}" "-DROOT=${CMAKE_CURRENT_SOURCE_DIR}" "-DFILES=${files}"
            -P "${CMAKE_SOURCE_DIR}/cmake/embed_kernels.cmake"
    DEPENDS ${texts} "${CMAKE_SOURCE_DIR}/cmake/embed_kernels.cmake"
    COMMENT "Embedding CUDA kernels" VERBATIM)
  add_custom_command(OUTPUT "${output}" COMMAND pack_text "${text}" "${output}" DEPENDS "${text}" pack_text VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()
