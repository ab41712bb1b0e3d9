#include <optional>

#include "backends/cuda/kernels/attention/attention.h"
#include "kernel_case.h"

namespace ingot::cuda {
namespace {

using enum DataType;

// q, k and v in one matrix, as merged projections leave them. Masks: "" none, "keys" for each image, "full".
KernelCase attention_case(DataType type, int64_t batch, int64_t heads, int64_t tokens, int64_t dim,
                          bool causal, const std::string& mask, DataType mask_type = kF16,
                          std::optional<AttentionConfig> config = {}) {
  const int64_t width = heads * dim, row = 3 * width;
  const Tensor qkv = random_tensor(type, {batch, tokens, row}, -2, 2);
  AttentionProblem p{type, batch, heads, tokens,       tokens,       dim,         dim,
                     row,  row,   row,   tokens * row, tokens * row, tokens * row};
  p.k_offset = width;
  p.v_offset = 2 * width;
  p.causal = causal;
  std::vector<Tensor> reference_inputs = {qkv, qkv, qkv}, inputs = reference_inputs;
  if (!mask.empty()) {
    const bool full = mask == "full";
    p.mask_type = mask_type;
    Tensor m = random_tensor(mask_type, {batch, full ? heads : 1, full ? tokens : 1, tokens}, -2, 2, 7);
    reference_inputs.push_back(m);
    inputs.push_back(m);
    p.mask_batch = full ? heads * tokens * tokens : tokens;
    p.mask_head = full ? tokens * tokens : 0;
    p.mask_query = full ? tokens : 0;
    p.mask_key = 1;
  } else {
    inputs.push_back({});
  }
  const Attrs attrs = {{"heads", heads},
                       {"head_dim", dim},
                       {"k_offset", width},
                       {"v_offset", 2 * width},
                       {"causal", int64_t{causal}}};
  return {str("attention ", data_type_name(type), " ", batch, "x", heads, "x", tokens, "x", dim,
              causal ? " causal " : " ", mask,
              config ? str(" by ", config->warpgroups, " warpgroups, ", config->keys) : ""),
          config ? attention_kernel(p, *config) : attention_kernel(p), inputs,
          reference("MultiHeadAttention", attrs, reference_inputs), 2 * type_tolerance(type)};
}

}  // namespace

std::vector<KernelCase> attention_cases() {
  std::vector<KernelCase> cases;
  for (const DataType type : {kF16, kBF16}) {
    cases.push_back(attention_case(type, 1, 2, 128, 64, false, ""));
    cases.push_back(attention_case(type, 2, 3, 197, 64, false, "keys", type));
    cases.push_back(attention_case(type, 1, 2, 77, 64, true, ""));
    cases.push_back(attention_case(type, 2, 2, 50, 32, false, "full", type));
    cases.push_back(attention_case(type, 1, 2, 130, 80, false, "keys", kBool));
    cases.push_back(attention_case(type, 1, 1, 33, 128, true, "full", kBool));
    cases.push_back(attention_case(type, 8, 16, 70, 36, false, ""));
    cases.push_back(attention_case(type, 1, 3, 197, 64, false, ""));
    cases.push_back(attention_case(type, 8, 12, 150, 64, false, "keys", type));
    cases.push_back(attention_case(type, 1, 1, 300, 64, true, "keys", type));
    const auto by_warpgroups = [](int n, int keys) { return AttentionConfig{0, 0, n, keys}; };
    cases.push_back(attention_case(type, 2, 2, 128, 64, false, "", type, by_warpgroups(1, 64)));
    cases.push_back(attention_case(type, 2, 3, 197, 64, false, "keys", type, by_warpgroups(2, 112)));
    cases.push_back(attention_case(type, 2, 2, 261, 64, false, "keys", type, by_warpgroups(1, 32)));
    cases.push_back(attention_case(type, 3, 2, 77, 64, false, "full", kBool, by_warpgroups(1, 80)));
    cases.push_back(attention_case(type, 2, 1, 300, 64, true, "full", type, by_warpgroups(4, 64)));
    cases.push_back(attention_case(type, 1, 2, 130, 128, true, "", type, by_warpgroups(3, 64)));
    cases.push_back(attention_case(type, 1, 1, 150, 128, false, "keys", kBool, by_warpgroups(1, 96)));
  }
  return cases;
}

std::vector<KernelBench> attention_benches() {
  std::vector<KernelBench> benches;
  struct Shape {
    int64_t batch, tokens;
  };
  for (const auto& [batch, tokens] :
       {Shape{1, 128}, {8, 128}, {32, 128}, {1, 384}, {8, 384}, {1, 197}, {8, 197}, {32, 197}}) {
    AttentionProblem p{kF16, batch, 12,   tokens,        tokens,        64,           64,
                       2304, 2304,  2304, tokens * 2304, tokens * 2304, tokens * 2304};
    p.k_offset = 768;
    p.v_offset = 1536;
    const size_t bytes = static_cast<size_t>(batch * tokens) * 2304 * 2;
    for (const AttentionConfig& c : attention_configs(p, 132, true)) {
      KernelBench b{str("attention b", batch, " ", tokens, " ", c.query_warps, "x", c.key_warps, " ",
                        c.warpgroups, "x", c.keys),
                    attention_kernel(p, c),
                    kF16,
                    {bytes, 256, 256, 256},
                    {bytes / 3}};
      if (b.spec.ok()) {  // k and v are parts of q's matrix
        b.same_input = {0, 0, 0, 3};
        b.flops = 4.0 * static_cast<double>(batch * 12 * tokens * tokens * 64);
      }
      benches.push_back(b);
    }
  }
  return benches;
}

}  // namespace ingot::cuda
