#include "tune/tuner.h"

#include <algorithm>
#include <chrono>

#include "base/half.h"

namespace ingot {
namespace {

using Clock = std::chrono::steady_clock;

// Seconds that one node's candidates may take together, and runs that each gets, by level.
struct Budget {
  double seconds;
  int rounds;
};
// On a device that records, a measurement is of as many runs: one alone is shorter than what the clock
// resolves.
constexpr int kRecordedRuns = 16;
constexpr double kNoise = 50e-6;  // seconds by which one run may differ from the next
constexpr double kNever = 1e9;    // seconds of a candidate that cannot be timed
constexpr Budget kBudgets[] = {{0, 0}, {0.01, 2}, {0.02, 3}, {0.05, 5}, {0.2, 10}, {1.0, 30}};
// The best guess stays unless another is faster by that much: below, times differ by chance.
constexpr double kClearly = 0.97;
// Short runs are disturbed more easily, and cost less: so many times as many of them, in a part of the time.
constexpr int kMoreRounds = 5;
constexpr double kForMoreRounds = 0.2;
// A network's constants beyond that leave the last cache between two runs, which others use as well; those of
// one layer beyond the other leave it while the layer runs.
constexpr size_t kStayCached = size_t{24} << 20, kEvictAtMost = size_t{64} << 20;

// Values that neither vanish nor overflow: zeros and denormals have times of their own.
Result<Tensor> noise(DataType dtype, int64_t elements) {
  INGOT_ASSIGN_OR_RETURN(Tensor out, Tensor::allocate(dtype, {elements}));
  uint32_t state = 12345;
  const auto next = [&] {
    state = state * 1664525u + 1013904223u;
    return static_cast<float>(state >> 8) * (2.0f / (1 << 24)) - 1.0f;
  };
  const auto fill = [&](auto span) {
    constexpr size_t kDrawn = 1 << 16;  // then they repeat
    for (size_t i = 0; i < span.size(); ++i)
      span[i] =
          i < kDrawn ? static_cast<std::remove_reference_t<decltype(span[0])>>(next()) : span[i - kDrawn];
  };
  if (dtype == DataType::kF32) fill(out.mutable_span<float>());
  if (dtype == DataType::kF16) fill(out.mutable_span<Half>());
  if (dtype == DataType::kBF16) fill(out.mutable_span<BFloat16>());
  return out;
}

bool lacks_memory(const Status& status) { return status.code() == StatusCode::kOutOfMemory; }

// The mean of the two fastest: what disturbs makes a run longer, never shorter, and one lucky run does not
// decide.
double estimate(std::vector<double>& times) {
  std::sort(times.begin(), times.end());
  return times.size() < 2 ? times[0] : (times[0] + times[1]) / 2;
}

}  // namespace

// A candidate with operands, ready to run.
struct Tuner::Bench final : StepHost {
  std::vector<TensorArg> args;
  std::vector<const TensorArg*> inputs, outputs;
  std::vector<const TensorArg*> fresh;  // inputs that another layer makes
  std::vector<Tensor> constants;
  std::unique_ptr<Kernel> kernel;
  std::unique_ptr<Recording> recording;  // of kRecordedRuns, where the device can record
  Plan plan;
  std::vector<double> times;

