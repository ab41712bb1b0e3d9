// Pointwise: a vector program over whole broadcast tensors of floats, in one pass over memory.
//
// The tensors are cut into blocks that fit the L1 cache; each block runs through all instructions before the
// next one is touched. Inputs that are dense in the output's order are read in place.
#pragma once

#include "backends/cpu/kernels/pointwise/vector_program.h"
#include "base/threads.h"

namespace ingot::cpu {

struct PointwiseDesc {
  std::vector<VectorInstruction> program;
  /// Of the output, which is dense in this order. A tensor in the blocked layout is [N, C / c, ..., c].
  std::vector<int64_t> dims;
  /// For each input its stride along each of `dims`, in elements: 0 where it is broadcast.
  std::vector<std::vector<int64_t>> input_strides;
  /// For a blocked tensor whose channels do not fill the last block: their number. Programs that could make
  /// an infinity of a padded lane (a division) then write 0 there.
  int64_t channels = 0;
};

class Pointwise {
 public:
  /// May allocate; called again when a shape changes.
  void prepare(const PointwiseDesc& desc, Isa isa, int threads);
  size_t scratch_bytes() const { return static_cast<size_t>(threads_ * scratch_floats_) * sizeof(float); }
  /// `inputs` in the order of input_strides; dst may be one of those that are dense. Allocates nothing.
  /// The pool has as many threads as prepare() was told, or fewer.
  void run(ThreadPool& pool, const float* const* inputs, float* dst, void* scratch) const;

 private:
  enum class Access { kDense, kNumber, kLanes, kPeriodic, kGather };  // of an input within the inner dims
  struct Input {
    Access access;
    std::vector<int64_t> strides;
    int64_t buffer = 0;  // where its spread elements go in the scratch, for kPeriodic and kGather
  };
  void classify(Input& input) const;
  void run_share(Share units, const float* const* inputs, float* dst, float* scratch) const;
  int64_t offset_of(const Input& input, int64_t outer) const;
  void gather(const Input& input, const float* base, int64_t start, int64_t n, float* out) const;
  bool is_tail(int64_t outer) const { return tail_ > 0 && outer % blocks_ == blocks_ - 1; }

  std::vector<int64_t> dims_;  // neighbours that all inputs pass in one go are merged
  int64_t block_ = 8;          // block_of(isa)
  size_t inner_from_ = 0;      // dims_ from here on are walked in blocks, those before one by one
  int64_t outer_ = 1, inner_ = 1, chunk_ = 1, chunks_ = 1;
  int64_t tail_ = 0, blocks_ = 1,
          lanes_ = 1;  // valid lanes of the last channel block (0: all), blocks, lanes
  std::vector<Input> inputs_;
  std::vector<VectorProgram> program_;  // one; a vector because it is made in prepare
  int64_t scratch_floats_ = 0;
  int threads_ = 1;
};

}  // namespace ingot::cpu
