/* The run-only library through the C interface: c_api_rt_test ENGINE.ingot */
#define _POSIX_C_SOURCE 200112L
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check.h"
#include "ingot/ingot.h"

int main(int argc, char** argv) {
  static float image[64];
  const int64_t dims[] = {1, 1, 8, 8};
  ingot_engine* engine = NULL;
  ingot_context* context = NULL;
  ingot_tensor y;
  float sum = 0;
  if (argc != 2) return 2;
  CHECK(ingot_load_file(argv[1], &engine) == INGOT_OK);
  CHECK(ingot_context_create(engine, 0, &context) == INGOT_OK);
  ingot_engine_free(engine); /* the context keeps what it needs */
  CHECK(ingot_set_input(context, "image", INGOT_F32, dims, 4, image) == INGOT_OK);
  CHECK(ingot_run(context) == INGOT_OK);
  CHECK(ingot_output(context, "probabilities", &y) == INGOT_OK);
  for (int i = 0; i < 10; ++i) sum += ((const float*)y.data)[i];
  CHECK(fabsf(sum - 1) < 1e-4f);
  ingot_context_free(context);

  /* It has no compiler: plans for another instruction set are refused, with what to do. */
  if (getenv("INGOT_ISA") == NULL && __builtin_cpu_supports("avx2")) {
    setenv("INGOT_ISA", "baseline", 1);
    engine = NULL;
    CHECK(ingot_load_file(argv[1], &engine) == INGOT_UNSUPPORTED);
    CHECK(engine == NULL);
    CHECK(strstr(ingot_last_error(), "this machine is cpu baseline") != NULL);
    CHECK(strstr(ingot_last_error(), "run 'ingot build'") != NULL);
  }
  puts("c_api_rt_test: passed");
  return 0;
}