  Result<void*> allocate_output(size_t, DataType, const Dims&) override {
    return internal_error("a kernel whose outputs depend on data cannot be timed");
  }
  Status run_subplan(std::string_view, std::span<const TensorView>, std::vector<Tensor>&) override {
    return internal_error("a kernel with subplans cannot be timed");
  }
};

Tuner::Tuner(const Target& target, Device& device, const OptShapes& shapes, int level, TimingCache& cache,
             size_t constant_bytes)
    : target_(target),
      device_(device),
      shapes_(shapes),
      level_(std::clamp(level, 0, 5)),
      cache_(cache),
      cold_(constant_bytes > kStayCached && device.shares_memory()) {}
Tuner::~Tuner() = default;

std::string Tuner::key(const Node& node, const Candidate& c) const {
  std::string out = str(device_.model(), '|', target_.arch(), '|', target_.threads(), "|" INGOT_VERSION "|",
                        c.op, '|', c.kernel, cold_ ? "|cold" : "");
  auto add = [&](const Value* v) {
    out += v == nullptr ? "|_" : str('|', data_type_name(v->dtype()), dims_to_string(shapes_.dims(*v)));
  };
  for (const Value* v : node.inputs()) add(v);
  for (const Value* v : node.outputs()) add(v);
  for (const auto& [name, value] : c.args) out += str('|', name, '=', attr_text(value));
  std::replace(out.begin(), out.end(), '\n', ' ');
  return out;
}

// Of all but the reference kernel at the end.
std::vector<std::string> Tuner::keys(const Node& node, const Offer& offer) const {
  std::vector<std::string> out;
  for (size_t i = 0; i + 1 < offer.candidates.size(); ++i) out.push_back(key(node, offer.candidates[i]));
  return out;
}

bool Tuner::knows(const std::vector<std::string>& keys) const {
  return std::all_of(keys.begin(), keys.end(), [&](const auto& k) { return cache_.find(k) != nullptr; });
}

size_t Tuner::best(const Offer& offer, const std::vector<std::string>& keys) const {
  const auto seconds = [&](size_t i) { return *cache_.find(keys[i]) + offer.candidates[i].beside_others; };
  size_t best = 0;
  for (size_t i = 0; i < keys.size(); ++i)
    if (seconds(i) < seconds(best)) best = i;
  return seconds(best) > kClearly * seconds(0) ? 0 : best;
}

void Tuner::prepare(const Node& node, const Offer& offer) {
  const std::vector<std::string> names = keys(node, offer);
  if (names.empty() || !device_.has_binaries()) return;
  const bool decided = names.size() == 1 || level_ == 0 || knows(names);
  const size_t only = decided && names.size() > 1 && level_ > 0 ? best(offer, names) : 0;
  for (size_t i = decided ? only : 0; i < (decided ? only + 1 : names.size()); ++i) {
    const Candidate& c = offer.candidates[i];
    PlanStep step;
    step.op = c.op;
    step.kernel = c.kernel;
    step.args = c.args;
    std::vector<TensorArg> args;
    for (const auto* values : {&node.inputs(), &node.outputs()})
      for (size_t v = 0; v < values->size(); ++v) {
        const Value* value = (*values)[v];
        const Layout layout = (values == &node.inputs() ? c.inputs : c.outputs)[v];
        args.emplace_back();
        if (value != nullptr)
          args.back() = {value->dtype(), layout, target_.block(), shapes_.dims(*value), nullptr};
      }
    std::vector<const TensorArg*> pointers;
    for (const TensorArg& a : args) pointers.push_back(&a);
    const std::span<const TensorArg* const> all(pointers);
    device_.prefetch(step, all.first(node.inputs().size()), all.subspan(node.inputs().size()));
  }
}

// Memory for operand `i` of the node, with these values in it: candidates share what they can, it may be
// large. Constants are told apart by what they are, others by their size.
Result<void*> Tuner::place(Operands& operands, size_t i, const Tensor& values, const void* source) {
  std::unique_ptr<Buffer>& buffer = operands[{i, source, values.bytes()}];
  if (buffer != nullptr) return buffer->data();
  INGOT_ASSIGN_OR_RETURN(buffer, device_.allocate(values.bytes()));
  INGOT_RETURN_IF_ERROR(stream_->upload(buffer->data(), values.data(), values.bytes()));
  return buffer->data();
}

Result<void*> Tuner::place_noise(Operands& operands, size_t i, const TensorArg& a) {
  const std::unique_ptr<Buffer>& known = operands[{i, nullptr, a.bytes()}];
  if (known != nullptr) return known->data();
  INGOT_ASSIGN_OR_RETURN(const Tensor values, noise(a.dtype, storage_elements(a.dims, a.layout, a.block)));
  return place(operands, i, values, nullptr);
}

Result<std::unique_ptr<Tuner::Bench>> Tuner::make_bench(const Node& node, const Candidate& c,
                                                        PackedForms& forms, Operands& operands) {
  auto bench = std::make_unique<Bench>();
  PlanStep step;
  step.op = c.op;
  step.kernel = c.kernel;
  step.args = c.args;
  bench->plan.device = target_.device();
  bench->plan.arch = target_.arch();
  bench->plan.block = target_.block();
  bench->plan.threads = target_.threads();
  bench->args.reserve(node.inputs().size() + node.outputs().size());
  auto operand = [&](const Value* v, Layout layout) -> Status {
    TensorArg& a = bench->args.emplace_back();
    if (v == nullptr) return {};
    a = {v->dtype(), layout, target_.block(), shapes_.dims(*v), nullptr};
    INGOT_ASSIGN_OR_RETURN(a.data, place_noise(operands, bench->args.size() - 1, a));
    return {};
  };
  for (size_t i = 0; i < node.inputs().size(); ++i) {
    const Value* v = node.inputs()[i];
    auto packed =
        std::find_if(c.packed.begin(), c.packed.end(), [&](const PackedInput& p) { return p.input == i; });
    if (v != nullptr && (packed != c.packed.end() || v->is_constant())) {
      Tensor t = v->constant();
      if (packed != c.packed.end()) {
        Tensor& form = forms[{i, packed->packing}];  // candidates share what they can: it may be large
        if (!form.valid()) {
          INGOT_ASSIGN_OR_RETURN(form, packed->pack());
        }
        t = form;
      }
      bench->args.push_back({t.dtype(), Layout::kPlain, target_.block(), t.dims(), nullptr});
      bench->args.back().data = const_cast<void*>(t.data());
      if (!device_.shares_memory()) {
        INGOT_ASSIGN_OR_RETURN(bench->args.back().data, place(operands, i, t, t.data()));
      }
      bench->constants.push_back(std::move(t));
    } else {
      INGOT_RETURN_IF_ERROR(operand(v, c.inputs[i]));
      bench->fresh.push_back(&bench->args.back());
    }
    step.inputs.push_back(v == nullptr ? kNoTensor : static_cast<TensorId>(i));
  }
  for (size_t i = 0; i < node.outputs().size(); ++i) {
    INGOT_RETURN_IF_ERROR(operand(node.outputs()[i], c.outputs[i]));
    step.outputs.push_back(node.outputs()[i] == nullptr ? kNoTensor
                                                        : static_cast<TensorId>(node.inputs().size() + i));
  }
  for (size_t i = 0; i < bench->args.size(); ++i)
    (i < node.inputs().size() ? bench->inputs : bench->outputs).push_back(&bench->args[i]);
  INGOT_ASSIGN_OR_RETURN(bench->kernel, device_.make_kernel(step, bench->plan, *stream_));
  INGOT_RETURN_IF_ERROR(bench->kernel->resize(bench->inputs, bench->outputs));
  return bench;
}

Status Tuner::run(Bench& b, void* scratch) {
  return b.kernel->run({b.inputs, b.outputs, scratch, *stream_, b});
}

// As they are when the layer's turn comes in its network.
void Tuner::set_caches(const Bench& b) {
  if (cold_)
    for (const Tensor& t : b.constants) device_.evict(t.data(), std::min(t.bytes(), kEvictAtMost));
  for (const TensorArg* input : b.fresh) device_.settle(*input, *stream_);
}

Result<double> Tuner::time_once(Bench& b, void* scratch) {
  set_caches(b);
  INGOT_RETURN_IF_ERROR(stream_->mark(0));
  INGOT_RETURN_IF_ERROR(run(b, scratch));
  INGOT_RETURN_IF_ERROR(stream_->mark(1));
  return stream_->seconds_between(0, 1);
}

Status Tuner::record(Bench& b, void* scratch) {
  if (!stream_->can_record() || !b.kernel->can_record()) return {};
  INGOT_RETURN_IF_ERROR(stream_->begin_recording());
  Status status;
  for (int i = 0; i < kRecordedRuns && status.ok(); ++i) status = run(b, scratch);
  auto recorded = stream_->end_recording();
  INGOT_RETURN_IF_ERROR(status);
  INGOT_ASSIGN_OR_RETURN(b.recording, std::move(recorded));
  return b.recording->replay();
}

// Seconds of each candidate but the last, the reference kernel; kNever for what cannot be timed here. Memory
// that is not there today may be there tomorrow, so nothing is said of candidates without it.
Result<std::vector<double>> Tuner::measure(const Node& node, const Offer& offer) {
  std::vector<std::unique_ptr<Bench>> benches(offer.candidates.size() - 1);
  PackedForms packed;
  Operands operands;
  Status problem = unsupported("no candidate can be timed");
  size_t scratch_bytes = 64;
  for (size_t i = 0; i < benches.size(); ++i) {
    auto bench = make_bench(node, offer.candidates[i], packed, operands);
    if (!bench.ok()) {
      problem = bench.status();
      if (lacks_memory(problem)) return problem;
      continue;
    }
    scratch_bytes = std::max(scratch_bytes, (*bench)->kernel->scratch_bytes());
    benches[i] = std::move(*bench);
  }
  INGOT_ASSIGN_OR_RETURN(const std::unique_ptr<Buffer> scratch, device_.allocate(scratch_bytes));
  std::vector<double> first(benches.size(), kNever);
  for (size_t i = 0; i < benches.size(); ++i) {
    if (benches[i] == nullptr) continue;
    // Warm-up: pages, caches, clocks. What fails here is left out.
    auto once = time_once(*benches[i], scratch->data());
    if (once.ok()) once = time_once(*benches[i], scratch->data());
    if (once.ok()) first[i] = *once;
    if (once.ok()) continue;
    problem = once.status();
    if (lacks_memory(problem)) return problem;
    benches[i].reset();
  }
  // What is far behind at once is not worth the time of many runs.
  const double limit = 2 * *std::min_element(first.begin(), first.end()) + kNoise;
  for (size_t i = 0; i < benches.size(); ++i) {
    if (benches[i] == nullptr || first[i] > limit) continue;
    if (Status status = record(*benches[i], scratch->data()); !status.ok()) {
      problem = std::move(status);
      if (lacks_memory(problem)) return problem;
      benches[i].reset();
    }
  }
  const Budget budget = kBudgets[level_];
  const auto begin = Clock::now();
  // Interleaved, so that a disturbance hits all candidates alike.
  for (int round = 0; round < kMoreRounds * budget.rounds; ++round) {
    for (size_t i = 0; i < benches.size(); ++i) {
      const auto& b = benches[i];
      if (b == nullptr || first[i] > limit) continue;
      set_caches(*b);
      INGOT_RETURN_IF_ERROR(stream_->mark(0));
      INGOT_RETURN_IF_ERROR(b->recording ? b->recording->replay() : run(*b, scratch->data()));
      INGOT_RETURN_IF_ERROR(stream_->mark(1));
      INGOT_ASSIGN_OR_RETURN(const double seconds, stream_->seconds_between(0, 1));
      b->times.push_back(b->recording ? seconds / kRecordedRuns : seconds);
    }
    const double part = round + 1 < budget.rounds ? 1 : kForMoreRounds;
    if (round >= 1 && std::chrono::duration<double>(Clock::now() - begin).count() > part * budget.seconds)
      break;
  }
  std::vector<double> seconds;
  for (size_t i = 0; i < benches.size(); ++i)
    seconds.push_back(benches[i] == nullptr       ? kNever
                      : benches[i]->times.empty() ? first[i]
                                                  : estimate(benches[i]->times));
  if (*std::min_element(seconds.begin(), seconds.end()) == kNever) return problem;
  return seconds;
}

// Puts times into the cache for the candidates that it lacks. Times of one sitting compare, those of two do
// not: so all are timed, and the new ones are scaled by what the known ones took then and now.
Status Tuner::time_missing(const Node& node, const Offer& offer, const std::vector<std::string>& keys) {
  if (stream_ == nullptr) {
    INGOT_ASSIGN_OR_RETURN(stream_, device_.make_stream(target_.threads()));
  }
  const auto begin = Clock::now();
  const auto measured = measure(node, offer);
  stats_.seconds += std::chrono::duration<double>(Clock::now() - begin).count();
  INGOT_RETURN_IF_ERROR(measured.status());
  double then = 0, now = 0;
  for (size_t i = 0; i < keys.size(); ++i) {
    const double* known = cache_.find(keys[i]);
    if ((*measured)[i] == kNever || (known && *known == kNever)) continue;
    then += known ? *known : 0;
    now += known ? (*measured)[i] : 0;
  }
  const double scale = now > 0 ? then / now : 1;
  for (size_t i = 0; i < keys.size(); ++i)
    if (cache_.find(keys[i]) == nullptr)
      cache_.add(keys[i], (*measured)[i] == kNever ? kNever : (*measured)[i] * scale);
  return {};
}

// What failed may be a kernel, or the device for all that follows.
Status Tuner::check_device() { return stream_ == nullptr ? Status() : stream_->synchronize(); }

Result<Choice> Tuner::choose(const Node& node, const Offer& offer) {
  const std::vector<std::string> keys = this->keys(node, offer);
  const size_t count = keys.size();
  if (count <= 1 || level_ == 0) return Choice{};
  const bool known = knows(keys);
  // Opt shapes of open dims are a guess, and may be none that the node can have: then the order of the list
  // decides.
  if (!known) {
    if (const Status timed = time_missing(node, offer, keys); !timed.ok()) {
      INGOT_RETURN_IF_ERROR(
          check_device().with_context(str("timing the kernels of node '", node.name(), "'")));
      stats_.without_memory += lacks_memory(timed);
      return Choice{};
    }
  }
  (known ? stats_.cached : stats_.measured) += static_cast<int64_t>(count);
  const std::vector<std::string> labels = candidate_labels(offer);
  Choice choice;
  const auto seconds = [&](size_t i) { return *cache_.find(keys[i]); };
  choice.index = best(offer, keys);
  for (size_t i = 0; i < count; ++i)
    if (seconds(i) < kNever) choice.timed.push_back({labels[i], seconds(i), i == choice.index});
  return choice;
}

}  // namespace ingot
