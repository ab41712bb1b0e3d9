/* The C interface, compiled as C: build, describe, run, save, load, and what failures say.
 * c_api_test MODEL.onnx ENGINE.ingot; leaves the engine file for c_api_rt_test. */
#include <math.h>
#include <string.h>

#include "check.h"
#include "ingot/ingot.h"

static float image[2 * 64];

static void check_probabilities(ingot_context* context, int64_t batch) {
  ingot_tensor y;
  CHECK(ingot_output(context, "probabilities", &y) == INGOT_OK);
  CHECK(y.type == INGOT_F32 && y.rank == 2 && y.dims[0] == batch && y.dims[1] == 10);
  CHECK(y.bytes == (size_t)batch * 10 * sizeof(float));
  for (int64_t row = 0; row < batch; ++row) {
    float sum = 0;
    for (int i = 0; i < 10; ++i) sum += ((const float*)y.data)[row * 10 + i];
    CHECK(fabsf(sum - 1) < 1e-4f);
  }
}

static void run_engine(const ingot_engine* engine, int64_t batch) {
  const int64_t dims[] = {batch, 1, 8, 8};
  ingot_context* context = NULL;
  CHECK(ingot_context_create(engine, 1, &context) == INGOT_OK);
  CHECK(ingot_run(context) == INGOT_FAILED_PRECONDITION);
  CHECK(ingot_set_input(context, "image", INGOT_F32, dims, 4, image) == INGOT_OK);
  CHECK(ingot_run(context) == INGOT_OK);
  check_probabilities(context, batch);

  float mine[20];
  CHECK(ingot_set_output(context, "probabilities", mine, sizeof mine) == INGOT_OK);
  CHECK(ingot_run(context) == INGOT_OK);
  ingot_tensor y;
  CHECK(ingot_output(context, "probabilities", &y) == INGOT_OK && y.data == mine);
  check_probabilities(context, batch);
  ingot_context_free(context);
}

static void check_failures(const ingot_engine* engine) {
  const int64_t dims[] = {1, 1, 8, 9};
  ingot_engine* none = NULL;
  ingot_context* context = NULL;
  CHECK(ingot_load_file("no/such/file.ingot", &none) == INGOT_NOT_FOUND && none == NULL);
  CHECK(strstr(ingot_last_error(), "no/such/file.ingot") != NULL);
  CHECK(ingot_load_bytes("junk", 4, &none) == INGOT_CORRUPT);
  CHECK(ingot_build_file(NULL, NULL, &none) == INGOT_INVALID_ARGUMENT);
  CHECK(strstr(ingot_last_error(), "onnx_path") != NULL);
  CHECK(ingot_context_create(engine, -3, &context) == INGOT_INVALID_ARGUMENT && context == NULL);
  CHECK(ingot_context_create(engine, 1, &context) == INGOT_OK);
  CHECK(ingot_set_input(context, "picture", INGOT_F32, dims, 4, image) == INGOT_INVALID_ARGUMENT);
  CHECK(strstr(ingot_last_error(), "'image'") != NULL);
  CHECK(ingot_set_input(context, "image", INGOT_F32, dims, 4, image) == INGOT_INVALID_ARGUMENT);
  CHECK(ingot_set_input(context, "image", INGOT_I8, dims, 4, image) == INGOT_INVALID_ARGUMENT);
  CHECK(ingot_set_input(context, "image", INGOT_F32, dims, -1, image) == INGOT_INVALID_ARGUMENT);
  ingot_context_free(context);
  ingot_context_free(NULL);
  ingot_engine_free(NULL);
}

