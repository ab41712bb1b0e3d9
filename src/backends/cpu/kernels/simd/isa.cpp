#include "backends/cpu/kernels/simd/isa.h"

#include <unistd.h>

#include <cstdlib>

namespace ingot::cpu {

std::string_view isa_name(Isa isa) {
  constexpr std::string_view kNames[] = {"baseline", "avx2", "avx512"};
  return kNames[static_cast<int>(isa)];
}

std::optional<Isa> parse_isa(std::string_view name) {
  for (Isa isa : kAllIsas)
    if (isa_name(isa) == name) return isa;
  return std::nullopt;
}

Isa machine_isa() {
  __builtin_cpu_init();
  const bool v3 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
                  __builtin_cpu_supports("bmi") && __builtin_cpu_supports("bmi2");
  const bool v4 = v3 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                  __builtin_cpu_supports("avx512cd") && __builtin_cpu_supports("avx512dq") &&
                  __builtin_cpu_supports("avx512vl");
  return v4 ? Isa::avx512 : v3 ? Isa::avx2 : Isa::baseline;
}

Result<Isa> detect_isa() {
  const char* forced = std::getenv("INGOT_ISA");
  if (forced == nullptr || *forced == '\0') return machine_isa();
  const auto isa = parse_isa(forced);
  if (!isa) return invalid_argument("INGOT_ISA is '", forced, "', expected baseline, avx2 or avx512");
  if (*isa > machine_isa())
    return invalid_argument("INGOT_ISA is '", forced, "', but this machine has ", isa_name(machine_isa()),
                            " at most");
  return *isa;
}

int64_t cache_bytes(int level) {
  static const int64_t first = sysconf(_SC_LEVEL1_DCACHE_SIZE), second = sysconf(_SC_LEVEL2_CACHE_SIZE);
  if (level == 1) return first > 0 ? first : 32 << 10;
  return second > 0 ? second : 512 << 10;
}

}  // namespace ingot::cpu
