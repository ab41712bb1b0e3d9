#include "arguments.h"

#include <CLI/CLI.hpp>
#include <memory>

#include "commands.h"
#include "ingot/engine.h"

namespace ingot::cli {
namespace {

constexpr const char* kFooter =
    "Shapes are written name:1x3x224x224; several are separated by commas, or given one option each.\n"
    "'ingot COMMAND --help' lists the options of a command.";

// A sub-command, whose options are bound to variables that `run` owns.
struct Command {
  CLI::App* app;
  std::function<void()> run;
};

// The model and the options of a build.
void add_model_options(CLI::App& app, ModelOptions& o, const char* what) {
  BuildOptions& b = o.build;
  app.add_option("model", o.path, what)->required()->type_name("MODEL");
  app.add_option("--device", b.device, "where the engine runs: cpu or cuda")
      ->capture_default_str()
      ->type_name("NAME");
  app.add_option("--threads", b.threads,
                 "threads that the engine is tuned for and runs with (default: all cores)")
      ->check(CLI::Range(1, 1024));
  app.add_flag("--fp16", b.fp16, "computes in float16, with sums in float32; for GPUs")->group("Precision");
  app.add_flag("--bf16", b.bf16, "computes in bfloat16, with sums in float32; for GPUs")->group("Precision");
  app.add_flag(
         "--int8", b.int8,
         "layers between QuantizeLinear and DequantizeLinear compute on 8-bit integers; always so on GPUs")
      ->group("Precision");
  app.add_flag("--fp8", b.fp8, "likewise on FP8 (E4M3)")->group("Precision");
  app.add_option(
         "--calibration", o.calibration,
         "samples from which --int8 takes its scales where the model has no quantizers: an array whose first "
         "dimension counts them")
      ->type_name("NAME=FILE.npy")
      ->allow_extra_args(false)
      ->group("Precision");
  app.add_option("--calibration-method", o.calibration_method, "how ranges are chosen")
      ->check(CLI::IsMember({"entropy", "minmax"}))
      ->capture_default_str()
      ->group("Precision");
  app.add_option("--calibration-cache", o.calibration_cache,
                 "file of ranges: read where it is there, else written")
      ->type_name("FILE")
      ->group("Precision");
  app.add_flag("--best", o.best, "on GPUs: --fp16, and --int8 and --fp8 where the model has quantizers")
      ->group("Precision");
  app.add_flag("--tf32,!--no-tf32", b.tf32,
               "lets GPUs round operands of float32 products to TF32 (default: on)")
      ->group("Precision");
  const auto shapes = [&](const char* name, std::vector<std::string>& list, const char* text) {
    app.add_option(name, list, text)->type_name("NAME:DIMS,...")->allow_extra_args(false)->group("Shapes");
  };
  shapes("--shapes", o.shapes, "dims of inputs that the model leaves open");
  shapes("--min-shapes", o.min_shapes,
         "smallest dims of a profile; repeat the three options for several profiles");
  shapes("--opt-shapes", o.opt_shapes, "dims that a profile is tuned for");
  shapes("--max-shapes", o.max_shapes, "largest dims of a profile");
  app.add_option("--level", b.level,
                 "time for the kernels of a layer: 0: none is timed, 1: 10 ms, 2: 20 ms, 3: 50 ms, 4: 0.2 s, "
                 "5: 1 s")
      ->check(CLI::Range(0, 5))
      ->capture_default_str()
      ->group("Build");
  app.add_flag("--refittable", b.refittable, "keeps in the engine what 'ingot refit' needs")->group("Build");
  app.add_option("--timing-cache", b.timing_cache, "file that keeps timings between builds")
      ->type_name("FILE")
      ->group("Build");
  const auto passes = [&](const char* name, std::vector<std::string>& list, const char* text) {
    app.add_option(name, list, text)
        ->type_name("PASS")
        ->delimiter(',')
        ->allow_extra_args(false)
        ->group("Passes");
  };
  passes("--disable-pass", b.disable_passes, "leaves out a pass, or all of them ('all')");
  passes("--dump-before", b.dump_before, "writes the graph's text before a pass");
  passes("--dump-after", b.dump_after, "writes the graph's text after a pass");
  app.add_option("--dump-dir", b.dump_dir, "folder for the dumps")
      ->capture_default_str()
      ->type_name("DIR")
      ->group("Passes");
  app.add_option("--stop-after", b.stop_after, "the last pass to run")->type_name("PASS")->group("Passes");
}

void add_feed_options(CLI::App& app, FeedOptions& o) {
  app.add_option("--input", o.files, "data of an input; inputs that are not given are random")
      ->type_name("NAME=FILE.npy")
      ->allow_extra_args(false);
  app.add_option("--seed", o.seed, "of the random inputs")->capture_default_str();
}

Command build_command(CLI::App& app) {
  auto o = std::make_shared<BuildCommand>();
  CLI::App* sub = app.add_subcommand("build", "builds an engine file from an ONNX model");
  add_model_options(*sub, o->model, "the ONNX file");
  sub->add_option("-o,--output", o->output, "the engine file (default: MODEL.ingot beside the model)")
      ->type_name("FILE");
  sub->add_option("--json", o->json, "writes the whole report as JSON ('-': to the standard output)")
      ->type_name("FILE");
  return {sub, [o] { run(*o); }};
}

Command run_command(CLI::App& app) {
  auto o = std::make_shared<RunCommand>();
  CLI::App* sub = app.add_subcommand("run", "runs a model once: .npy in, .npy out");
  add_model_options(*sub, o->model, "the engine or ONNX file");
  add_feed_options(*sub, o->feeds);
  sub->add_option("--output-dir", o->output_dir, "writes each output to DIR/NAME.npy")->type_name("DIR");
  return {sub, [o] { run(*o); }};
}

Command bench_command(CLI::App& app) {
  auto o = std::make_shared<BenchCommand>();
  CLI::App* sub =
      app.add_subcommand("bench", "times a model: latency, throughput, share of the machine's peak");
  add_model_options(*sub, o->model, "the engine or ONNX file");
  sub->add_option("--iterations", o->iterations, "number of timed runs")->check(CLI::PositiveNumber);
  sub->add_option("--duration", o->duration, "seconds to run for, where no number of runs is given")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub->add_option("--warmup", o->warmup, "runs before the timed ones")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_feed_options(*sub, o->feeds);
  sub->add_flag("--layers", o->layers, "all layers in the table, which shows the slowest ten otherwise");
  sub->add_option("--json", o->json, "writes the figures as JSON ('-': to the standard output)")
      ->type_name("FILE");
  return {sub, [o] { run(*o); }};
}

Command inspect_command(CLI::App& app) {
  auto o = std::make_shared<InspectCommand>();
  CLI::App* sub = app.add_subcommand("inspect", "shows what an engine is, and why each choice was made");
  add_model_options(*sub, o->model, "the engine or ONNX file");
  sub->get_option("model")->required(false);
  sub->add_flag("--layers", o->layers, "every step with its kernel and results");
  sub->add_option("--why", o->why,
                  "the kernels considered for a node, what each took, and why others were left out")
      ->type_name("NODE");
  sub->add_flag("--graph", o->graph, "the optimized graph as text");
  sub->add_flag("--devices", o->devices, "what this machine offers; needs no model");
  sub->add_flag("--json", o->json, "the whole report as JSON, or the answer to --why or --devices");
  return {sub, [o] { run(*o); }};
}

Command refit_command(CLI::App& app) {
  auto o = std::make_shared<RefitCommand>();
  CLI::App* sub = app.add_subcommand("refit", "gives an engine the weights of another model");
  sub->add_option("engine", o->engine, "an engine that was built with --refittable")
      ->required()
      ->type_name("ENGINE");
  sub->add_option("model", o->model, "an ONNX file whose weights have the same names")
      ->required()
      ->type_name("MODEL");
  sub->add_option("-o,--output", o->output, "the new engine file")->required()->type_name("FILE");
  return {sub, [o] { run(*o); }};
}

Command verify_command(CLI::App& app) {
  auto o = std::make_shared<VerifyCommand>();
  CLI::App* sub = app.add_subcommand(
      "verify", "compares a model's engine with the reference interpreter, layer by layer");
  add_model_options(*sub, o->model, "the ONNX file");
  sub->add_option("--rtol", o->verify.rtol, "allowed difference relative to the expected value")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  sub->add_option("--atol", o->verify.atol,
                  "allowed difference in addition, in units of the tensor's rms where that is above 1")
      ->check(CLI::NonNegativeNumber)
      ->capture_default_str();
  add_feed_options(*sub, o->feeds);
  sub->add_flag("--layers", o->layers, "shows every layer, not only the first that is wrong");
  sub->add_option("--json", o->json, "writes the differences as JSON ('-': to the standard output)")
      ->type_name("FILE");
  return {sub, [o] { run(*o); }};
}

Command exec_command(CLI::App& app) {
  auto o = std::make_shared<ExecCommand>();
  CLI::App* sub = app.add_subcommand("exec", "runs a program written for TensorRT, unmodified, on Ingot");
  sub->prefix_command();
  sub->add_option("--tensorrt", o->major, "serves this major version only (default: each to who asks)")
      ->check(CLI::IsMember({"8", "10", "11"}))
      ->envname("INGOT_TENSORRT")
      ->type_name("8|10|11");
  sub->footer(
      "ingot exec [OPTIONS] PROGRAM [ARGUMENTS]...\n"
      "The program finds libnvinfer, its ONNX parser and plugin libraries, and in Python a module "
      "'tensorrt'\n"
      "over NVIDIA's bindings (pip install --no-deps 'tensorrt-cu13-bindings<11'). Without a GPU it finds\n"
      "CUDA's runtime, pycuda and cuda-python as well.");
  return {sub, [sub, o] {
            o->program = sub->remaining();
            run(*o);
          }};
}

}  // namespace

Asked read_arguments(int argc, char** argv) {
  const auto app =
      std::make_shared<CLI::App>("Ingot turns an ONNX model into one engine file and runs it.", "ingot");
  app->require_subcommand(1);
  app->set_version_flag("--version", std::string("ingot ") + ingot::version());
  app->footer(kFooter);
  const Command commands[] = {build_command(*app),   run_command(*app),   bench_command(*app),
                              inspect_command(*app), refit_command(*app), verify_command(*app),
                              exec_command(*app)};
  try {
    app->parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return {nullptr, app->exit(e) == 0 ? 0 : 1};
  }
  for (const Command& command : commands)
    if (command.app->parsed())
      return {[app, run = command.run] { run(); }};  // exec asks the app what is left
  return {nullptr, 1};
}

}  // namespace ingot::cli