static void check_options(const char* model) {
  const int64_t min[] = {1, 1, 8, 8}, max[] = {2, 1, 8, 8};
  ingot_options* options = NULL;
  ingot_engine* engine = NULL;
  ingot_tensor_info info;
  CHECK(ingot_options_create(&options) == INGOT_OK);
  ingot_options_set_threads(options, 1);
  ingot_options_set_level(options, 0);
  CHECK(ingot_options_disable_pass(options, "all") == INGOT_OK);
  CHECK(ingot_options_set_profile(options, 1, "image", min, max, max, 4) == INGOT_INVALID_ARGUMENT);
  CHECK(ingot_options_set_profile(options, 0, "image", min, max, max, 4) == INGOT_OK);
  CHECK(ingot_build_file(model, options, &engine) == INGOT_OK);
  CHECK(ingot_input_info(engine, 0, &info) == INGOT_OK);
  CHECK(info.rank == 4 && info.dims[0] == -1 && info.dims[1] == 1 && info.dims[3] == 8);
  run_engine(engine, 2);
  ingot_engine_free(engine);
  ingot_options_set_level(options, 77);
  CHECK(ingot_build_file(model, options, &engine) == INGOT_INVALID_ARGUMENT);
  CHECK(strstr(ingot_last_error(), "77") != NULL);
  ingot_options_free(options);
}

static void check_refit(const char* model) {
  float bias[10] = {0};
  const char* name = "fc.bias";
  ingot_tensor weight = {INGOT_F32, 1, {10}, bias, sizeof bias};
  ingot_options* options = NULL;
  ingot_engine *engine = NULL, *refitted = NULL;
  CHECK(ingot_build_file(model, NULL, &engine) == INGOT_OK);
  CHECK(ingot_refit(engine, &name, &weight, 1, &refitted) == INGOT_FAILED_PRECONDITION);
  ingot_engine_free(engine);
  CHECK(ingot_options_create(&options) == INGOT_OK);
  ingot_options_set_level(options, 0);
  ingot_options_set_refittable(options, 1);
  CHECK(ingot_build_file(model, options, &engine) == INGOT_OK);
  ingot_options_free(options);
  CHECK(ingot_refit(engine, NULL, &weight, 1, &refitted) == INGOT_INVALID_ARGUMENT);
  weight.dims[0] = 9;
  CHECK(ingot_refit(engine, &name, &weight, 1, &refitted) == INGOT_INVALID_ARGUMENT && refitted == NULL);
  CHECK(strstr(ingot_last_error(), "fc.bias") != NULL);
  weight.dims[0] = 10;
  bias[3] = 1000;
  CHECK(ingot_refit(engine, &name, &weight, 1, &refitted) == INGOT_OK);
  ingot_engine_free(engine);

  const int64_t dims[] = {1, 1, 8, 8};
  ingot_context* context = NULL;
  ingot_tensor y;
  CHECK(ingot_context_create(refitted, 1, &context) == INGOT_OK);
  CHECK(ingot_set_input(context, "image", INGOT_F32, dims, 4, image) == INGOT_OK);
  CHECK(ingot_run(context) == INGOT_OK && ingot_output(context, "probabilities", &y) == INGOT_OK);
  CHECK(((const float*)y.data)[3] > 0.999f);
  ingot_context_free(context);
  ingot_engine_free(refitted);
}

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  for (int i = 0; i < 2 * 64; ++i) image[i] = (float)(i % 7) / 7;
  ingot_engine *built = NULL, *loaded = NULL;
  ingot_tensor_info info;
  CHECK(strlen(ingot_version()) > 0);
  CHECK(ingot_build_file(argv[1], NULL, &built) == INGOT_OK);
  CHECK(ingot_num_inputs(built) == 1 && ingot_num_outputs(built) == 1);
  CHECK(ingot_output_info(built, 0, &info) == INGOT_OK && strcmp(info.name, "probabilities") == 0);
  CHECK(ingot_output_info(built, 1, &info) == INGOT_INVALID_ARGUMENT);
  CHECK(strstr(ingot_report(built), "\"plans\"") != NULL);
  CHECK(ingot_save_file(built, argv[2]) == INGOT_OK);
  CHECK(ingot_load_file(argv[2], &loaded) == INGOT_OK);
  run_engine(built, 1);
  run_engine(loaded, 2);
  check_failures(loaded);
  check_options(argv[1]);
  check_refit(argv[1]);
  ingot_engine_free(built);
  ingot_engine_free(loaded);
  puts("c_api_test: passed");
  return 0;
}
