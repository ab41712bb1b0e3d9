# ingot_embed_kernels(TARGET FILES...): CUDA sources as text in a library, for kernel_source() of
# backends/cuda/kernels/kernel_spec.h, each once and without comments and most spaces; with them all headers that they
# may include.
#
# As a script (cmake -DOUTPUT=... -DROOT=src/backends/cuda/kernels -DFILES=... -P embed_kernels.cmake) it writes the C++
# file.
if(CMAKE_SCRIPT_MODE_FILE)
  set(entries "")
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
    string(APPEND entries "    {\"${file}\", R\"cuda(${text})cuda\"},\n")
  endforeach()
  file(WRITE "${OUTPUT}"
    "namespace ingot::cuda::detail {\nstruct EmbeddedFile {\n  const char* name;\n  const char* text;\n};\n"
    "extern const EmbeddedFile kEmbeddedKernels[];\nconst EmbeddedFile kEmbeddedKernels[] = {\n${entries}"
    "    {nullptr, nullptr}};\n}  // namespace ingot::cuda::detail\n")
  return()
endif()

function(ingot_embed_kernels target)
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${target}_text.cpp")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE "${CMAKE_CURRENT_SOURCE_DIR}" "${CMAKE_CURRENT_SOURCE_DIR}/*.cuh"
       "${CMAKE_CURRENT_SOURCE_DIR}/*_params.h" "${CMAKE_CURRENT_SOURCE_DIR}/device/*.h")
  set(texts ${ARGN} ${headers})
  string(REPLACE ";" "," files "${texts}")
  list(TRANSFORM texts PREPEND "${CMAKE_CURRENT_SOURCE_DIR}/")
  add_custom_command(OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" "-DROOT=${CMAKE_CURRENT_SOURCE_DIR}" "-DFILES=${files}"
            -P "${CMAKE_SOURCE_DIR}/cmake/embed_kernels.cmake"
    DEPENDS ${texts} "${CMAKE_SOURCE_DIR}/cmake/embed_kernels.cmake"
    COMMENT "Embedding CUDA kernels" VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()
