// Instruction sets that the kernels are compiled for, and the choice between them at run time.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "base/status.h"

namespace ingot::cpu {

/// Ordered: a machine that has one has those before it.
enum class Isa : int {
  baseline = 0,  // x86-64-v2: SSE4.2
  avx2 = 1,      // x86-64-v3: AVX2, FMA
  avx512 = 2,    // x86-64-v4: AVX-512 F, BW, CD, DQ, VL
};
inline constexpr Isa kAllIsas[] = {Isa::baseline, Isa::avx2, Isa::avx512};

std::string_view isa_name(Isa isa);
std::optional<Isa> parse_isa(std::string_view name);
/// What this machine has, at best.
Isa machine_isa();
/// What to use: the environment variable INGOT_ISA where it is set, otherwise machine_isa(). Errors: an
/// unknown name, or one that this machine lacks.
Result<Isa> detect_isa();
/// Channels per block of the blocked layout, and floats per vector.
inline int block_of(Isa isa) { return isa == Isa::avx512 ? 16 : isa == Isa::avx2 ? 8 : 4; }

/// Bytes of a core's data cache of that level, 1 or 2; a common size where the system does not tell.
int64_t cache_bytes(int level);

/// Calls `table` of the namespace that was compiled for `isa`.
#define INGOT_SELECT_ISA(isa, table)                  \
  ((isa) == ::ingot::cpu::Isa::avx512 ? avx512::table \
   : (isa) == ::ingot::cpu::Isa::avx2 ? avx2::table   \
                                      : baseline::table)

}  // namespace ingot::cpu
