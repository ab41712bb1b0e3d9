// Plugins whose kernels other tools compile ahead of time (tensorrt.plugin.aot_impl of 10 and 11). All that
// there is to know of one is asked when a network takes it and lies in the engine, so that it runs where
// neither the program nor its Python is.
#include "ingot_tensorrt.h"

#if NV_TENSORRT_MAJOR >= 10

#include <sstream>

#include "plugin/device_code.h"
#include "plugin/plugin_v3.h"

namespace ingot::tensorrt {
namespace {

using nvinfer1::IDimensionExpr;
using nvinfer1::ISymExpr;
using nvinfer1::PluginCapabilityType;

// A number in the formula of the inputs' dims: `Expression::formula`.
std::string formula_of(ISymExpr* symbol) {
  const auto* e = symbol == nullptr ? nullptr : static_cast<const IDimensionExpr*>(symbol->getExpr());
  return e == nullptr ? "" : expression(*e).formula();
}

// What the plugin sets may be gone after the call, so its formula is taken at once.
class LaunchParams final : public nvinfer1::IKernelLaunchParams, public nvinfer1::IKernelLaunchParamsImpl {
 public:
  LaunchParams() { mImpl = this; }
  ISymExpr* getGridX() noexcept override { return set_[0]; }
  ISymExpr* getGridY() noexcept override { return set_[1]; }
  ISymExpr* getGridZ() noexcept override { return set_[2]; }
  ISymExpr* getBlockX() noexcept override { return set_[3]; }
  ISymExpr* getBlockY() noexcept override { return set_[4]; }
  ISymExpr* getBlockZ() noexcept override { return set_[5]; }
  ISymExpr* getSharedMem() noexcept override { return set_[6]; }
  bool setGridX(ISymExpr* e) noexcept override { return set(0, e); }
  bool setGridY(ISymExpr* e) noexcept override { return set(1, e); }
  bool setGridZ(ISymExpr* e) noexcept override { return set(2, e); }
  bool setBlockX(ISymExpr* e) noexcept override { return set(3, e); }
  bool setBlockY(ISymExpr* e) noexcept override { return set(4, e); }
  bool setBlockZ(ISymExpr* e) noexcept override { return set(5, e); }
  bool setSharedMem(ISymExpr* e) noexcept override { return set(6, e); }

  std::vector<std::string> formulas{"1", "1", "1", "1", "1", "1", "0"};

 private:
  bool set(size_t i, ISymExpr* e) {
    const std::string formula = formula_of(e);
    if (formula.empty()) return false;
    set_[i] = e, formulas[i] = formula;
    return true;
  }
  std::array<ISymExpr*, 7> set_{};
};

class Scalars final : public nvinfer1::ISymExprs, public nvinfer1::ISymExprsImpl {
 public:
  Scalars() { mImpl = this; }
  ISymExpr* getSymExpr(int32_t i) const noexcept override { return inside(i) ? set_[size_t(i)] : nullptr; }
  bool setSymExpr(int32_t i, ISymExpr* e) noexcept override {
    const std::string formula = formula_of(e);
    if (!inside(i) || formula.empty()) return false;
    const auto bytes = 1 << static_cast<int32_t>(e->getDataType());  // kINT8, kINT16, kINT32
    set_[size_t(i)] = e, formulas[size_t(i)] = std::to_string(bytes) + ' ' + formula;
    return true;
  }
  int32_t getNbSymExprs() const noexcept override { return count(set_); }
  bool setNbSymExprs(int32_t n) noexcept override {
    if (n < 0 || n > kMost) return false;
    set_.assign(size_t(n), nullptr), formulas.assign(size_t(n), "");
    return true;
  }

  std::vector<std::string> formulas;  // each behind its size in bytes

