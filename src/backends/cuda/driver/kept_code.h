// Machine code kept from one process to the next, for programs that build many engines: files in the folder
// that INGOT_KERNEL_CACHE names.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

namespace ingot::cuda {

/// The file for what is made of `parts`; "" where no folder is named.
std::string kept_code_path(std::span<const std::string> parts);
/// What lies there. Nothing where that is no cubin: it is compiled again.
std::optional<std::vector<std::byte>> read_kept_code(const std::string& path);
/// Any number of processes may write the same file. A folder that cannot be written keeps nothing.
void keep_code(const std::string& path, std::span<const std::byte> code);

}  // namespace ingot::cuda
