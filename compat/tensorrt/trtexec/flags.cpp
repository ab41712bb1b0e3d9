#include "flags.h"

namespace ingot::trtexec {
namespace {

constexpr auto kM = Section::kModel;
constexpr auto kB = Section::kBuild;
constexpr auto kS = Section::kSystem;
constexpr auto kI = Section::kInference;
constexpr auto kR = Section::kReporting;
constexpr auto kT = Section::kTuning;
constexpr auto kSwitch = Kind::kSwitch;
constexpr auto kText = Kind::kText;
constexpr auto kNumber = Kind::kNumber;
constexpr auto kRepeated = Kind::kRepeated;

// Why flags have no effect.
constexpr const char* kPrecision = "the engine keeps the model's own types";
constexpr const char* kGpuPrecision = "the CPU computes in the model's own types";
constexpr const char* kQuantized = "the engine is not quantized, so nothing is calibrated";
constexpr const char* kIoTypes = "inputs and outputs keep the model's types, row by row";
constexpr const char* kFormat = "models are read from ONNX only";
constexpr const char* kMemory = "memory is what the network needs, no pool has a limit";
constexpr const char* kTactics = "the tuner considers every kernel";
constexpr const char* kCache = "timings are kept only where --timingCacheFile says so";
constexpr const char* kPasses = "the optimizer has no such setting";
constexpr const char* kStored = "engines hold their weights, and can be given others";
constexpr const char* kPortable = "engines run on any processor that Ingot supports";
constexpr const char* kRuntime = "there is one runtime";
constexpr const char* kDla = "there is no DLA";
constexpr const char* kSafety = "there is no safety mode";
constexpr const char* kPlugins = "engines hold no plugin libraries: load them beside the engine";
constexpr const char* kDebug = "tensors inside the engine cannot be marked";
constexpr const char* kTransfers = "inputs and outputs are used in place";
constexpr const char* kCuda = "runs are calls that return when they are done";
constexpr const char* kThreads = "each stream has a thread of its own";
constexpr const char* kProfiling = "layers are timed in runs of their own";
constexpr const char* kContext = "each context has its own memory";
constexpr const char* kStreaming = "all weights stay in memory";
constexpr const char* kAccuracy = "outputs are not compared here: ingot verify does it";
constexpr const char* kRoutes = "there are no build routes to search";

constexpr Flag kFlags[] = {
    {"--onnx", kText, kM, kAll, "Model", "", nullptr},
    {"--model", kText, kM, k8, nullptr, "", kFormat},
    {"--deploy", kText, kM, k8, nullptr, "", kFormat},
    {"--uff", kText, kM, k8, nullptr, "", kFormat},
    {"--uffInput", kRepeated, kM, k8, nullptr, "", kFormat},
    {"--uffNHWC", kSwitch, kM, k8, nullptr, "", kFormat},
    {"--output", kRepeated, kM, k8, "Output", "", "the outputs are those of the model"},

    {"--maxBatch", kNumber, kB, k8, "Max batch", "explicit batch", "the batch is a dim like the others"},
    {"--minShapes", kRepeated, kB, kAll, "Min shapes", "model", nullptr},
    {"--optShapes", kRepeated, kB, kAll, "Opt shapes", "model", nullptr},
    {"--maxShapes", kRepeated, kB, kAll, "Max shapes", "model", nullptr},
    {"--profile", kRepeated, kB, k10 | k11, nullptr, "", nullptr},
    {"--minShapesCalib", kText, kB, k8 | k10, nullptr, "", kQuantized},
    {"--optShapesCalib", kText, kB, k8 | k10, nullptr, "", kQuantized},
    {"--maxShapesCalib", kText, kB, k8 | k10, nullptr, "", kQuantized},
    {"--explicitBatch", kSwitch, kB, k8, nullptr, "", "the batch is always explicit"},
    {"--explicitPrecision", kSwitch, kB, k8, nullptr, "", kPrecision},
    {"--workspace", kNumber, kB, k8, "Workspace", "default", kMemory},
    {"--memPoolSize", kText, kB, kAll, "Memory Pools", "workspace: default", kMemory},
    {"--minTiming", kNumber, kB, k8, "minTiming", "1", kTactics},
    {"--avgTiming", kNumber, kB, kAll, "avgTiming", "8", "the tuner measures until it is sure"},
    {"--fp16", kSwitch, kB, k8 | k10, "FP16", nullptr, kGpuPrecision, true},
    {"--bf16", kSwitch, kB, k10, "BF16", nullptr, kGpuPrecision, true},
    {"--int8", kSwitch, kB, k8 | k10, "INT8", nullptr, kPrecision},
    {"--fp8", kSwitch, kB, k8 | k10, "FP8", nullptr, kPrecision},
    {"--int4", kSwitch, kB, k10, "INT4", nullptr, kPrecision},
    {"--best", kSwitch, kB, k8 | k10, "Best precision", nullptr, kGpuPrecision, true},
    {"--noTF32", kSwitch, kB, kAll, nullptr, "", "the CPU does not use TF32", true},
    {"--stronglyTyped", kSwitch, kB, k10 | k11, "Strongly typed", nullptr, "types are always the model's"},
    {"--precisionConstraints", kText, kB, k8 | k10, nullptr, "", kPrecision},
    {"--layerPrecisions", kText, kB, k8 | k10, "LayerPrecisions", "", kPrecision},
    {"--layerOutputTypes", kText, kB, k8 | k10, nullptr, "", kPrecision},
    {"--layerDeviceTypes", kText, kB, kAll, "Layer Device Types", "", kDla},
    {"--decomposableAttentions", kText, kB, k10 | k11, nullptr, "", kPasses},
    {"--calib", kText, kB, k8 | k10, "Calibration", "", kQuantized},
    {"--calibProfile", kNumber, kB, k8 | k10, nullptr, "", kQuantized},
    {"--refit", kSwitch, kB, kAll, "Refit", nullptr, nullptr},
    {"--refitFromOnnx", kText, kB, k10 | k11, nullptr, "", nullptr},
    {"--stripWeights", kSwitch, kB, k10 | k11, "Strip weights", nullptr, kStored},
    {"--stripAllWeights", kSwitch, kB, k10 | k11, nullptr, "", kStored},
    {"--weightless", kSwitch, kB, k10, nullptr, "", kStored},
    {"--allowWeightStreaming", kSwitch, kB, k10 | k11, nullptr, "", kStreaming},
    {"--versionCompatible,--vc", kSwitch, kB, kAll, "Version Compatible", nullptr, kPortable},
    {"--excludeLeanRuntime", kSwitch, kB, kAll, "Exclude Lean Runtime", nullptr, kRuntime},
    {"--useRuntime", kText, kB, kAll, "TensorRT runtime", "full", kRuntime},
    {"--leanDLLPath", kText, kB, kAll, "Lean DLL Path", "", kRuntime},
    {"--hardwareCompatibilityLevel", kText, kB, kAll, nullptr, "", kPortable},
    {"--runtimePlatform", kText, kB, k10 | k11, nullptr, "", kPortable},
    {"--tempdir", kText, kB, kAll, nullptr, "", "no temporary files are made"},
    {"--tempfileControls", kText, kB, kAll, nullptr, "", "no temporary files are made"},
    {"--sparsity", kText, kB, kAll, "Sparsity", "Disabled", kPasses},
    {"--safe", kSwitch, kB, kAll, "Safe mode", nullptr, kSafety},
    {"--restricted", kSwitch, kB, k8 | k10, nullptr, "", kSafety},
    {"--consistency", kSwitch, kB, kAll, nullptr, "", kSafety},
    {"--dumpKernelText", kSwitch, kB, k10 | k11, nullptr, "", kSafety},
    {"--remoteAutoTuningConfig", kText, kB, k10 | k11, nullptr, "", "kernels are timed on this machine"},
    {"--cpuOnly", kSwitch, kB, k10 | k11, nullptr, "", "the device is what this machine has"},
    {"--buildDLAStandalone", kSwitch, kB, kAll, nullptr, "", kDla},
    {"--allowGPUFallback", kSwitch, kB, kAll, nullptr, "", kDla},
    {"--uint8AsymmetricQuantizationDLA", kSwitch, kB, k10 | k11, nullptr, "", kDla},
    {"--reportCapabilityDLA", kSwitch, kB, k11, nullptr, "", kDla},
    {"--adjustForDLA", kSwitch, kB, k11, nullptr, "", kDla},
    {"--directIO", kSwitch, kB, kAll, nullptr, "", kIoTypes},
    {"--skipInference,--buildOnly", kSwitch, kB, kAll, "Skip inference", nullptr, nullptr},
    {"--saveEngine", kText, kB, kAll, "Save engine", "", nullptr},
    {"--loadEngine", kText, kB, kAll, "Load engine", "", nullptr},
    {"--asyncFileReader", kSwitch, kB, k10 | k11, nullptr, "", "the file is mapped"},
    {"--getPlanVersionOnly", kSwitch, kB, k10 | k11, nullptr, "", nullptr},
    {"--profilingVerbosity", kText, kB, kAll, "Profiling verbosity", "detailed", nullptr},
    {"--nvtxMode", kText, kB, k8, nullptr, "", "nothing is marked for NVTX"},
    {"--markDebug", kText, kB, k10 | k11, nullptr, "", kDebug},
    {"--markUnfusedTensorsAsDebugTensors", kSwitch, kB, k10 | k11, nullptr, "", kDebug},
    {"--tacticSources", kText, kB, kAll, "Tactic sources", "Using default tactic sources", kTactics},
    {"--maxTactics", kNumber, kB, k10 | k11, nullptr, "", kTactics},
    {"--heuristic", kSwitch, kB, k8, nullptr, "", "--builderOptimizationLevel=0 times nothing"},
    {"--noBuilderCache", kSwitch, kB, kAll, nullptr, "", kCache},
    {"--noCompilationCache", kSwitch, kB, k10 | k11, nullptr, "", kCache},
    {"--timingCacheFile", kText, kB, kAll, "timingCacheFile", "", nullptr},
    {"--errorOnTimingCacheMiss", kSwitch, kB, k10 | k11, nullptr, "", "what the cache lacks is timed"},
    {"--preview", kText, kB, kAll, "Preview Features", "Use default preview flags.", kPasses},
    {"--maxAuxStreams", kNumber, kB, kAll, "MaxAuxStreams", "-1", "layers run one after the other"},
    {"--builderOptimizationLevel", kNumber, kB, kAll, "BuilderOptimizationLevel", "3", nullptr},
    {"--tilingOptimizationLevel", kNumber, kB, k10 | k11, nullptr, "", kPasses},
    {"--l2LimitForTiling", kNumber, kB, k10 | k11, nullptr, "", kPasses},
    {"--distributiveIndependence", kSwitch, kB, k11, nullptr, "", kPasses},
    {"--monitorMemory", kSwitch, kB, k10 | k11, nullptr, "", "the report names the memory of a context"},
    {"--pluginInstanceNorm,--pi", kSwitch, kB, k10 | k11, nullptr, "", "the operator is Ingot's own"},
    {"--enablePluginOverride", kSwitch, kB, k11, nullptr, "", "plugins do not replace operators"},
    {"--inputIOFormats", kText, kB, kAll, "Input(s)s format", "the model's", kIoTypes},
    {"--outputIOFormats", kText, kB, kAll, "Output(s)s format", "the model's", kIoTypes},

    {"--device", kNumber, kS, kAll, "Device", "0", nullptr},
    {"--useDLACore", kNumber, kS, kAll, "DLACore", "", kDla},
    {"--staticPlugins,--plugins", kRepeated, kS, kAll, "Plugins", "", nullptr},
    {"--dynamicPlugins", kRepeated, kS, kAll, "dynamicPlugins", "", nullptr},
    {"--setPluginsToSerialize", kRepeated, kS, kAll, "setPluginsToSerialize", "", kPlugins},
    {"--ignoreParsedPluginLibs", kSwitch, kS, kAll, nullptr, "", kPlugins},
    {"--safetyPlugins", kRepeated, kS, k10 | k11, nullptr, "", kSafety},

    {"--batch", kNumber, kI, k8, "Batch", "Explicit", nullptr},
    {"--shapes", kRepeated, kI, kAll, "Input inference shapes", "model", nullptr},
    {"--iterations", kNumber, kI, kAll, "Iterations", "10", nullptr},
    {"--duration", kNumber, kI, kAll, "Duration (s)", "3", nullptr},
    {"--warmUp", kNumber, kI, kAll, "Warm up (ms)", "200", nullptr},
    {"--sleepTime", kNumber, kI, kAll, "Sleep time (ms)", "0", nullptr},
    {"--idleTime", kNumber, kI, kAll, "Idle time (ms)", "0", nullptr},
    {"--infStreams,--streams", kNumber, kI, kAll, "Inference Streams", "1", nullptr},
    {"--loadInputs", kRepeated, kI, kAll, "Inputs", "", nullptr},
    {"--exposeDMA", kSwitch, kI, kAll, nullptr, "", kTransfers},
    {"--noDataTransfers", kSwitch, kI, kAll, nullptr, "", kTransfers, true},
    {"--includeDataTransfers", kSwitch, kI, k11, nullptr, "", kTransfers, true},
    {"--useManagedMemory", kSwitch, kI, kAll, nullptr, "", kTransfers},
    {"--useSpinWait", kSwitch, kI, kAll, nullptr, "", kCuda},
    {"--noSpinWait", kSwitch, kI, k11, nullptr, "", kCuda},
    {"--useCudaGraph", kSwitch, kI, kAll, nullptr, "", kCuda, true},
    {"--noCudaGraph", kSwitch, kI, k11, nullptr, "", kCuda},
    {"--threads", kSwitch, kI, kAll, nullptr, "", kThreads},
    {"--separateProfileRun", kSwitch, kI, kAll, nullptr, "", kProfiling},
    {"--timeDeserialize", kSwitch, kI, kAll, "Time Deserialize", nullptr, nullptr},
    {"--timeRefit", kSwitch, kI, kAll, nullptr, "", nullptr},
    {"--persistentCacheRatio", kNumber, kI, kAll, nullptr, "", "caches are left to the processor"},
    {"--useProfile", kNumber, kI, k10 | k11, nullptr, "", "the first profile that the shapes fit is used"},
    {"--allocationStrategy", kText, kI, k10 | k11, nullptr, "", kContext},
    {"--weightStreamingBudget", kText, kI, k10 | k11, nullptr, "", kStreaming},
    {"--saveDebugTensors", kText, kI, k10 | k11, nullptr, "", kDebug},
    {"--saveAllDebugTensors", kText, kI, k10 | k11, nullptr, "", kDebug},
    {"--loadRefOutputs", kRepeated, kI, k11, nullptr, "", kAccuracy},
    {"--accuracyAlgorithm", kText, kI, k11, nullptr, "", kAccuracy},
    {"--atol", kNumber, kI, k11, nullptr, "", kAccuracy},
    {"--rtol", kNumber, kI, k11, nullptr, "", kAccuracy},
    {"--accuracyThreshold", kText, kI, k11, nullptr, "", kAccuracy},
    {"--refPair", kRepeated, kI, k11, nullptr, "", kAccuracy},

    {"--verbose", kSwitch, kR, kAll, "Verbose", nullptr, nullptr},
    {"--avgRuns", kNumber, kR, kAll, "Averages (inferences)", "10", nullptr},
    {"--percentile", kText, kR, kAll, "Percentiles", "90,95,99", nullptr},
    {"--dumpRefit", kSwitch, kR, kAll, "Dump refittable layers", nullptr, nullptr},
    {"--dumpOutput", kSwitch, kR, kAll, "Dump output", nullptr, nullptr},
    {"--dumpRawBindingsToFile", kSwitch, kR, k10 | k11, nullptr, "", nullptr},
    {"--dumpProfile", kSwitch, kR, kAll, "Profile", nullptr, nullptr},
    {"--dumpLayerInfo", kSwitch, kR, kAll, "Dump layer information", nullptr, nullptr},
    {"--dumpOptimizationProfile", kSwitch, kR, k10 | k11, nullptr, "", nullptr},
    {"--exportTimes", kText, kR, kAll, "Export timing to JSON file", "", nullptr},
    {"--exportOutput", kText, kR, kAll, "Export output to JSON file", "", nullptr},
    {"--exportProfile", kText, kR, kAll, "Export profile to JSON file", "", nullptr},
    {"--exportLayerInfo", kText, kR, kAll, "Export layer information to JSON file", "", nullptr},

    {"--tuneBuildRoutes", kText, kT, k11, nullptr, "", kRoutes},
    {"--tuneBuildRouteFile", kText, kT, k11, nullptr, "", kRoutes},
    {"--tuningSearch", kText, kT, k11, nullptr, "", kRoutes},
    {"--tuningCacheFile", kText, kT, k11, nullptr, "", kRoutes},
    {"--tuningResultFile", kText, kT, k11, nullptr, "", kRoutes},
    {"--tuningTimeOut", kNumber, kT, k11, nullptr, "", kRoutes},
    {"--saveAllEngines", kSwitch, kT, k11, nullptr, "", kRoutes},
    {"--dryRun", kSwitch, kT, k11, nullptr, "", kRoutes},
    {"--continue", kSwitch, kT, k11, nullptr, "", kRoutes},
    {"--helpBuildRoute", kSwitch, kT, k11, nullptr, "", kRoutes},
    {"--setBuildRoute", kText, kT, k11, nullptr, "", kRoutes},
};

}  // namespace

std::span<const Flag> flags() { return kFlags; }

const char* section_name(Section section) {
  switch (section) {
    case Section::kModel:
      return "Model";
    case Section::kBuild:
      return "Build";
    case Section::kSystem:
      return "System";
    case Section::kInference:
      return "Inference";
    case Section::kReporting:
      return "Reporting";
    case Section::kTuning:
      return "Tuning";
  }
  return "";
}

}  // namespace ingot::trtexec