 private:
  static constexpr int32_t kMost = 1024;
  bool inside(int32_t i) const { return i >= 0 && i < count(set_); }
  std::vector<ISymExpr*> set_;
};

struct Recorded {
  std::vector<int64_t> inputs, outputs;  // types
  std::vector<std::vector<std::string>> dims;
  std::vector<std::string> launch, scalars;
  std::string kernel, code;
};

template <class List>
std::string line(const List& list) {
  std::ostringstream out;
  for (const auto& e : list) out << e << ';';
  return out.str() + '\n';
}

std::string write(const Recorded& r) {
  std::string out = line(r.inputs) + line(r.outputs) + line(r.launch) + line(r.scalars);
  for (const auto& dims : r.dims) out += line(dims);
  return out + r.kernel + '\n' + r.code;
}

std::vector<std::string> read_line(std::istringstream& in) {
  std::string text, entry;
  std::getline(in, text);
  std::istringstream entries(text);
  std::vector<std::string> out;
  while (std::getline(entries, entry, ';')) out.push_back(entry);
  return out;
}

std::vector<int64_t> read_numbers(std::istringstream& in) {
  std::vector<int64_t> out;
  for (const std::string& s : read_line(in)) out.push_back(std::strtoll(s.c_str(), nullptr, 10));
  return out;
}

Recorded read(const std::string& bytes) {
  std::istringstream in(bytes);
  Recorded r;
  r.inputs = read_numbers(in), r.outputs = read_numbers(in);
  r.launch = read_line(in), r.scalars = read_line(in);
  for (size_t i = 0; i < r.outputs.size(); ++i) r.dims.push_back(read_line(in));
  std::getline(in, r.kernel);
  r.code.assign(std::istreambuf_iterator<char>(in), {});
  return r;
}

class CompiledPlugin final : public Plugin {
 public:
  CompiledPlugin(SavedPlugin saved, std::shared_ptr<const Recorded> recorded)
      : saved_(std::move(saved)), r_(std::move(recorded)) {}

  int32_t num_outputs() override { return count(r_->outputs); }
  Status output_types(const std::vector<Type>& in, const std::vector<int32_t>&,
                      std::vector<Type>& out) override {
    for (size_t i = 0; i < in.size(); ++i)
      if (i >= r_->inputs.size() || static_cast<int64_t>(in[i]) != r_->inputs[i])
        return unsupported_format(saved_.name.c_str(), i, in[i]);
    for (size_t i = 0; i < out.size(); ++i) out[i] = static_cast<Type>(r_->outputs.at(i));
    return {};
  }
  Status output_dims(const std::vector<nvinfer1::DimsExprs>& in, const std::vector<nvinfer1::DimsExprs>&,
                     std::vector<nvinfer1::DimsExprs>& out, Expressions& builder) override {
    for (size_t i = 0; i < out.size(); ++i) {
      out[i].nbDims = count(r_->dims.at(i));
      for (int32_t d = 0; d < out[i].nbDims; ++d)
        out[i].d[d] = builder.evaluate(r_->dims[i][static_cast<size_t>(d)], in);
    }
    return {};
  }
  Status supports(const Descs&, const Descs&) override { return {}; }  // recorded for these types

  Status run(const Descs& in, const Descs& out, const void* const* inputs, void* const* outputs,
             const CustomOp::Gpu* gpu) override {
    if (gpu == nullptr)
      return {
          StatusCode::kUnsupported,
          "plugin '" + saved_.name + "' is compiled ahead of time for GPUs, and this engine runs on a CPU"};
    Expressions builder;
    std::vector<nvinfer1::DimsExprs> dims;
    for (const auto& d : in) {
      std::vector<std::string> texts;
      for (int32_t i = 0; i < d.dims.nbDims; ++i) texts.push_back(std::to_string(d.dims.d[i]));
      dims.push_back(builder.dims(texts));
    }
    bool known = true;
    const auto value = [&](const std::string& formula) {
      const IDimensionExpr* e = builder.evaluate(formula, dims);
      known = known && e != nullptr && e->isConstant();
      return known ? e->getConstantValue() : 0;
    };
    const auto unsigned_value = [&](size_t i) { return static_cast<unsigned>(value(r_->launch.at(i))); };
    const DeviceLaunch launch{{unsigned_value(0), unsigned_value(1), unsigned_value(2)},
                              {unsigned_value(3), unsigned_value(4), unsigned_value(5)},
                              unsigned_value(6)};
    std::vector<DeviceArgument> arguments;
    const auto add = [&](const void* bytes, size_t size) {
      arguments.emplace_back(static_cast<const char*>(bytes), size);
    };
    for (size_t i = 0; i < in.size(); ++i) add(inputs + i, sizeof(void*));
    for (const std::string& s :
         r_->scalars) {  // little end first: a narrow one is the beginning of a wide one
      const int64_t v = value(s.substr(s.find(' ') + 1));
      add(&v, static_cast<size_t>(std::strtoul(s.c_str(), nullptr, 10)));
    }
    for (size_t i = 0; i < out.size(); ++i) add(outputs + i, sizeof(void*));
    if (!known)
      return {StatusCode::kInvalidArgument,
              "plugin '" + saved_.name + "': its launch does not follow from the inputs' dims"};
    if (launch.grid[0] == 0 || launch.grid[1] == 0 || launch.grid[2] == 0) return {};  // an empty tensor
    return launch_code(r_->code, r_->kernel, launch, arguments, gpu->stream);
  }

