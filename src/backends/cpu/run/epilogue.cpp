#include "backends/cpu/run/epilogue.h"

#include <algorithm>

#include "backends/cpu/run/program.h"

namespace ingot::cpu {

Dims walked_dims(const Dims& dims, Layout layout, int block) {
  if (layout == Layout::kPlain) return dims;
  Dims out = dims;
  out[1] = (dims[1] + block - 1) / block;
  out.push_back(block);
  return out;
}

Dims walked_strides(const TensorArg& arg, const TensorArg& dst, bool per_channel) {
  const bool blocked = dst.layout == Layout::kBlocked;
  const size_t rank = dst.dims.size();
  Dims out(rank + (blocked ? 1 : 0), 0);
  if (per_channel) {
    out[1] = dst.block;
    out[rank] = 1;
    return out;
  }
  const bool lanes = arg.layout == Layout::kBlocked;
  int64_t step = lanes ? arg.block : 1;
  for (size_t i = 0; i < arg.dims.size(); ++i) {
    const size_t d = arg.dims.size() - 1 - i;
    const int64_t size = lanes && d == 1 ? (arg.dims[1] + arg.block - 1) / arg.block : arg.dims[d];
    if (arg.dims[d] != 1) out[rank - 1 - i] = step;
    step *= size;
  }
  if (lanes) out[rank] = 1;
  return out;
}

namespace {

bool is_input(const VectorOperand& o, int index) {
  return o.kind == VectorOperand::kInput && o.index == index;
}
bool is_temp(const VectorOperand& o, int index) { return o.kind == VectorOperand::kTemp && o.index == index; }

}  // namespace

Result<Epilogue> Epilogue::create(const KernelSpec& spec, size_t first) {
  Epilogue e;
  e.first_ = first;
  e.channels_ = spec.args().get_ints("channels");
  const int extras = static_cast<int>(spec.step.inputs.size()) - static_cast<int>(first);
  INGOT_RETURN_IF_ERROR(e.parse(spec.args().get_string("epilogue"), std::max(extras, 0)));
  return e;
}

Result<Epilogue> Epilogue::alone(const std::string& program) {
  Epilogue e;
  e.first_ = std::numeric_limits<size_t>::max();
  INGOT_RETURN_IF_ERROR(e.parse(program, 0));
  return e;
}

Status Epilogue::parse(const std::string& text, int extras) {
  if (text.empty()) return {};
  INGOT_ASSIGN_OR_RETURN(program_, vector_program(text, 1 + extras));
  size_t i = 0;
  const auto& p = program_;
  if (p[0].op == find_vector_op("add") && is_input(p[0].operands[0], 0) &&
      p[0].operands[1].kind == VectorOperand::kInput && p[0].operands[1].index > 0)
    residual_ = p[i++].operands[1].index - 1;
  else if (p[0].op == find_vector_op("add") && is_input(p[0].operands[1], 0) &&
           p[0].operands[0].kind == VectorOperand::kInput && p[0].operands[0].index > 0)
    residual_ = p[i++].operands[0].index - 1;
  if (i < p.size()) {
    const VectorInstruction& last = p[i];
    const bool on_result = i == 0 ? is_input(last.operands[0], 0) : is_temp(last.operands[0], 0);
    if (on_result && last.op == find_vector_op("relu")) {
      lo_ = 0;
      ++i;
    } else if (on_result && last.op == find_vector_op("clip") &&
               last.operands[1].kind == VectorOperand::kNumber &&
               last.operands[2].kind == VectorOperand::kNumber) {
      lo_ = last.operands[1].number;
      hi_ = last.operands[2].number;
      ++i;
    }
  }
  simple_ = i == p.size();
  return {};
}

Status Epilogue::resize(std::span<const TensorArg* const> inputs, const TensorArg& result, Isa isa,
                        int threads, bool residual, bool tiles) {
  const size_t extras = inputs.size() > first_ ? inputs.size() - first_ : 0;
  operands_.assign(extras + 1, nullptr);
  auto same = [&](const TensorArg& a) { return a.dims == result.dims && a.layout == result.layout; };
  post_.clear();
  mode_ = kClamp;
  if (program_.empty() ||
      (simple_ && (residual_ < 0 || (residual && same(*inputs[first_ + static_cast<size_t>(residual_)])))))
    return {};
  TilePostDesc desc{program_, {}};
  bool fits = tiles;
  for (size_t i = 0; i < extras && fits; ++i) {
    const TensorArg& a = *inputs[first_ + i];
    const bool packed = i < channels_.size() && channels_[i] != 0;
    const int64_t count = num_elements(a.dims);
    const bool blocked = result.layout == Layout::kBlocked;
    // One number per channel: a packed vector, a pooled tensor of one image, the last dim of a plain result.
    const bool per_channel =
        packed ||
        (blocked ? a.layout == Layout::kBlocked && count == result.dims[1] && result.dims[0] == 1
                 : !a.dims.empty() && count == a.dims.back() && a.dims.back() == result.dims.back());
    if (same(a))
      desc.operands.push_back(PostAccess::kSame);
    else if (per_channel)
      desc.operands.push_back(PostAccess::kChannel);
    else if (count == 1 && a.layout == Layout::kPlain)
      desc.operands.push_back(PostAccess::kNumber);
    else
      fits = false;
  }
  if (fits && TilePost::fits(desc)) {
    mode_ = kTile;
    post_.emplace_back(desc, isa);
    return {};
  }
  mode_ = kPass;
  PointwiseDesc pass;
  pass.program = program_;
  pass.dims = walked_dims(result.dims, result.layout, result.block);
  pass.input_strides.push_back(walked_strides(result, result, false));
  for (size_t i = 0; i < extras; ++i)
    pass.input_strides.push_back(
        walked_strides(*inputs[first_ + i], result, i < channels_.size() && channels_[i] != 0));
  if (result.layout == Layout::kBlocked) pass.channels = result.dims[1];
  pass_.prepare(pass, isa, threads);
  return {};
}

const float* Epilogue::residual(const Invocation& call) const {
  return mode_ == kClamp && residual_ >= 0
             ? call.inputs[first_ + static_cast<size_t>(residual_)]->as<const float>()
             : nullptr;
}

PostCall Epilogue::post(const Invocation& call) {
  if (mode_ != kTile) return {};
  for (size_t i = first_; i < call.inputs.size(); ++i)
    operands_[i - first_] = call.inputs[i]->as<const float>();
  return {&post_.front(), operands_.data()};
}

void Epilogue::finish(const Invocation& call, void* scratch) {
  if (mode_ != kPass) return;
  operands_[0] = call.outputs[0]->as<const float>();
  for (size_t i = first_; i < call.inputs.size(); ++i)
    operands_[i - first_ + 1] = call.inputs[i]->as<const float>();
  pass_.run(pool_of(call), operands_.data(), call.outputs[0]->as<float>(), scratch);
}

}  // namespace ingot::cpu
