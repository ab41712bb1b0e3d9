# ingot_embed_kernels(TARGET FILES...): CUDA sources as text in a library, for kernel_source() of
# backends/cuda/kernels/kernel_spec.h. What a source includes by its path from src/ is put in its place, once;
# other includes stay as they are.
#
# As a script (cmake -DOUTPUT=... -DROOT=src -DFILES=... -P embed_kernels.cmake) it writes the C++ file.
if(CMAKE_SCRIPT_MODE_FILE)
  set(entries "")
  string(REPLACE "," ";" FILES "${FILES}")
  foreach(file IN LISTS FILES)
    file(READ "${ROOT}/backends/cuda/kernels/${file}" text)
    set(seen "")
    while(text MATCHES "#include \"(backends/[^\"]*)\"\n")
      set(line "${CMAKE_MATCH_0}")
      set(path "${CMAKE_MATCH_1}")
      set(included "")
      if(NOT path IN_LIST seen)
        list(APPEND seen "${path}")
        file(READ "${ROOT}/${path}" included)
        string(REPLACE "#pragma once\n" "" included "${included}")
      endif()
      string(FIND "${text}" "${line}" at)
      string(LENGTH "${line}" length)
      string(SUBSTRING "${text}" 0 ${at} head)
      math(EXPR after "${at} + ${length}")
      string(SUBSTRING "${text}" ${after} -1 tail)
      set(text "${head}${included}${tail}")
    endwhile()
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
  # An included header may be any of these; all sources are embedded anew when one changes, which takes no time.
  file(GLOB_RECURSE texts CONFIGURE_DEPENDS "${CMAKE_CURRENT_SOURCE_DIR}/*.cu" "${CMAKE_CURRENT_SOURCE_DIR}/*.cuh"
       "${CMAKE_CURRENT_SOURCE_DIR}/*_params.h" "${CMAKE_CURRENT_SOURCE_DIR}/device/*.h")
  string(REPLACE ";" "," files "${ARGN}")
  add_custom_command(OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DOUTPUT=${output}" "-DROOT=${CMAKE_SOURCE_DIR}/src" "-DFILES=${files}"
            -P "${CMAKE_SOURCE_DIR}/cmake/embed_kernels.cmake"
    DEPENDS ${texts} "${CMAKE_SOURCE_DIR}/cmake/embed_kernels.cmake"
    COMMENT "Embedding CUDA kernels" VERBATIM)
  target_sources(${target} PRIVATE "${output}")
endfunction()