  std::unique_ptr<Plugin> clone() override { return std::make_unique<CompiledPlugin>(saved_, r_); }
  Result<std::string> save() override { return pack(saved_); }

 private:
  SavedPlugin saved_;
  std::shared_ptr<const Recorded> r_;
};

}  // namespace

bool is_compiled(nvinfer1::IPluginV3& plugin) {
  const auto* build = plugin.getCapabilityInterface(PluginCapabilityType::kBUILD);
  return build != nullptr && std::string_view(build->getInterfaceInfo().kind) == "PLUGIN_V3QUICKAOT_BUILD";
}

Result<std::unique_ptr<Plugin>> record_compiled(nvinfer1::IPluginV3& plugin, const Plugin::Descs& in) {
  auto* core = side<nvinfer1::IPluginV3QuickCore>(plugin, PluginCapabilityType::kCORE);
  auto& build = *side<nvinfer1::IPluginV3QuickAOTBuild>(plugin, PluginCapabilityType::kBUILD);
  if (core == nullptr) return gave_nothing("", "getCapabilityInterface(kCORE)");
  const char* name = core->getPluginName();
  Recorded r;
  std::vector<Plugin::Type> in_types, out_types(static_cast<size_t>(std::max(build.getNbOutputs(), 0)));
  std::vector<int32_t> ranks;
  Expressions builder;
  std::vector<nvinfer1::DimsExprs> in_dims, out_dims(out_types.size());
  for (size_t i = 0; i < in.size(); ++i) {
    in_types.push_back(in[i].type), ranks.push_back(in[i].dims.nbDims);
    in_dims.push_back(builder.input_dims(static_cast<int32_t>(i), in[i].dims));
    r.inputs.push_back(static_cast<int64_t>(in[i].type));
  }
  if (const int32_t code = build.getOutputDataTypes(out_types.data(), count(out_types), in_types.data(),
                                                    ranks.data(), count(ranks)))
    return refused(name, "getOutputDataTypes", code);
  if (Status s = output_shapes(build, name, in_dims, {}, out_dims, builder); !s.ok()) return s;
  Plugin::Descs out;
  for (size_t i = 0; i < out_types.size(); ++i) {
    r.outputs.push_back(static_cast<int64_t>(out_types[i]));
    nvinfer1::Dims dims{};
    dims.nbDims = out_dims[i].nbDims;
    auto& formulas = r.dims.emplace_back();
    for (int32_t d = 0; d < dims.nbDims; ++d) {
      const IDimensionExpr* e = out_dims[i].d[d];
      if (e == nullptr) return gave_nothing(name, "getOutputShapes");
      formulas.push_back(expression(*e).formula());
      dims.d[d] = e->isConstant() ? e->getConstantValue() : -1;
    }
    out.push_back(linear_desc(out_types[i], dims));
  }
  const auto all = all_with_range(in, out);
  if (Status s = takes(build, name, in, out); !s.ok()) return s;
  if (Status s = configure(build, name, in, out); !s.ok()) return s;
  bool told = false;
  if (Status s = choose_tactic(build, build, name, told, 0); !s.ok()) return s;
  LaunchParams launch;
  Scalars scalars;
  if (const int32_t code = build.getLaunchParams(in_dims.data(), all.data(), count(in), count(out), &launch,
                                                 &scalars, builder))
    return refused(name, "getLaunchParams", code);
  const char* kernel = nullptr;
  char* bytes = nullptr;
  int32_t size = 0;
  if (const int32_t code =
          build.getKernel(in.data(), count(in), out.data(), count(out), &kernel, &bytes, &size))
    return refused(name, "getKernel", code);
  if (kernel == nullptr || bytes == nullptr || size <= 0) return gave_nothing(name, "getKernel");
  r.launch = launch.formulas, r.scalars = scalars.formulas;
  r.kernel = kernel, r.code.assign(bytes, static_cast<size_t>(size));
  SavedPlugin saved{"compiled", text_or_empty(name), text_or_empty(core->getPluginVersion()),
                    text_or_empty(core->getPluginNamespace()), write(r)};
  return std::unique_ptr<Plugin>(
      std::make_unique<CompiledPlugin>(std::move(saved), std::make_shared<const Recorded>(std::move(r))));
}

Result<std::unique_ptr<Plugin>> restore_compiled(const SavedPlugin& saved) {
  return std::unique_ptr<Plugin>(
      std::make_unique<CompiledPlugin>(saved, std::make_shared<const Recorded>(read(saved.bytes))));
}

}  // namespace ingot::tensorrt

#endif
