#include "parser_refitter.h"

#if NV_TENSORRT_MAJOR >= 10

namespace ingot::tensorrt {

bool ParserRefitter::fail(nvonnxparser::ErrorCode code, const Status& why) {
  errors_.push_back(std::make_unique<ParserError>(code, ImportError{-1, "", "", why}));
  return log_.check(why);
}

bool ParserRefitter::take(Result<ingot::Network> model) {
  if (!model.ok()) return fail(parser_code(model.status().code()), model.status());
  models_.push_back(std::move(*model));
  std::map<std::string, TensorRef> weights;
  const ingot::Network& network = models_.back();
  for (NetworkTensor t : network.constants()) weights[network.info(t).name] = network.constant_value(t);

  std::vector<const char*> names(static_cast<size_t>(refitter_.getAllWeights(0, nullptr)));
  refitter_.getAllWeights(static_cast<int32_t>(names.size()), names.data());
  bool any = names.empty();
  for (const char* name : names) {
    const auto it = weights.find(name);
    if (it == weights.end()) continue;
    any = true;
    const TensorRef& w = it->second;
    if (!refitter_.setNamedWeights(name, {to_tensorrt(w.dtype), w.data, w.size()}))
      return fail(nvonnxparser::ErrorCode::kREFIT_FAILED,
                  {StatusCode::kInvalidArgument,
                   std::string("the model's weights '") + name + "' do not fit those of the engine"});
  }
  return any || fail(nvonnxparser::ErrorCode::kREFIT_FAILED,
                     {StatusCode::kInvalidArgument, "the model has no weights of the engine's names"});
}

bool ParserRefitter::refitFromBytes(const void* data, uint64_t size, const char* path) noexcept {
  return log_.guard("refitFromBytes", [&] {
    ImportHelp help = import_help();
    return take(ingot::Network::from_onnx(data, size, folder_of(path), &help));
  });
}

bool ParserRefitter::refitFromFile(const char* path) noexcept {
  return log_.guard("refitFromFile", [&] {
    ImportHelp help = import_help();
    return take(ingot::Network::from_onnx(path == nullptr ? "" : path, &help));
  });
}

bool ParserRefitter::refitModelProto() noexcept {
  return log_.guard("refitModelProto", [&] {
    ImportHelp help = import_help();
    return take(loaded_.import(help));
  });
}

const nvonnxparser::IParserError* ParserRefitter::getError(int32_t index) const noexcept {
  const auto at = static_cast<size_t>(index);
  return at < errors_.size() ? errors_[at].get() : nullptr;
}

}  // namespace ingot::tensorrt

#endif
