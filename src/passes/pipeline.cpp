#include "passes/pipeline.h"

#include <algorithm>
#include <cstdio>

#include "base/file.h"
#include "ir/infer.h"
#include "ir/text.h"
#include "passes/impossible_branches.h"

namespace ingot {

std::span<const Pass> all_passes() {
  static constexpr Pass kPasses[] = {
#define INGOT_PASS(name, what) {#name, what, passes::name},
#include "passes/passes.inc"
#undef INGOT_PASS
  };
  return kPasses;
}

const Pass* find_pass(std::string_view name) {
  for (const Pass& pass : all_passes())
    if (pass.name == name) return &pass;
  return nullptr;
}

namespace {

bool names(const std::vector<std::string>& list, std::string_view pass) {
  return std::any_of(list.begin(), list.end(), [&](const auto& n) { return n == pass || n == "all"; });
}

Status check_names(const std::vector<std::string>& list) {
  for (const std::string& name : list) {
    if (name == "all" || name.empty() || find_pass(name)) continue;
    std::string known;
    for (const Pass& pass : all_passes()) known += str(known.empty() ? "" : ", ", pass.name);
    return not_found("there is no pass '", name, "', expected one of ", known);
  }
  return {};
}

Status run_on_bodies_first(const Pass& pass, Graph& graph) {
  for (const auto& node : graph.nodes())
    for (const auto& [name, body] : node->subgraphs())
      INGOT_RETURN_IF_ERROR(run_on_bodies_first(pass, *body));
  return pass.run(graph);
}

// Runs passes by name until one fails or is the one to stop after.
class Runner {
 public:
  Runner(Graph& graph, const PassOptions& options, std::vector<std::string>& notes)
      : graph_(graph), options_(options), notes_(notes) {}

  void operator()(std::string_view name) {
    if (stopped_ || !status_.ok()) return;
    const Pass* pass = find_pass(name);
    INGOT_CHECK(pass != nullptr);
    if (!names(options_.disable, name)) status_ = run(*pass).with_context(str("pass ", name));
    stopped_ = name == options_.stop_after;
  }
  const Status& status() const { return status_; }

 private:
  Status run(const Pass& pass) {
    char number[16];
    std::snprintf(number, sizeof number, "%02d_", ++count_);
    if (options_.dump && names(options_.dump_before, pass.name))
      options_.dump(str(number, pass.name, "_before"), graph_);
    INGOT_RETURN_IF_ERROR(run_on_bodies_first(pass, graph_));
    INGOT_RETURN_IF_ERROR(infer_and_cut_branches(graph_, notes_));
    INGOT_RETURN_IF_ERROR(verify(graph_));
    if (options_.dump && names(options_.dump_after, pass.name))
      options_.dump(str(number, pass.name, "_after"), graph_);
    return {};
  }

  Graph& graph_;
  const PassOptions& options_;
  std::vector<std::string>& notes_;
  Status status_;
  bool stopped_ = false;
  int count_ = 0;
};

void run_pipeline(Runner& run, const PassOptions& options) {
  const auto clean_up = [&] {
    run("fold_constants");     // what the exporter computes at run time, but need not
    run("inline_branches");    // conditions are known now
    run("remove_identities");  // they stand between the nodes that patterns look for
    run("merge_duplicates");   // so that patterns see one shape computation where there were many
    run("remove_dead_code");   // so that "used once" means what it says
  };
  if (!options.narrow_floats) run("widen_floats");  // all that follows sees float32
  run("open_attention");
  run("open_einsum");  // products are seen as such
  run("open_normalizations");
  if (options.quantized) {
    run("open_quantized_operators");
    run("move_quantization");  // before constants fold: the weights' DequantizeLinear would become floats
    run("quantize_layers");
    if (options.narrow_floats) run("fuse_integer_products");  // the CPU's integer kernels know zero points
  }
  clean_up();
  const auto straighten = [&] {
    run("merge_rearrangements");  // shows what a product's rows are made of
    run("lift_reshapes");         // rows in their own dims: their Reshapes meet,
    run("sink_transposes");       // and so do Transposes;
    run("merge_rearrangements");  // what has met cancels
  };

  clean_up();
  clean_up();  // a branch that was inlined has constants of its own

  run("recognize_activations");    // before anything moves the parts that it looks for
  run("recognize_normalization");  // likewise
  run("recognize_reductions");
  run("merge_pads");
  run("fuse_matmul");                                           // one kind of product for all that follows
  if (options.floats != DataType::kF32) run("unfold_patches");  // for matrix units
  straighten();
  clean_up();
  if (options.blocked_channels) {
    run("rows_to_channels");  // transposes stand next to the layers now
    clean_up();
  }

  run("fuse_attention");     // while its products are bare
  run("merge_projections");  // attention says which products belong together
  straighten();              // the attention's result is in rows again
  run("lift_selections");    // while layers are what they were written as
  clean_up();

  run("fold_scales");                                       // before epilogues hide the layers' results
  run("fuse_skip_normalization");                           // sums that no epilogue can take
  run("fuse_pointwise");                                    // whole programs first,
  run("fuse_epilogues");                                    // so that a layer takes in all of one at once
  if (options.quantized) run("fuse_quantization");          // now that epilogues are whole
  if (options.narrow_floats) run("open_transposed_convs");  // with their epilogues
  clean_up();

  if (options.squeeze_excitation) {
    run("fuse_squeeze_excitation");  // of layers with their epilogues
    run("spread_gates");
  }
  if (options.conv_chains) run("fuse_conv_chains");  // likewise
  const DataType floats = options.floats;
  if (floats == DataType::kF16) run("narrow_to_f16");  // whole nodes, now that they are what kernels compute
  if (floats == DataType::kBF16) run("narrow_to_bf16");
  if (floats != DataType::kF32) clean_up();
  if (floats != DataType::kF32 && options.quantized)
    run("fuse_quantization");                       // of layers that stayed floats
  if (options.pooled_layers) run("fuse_max_pool");  // whose types are known now
}

}  // namespace

Status optimize(Graph& graph, const PassOptions& options, std::vector<std::string>* notes) {
  std::vector<std::string> unread;
  if (notes == nullptr) notes = &unread;
  for (const auto* list : {&options.disable, &options.dump_before, &options.dump_after})
    INGOT_RETURN_IF_ERROR(check_names(*list));
  INGOT_RETURN_IF_ERROR(check_names({options.stop_after}));
  INGOT_RETURN_IF_ERROR(infer_and_cut_branches(graph, *notes));
  INGOT_RETURN_IF_ERROR(verify(graph));
  Runner run(graph, options, *notes);
  run_pipeline(run, options);
  INGOT_RETURN_IF_ERROR(run.status());
  return check_can_run(graph);
}

std::function<void(std::string_view, const Graph&)> dump_to_folder(std::string folder) {
  return [folder = std::move(folder)](std::string_view name, const Graph& graph) {
    // A dump that cannot be written is no reason to fail the build.
    (void)write_file_atomic(str(folder, "/", name, ".ir"), print(graph));
  };
}

}  // namespace ingot
