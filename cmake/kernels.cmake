# ingot_kernels(FAMILY SOURCES plain... ISA_SOURCES kernels... ): a family of CPU kernels.
#
# Each ISA source is compiled once per instruction set, with INGOT_ISA defined to its name; its code lives in
# ingot::cpu::INGOT_ISA. Such a source includes little: an inline function of a heavy header that it shares with the rest of
# the library could be kept in its AVX-512 form by the linker and then run everywhere.
set(INGOT_ISAS baseline avx2 avx512)
set(INGOT_ISA_FLAGS_baseline -march=x86-64-v2 -Os)  # for few machines: 15 % slower, 80 KB less
set(INGOT_ISA_FLAGS_avx2 -march=x86-64-v3)
set(INGOT_ISA_FLAGS_avx512 -march=x86-64-v4 -mprefer-vector-width=512)
# Results may be rounded differently (fused multiply-add), but NaN, infinities and signed zeros are kept.
set(INGOT_KERNEL_FLAGS -O3 -Wno-uninitialized -Wno-maybe-uninitialized -ffp-contract=fast -fno-math-errno -fno-trapping-math)

function(ingot_kernels family)
  cmake_parse_arguments(K "" "" "SOURCES;ISA_SOURCES;LINK" ${ARGN})
  set(objects)
  foreach(isa ${INGOT_ISAS})
    set(target ingot_cpu_${family}_${isa})
    add_library(${target} OBJECT ${K_ISA_SOURCES})
    target_include_directories(${target} PRIVATE "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/include")
    target_compile_definitions(${target} PRIVATE INGOT_ISA=${isa} INGOT_ISA_${isa}=1)
    target_compile_options(${target} PRIVATE ${INGOT_KERNEL_FLAGS} ${INGOT_ISA_FLAGS_${isa}})
    list(APPEND objects $<TARGET_OBJECTS:${target}>)
  endforeach()
  add_library(ingot_cpu_${family} STATIC ${K_SOURCES} ${objects})
  target_include_directories(ingot_cpu_${family} PUBLIC "${CMAKE_SOURCE_DIR}/src" "${CMAKE_SOURCE_DIR}/include")
  target_link_libraries(ingot_cpu_${family} PUBLIC ingot_base ${K_LINK})
endfunction()
