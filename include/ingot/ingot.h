/* The C interface: opaque handles and status codes, for C and for languages that call C.
 *
 *   ingot_engine* engine = NULL;
 *   if (ingot_build_file("model.onnx", NULL, &engine) != INGOT_OK) puts(ingot_last_error());
 *   ingot_context* context = NULL;
 *   ingot_context_create(engine, 0, &context);
 *   int64_t dims[] = {1, 3, 224, 224};
 *   ingot_set_input(context, "x", INGOT_F32, dims, 4, pixels);
 *   ingot_run(context);
 *   ingot_tensor y;
 *   ingot_output(context, "y", &y);
 *
 * A call that fails returns a code other than INGOT_OK and leaves its results as they were; the message is
 * that of ingot_last_error. Handles are freed by their ingot_..._free, which take NULL as well. Engines may
 * be used from several threads, a context from one thread at a time. Strings are UTF-8 and end with a zero
 * byte. The run-only library (libingot_rt) has everything but ingot_options_..., ingot_build_... and
 * ingot_refit.
 */
#ifndef INGOT_INGOT_H_
#define INGOT_INGOT_H_

#include <stddef.h>
#include <stdint.h>

#include "ingot/export.h"

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ingot_engine ingot_engine;
typedef struct ingot_context ingot_context;
typedef struct ingot_options ingot_options;

typedef enum ingot_status {
  INGOT_OK = 0,
  INGOT_INVALID_ARGUMENT = 1,
  INGOT_UNSUPPORTED = 2,
  INGOT_NOT_FOUND = 3,
  INGOT_CORRUPT = 4,
  INGOT_IO_ERROR = 5,
  INGOT_OUT_OF_MEMORY = 6,
  INGOT_FAILED_PRECONDITION = 7,
  INGOT_DEVICE_ERROR = 8,
  INGOT_INTERNAL = 9,
  INGOT_CANCELLED = 10
} ingot_status;

/* The numbers are those of ingot::DataType and of the engine file. */
typedef enum ingot_data_type {
  INGOT_F32 = 1,
  INGOT_F16 = 2,
  INGOT_BF16 = 3,
  INGOT_F64 = 4,
  INGOT_I8 = 5,
  INGOT_U8 = 6,
  INGOT_I16 = 7,
  INGOT_U16 = 8,
  INGOT_I32 = 9,
  INGOT_U32 = 10,
  INGOT_I64 = 11,
  INGOT_U64 = 12,
  INGOT_BOOL = 13, /* one byte: 0 or 1 */
  INGOT_F8E4M3 = 14,
  INGOT_F8E5M2 = 15,
  INGOT_I4 = 16, /* two to a byte, the first in the low bits */
  INGOT_U4 = 17
} ingot_data_type;

#define INGOT_MAX_RANK 16

/* A dense row-major tensor in host memory that the context owns. */
typedef struct ingot_tensor {
  ingot_data_type type;
  int32_t rank;
  int64_t dims[INGOT_MAX_RANK];
  void* data;
  size_t bytes;
} ingot_tensor;

/* An input or output of an engine. Open dims are -1; rank is -1 where not even the number of dims is known.
 * The name belongs to the engine. */
typedef struct ingot_tensor_info {
  const char* name;
  ingot_data_type type;
  int32_t rank;
  int64_t dims[INGOT_MAX_RANK];
} ingot_tensor_info;

/* "0.1.0" */
INGOT_API const char* ingot_version(void);
/* What the last failed call of this thread has to say: what was got and what was expected. Valid until the
 * next call that fails; "" when none has. */
INGOT_API const char* ingot_last_error(void);

/* Options of a build. The functions that set them check the values no further: the build does. */
INGOT_API ingot_status ingot_options_create(ingot_options** options);
INGOT_API void ingot_options_free(ingot_options* options);
INGOT_API void ingot_options_set_threads(ingot_options* options, int threads);
INGOT_API void ingot_options_set_level(ingot_options* options, int level);
INGOT_API ingot_status ingot_options_set_timing_cache(ingot_options* options, const char* path);
INGOT_API ingot_status ingot_options_disable_pass(ingot_options* options, const char* pass);
/* Keeps in the engine what ingot_refit needs. */
INGOT_API void ingot_options_set_refittable(ingot_options* options, int on);
/* Dims of an input that the model leaves open. */
INGOT_API ingot_status ingot_options_set_shape(ingot_options* options, const char* input, const int64_t* dims,
                                               int32_t rank);
/* Bounds of an input in profile number `profile`; profiles are numbered from 0 without gaps. */
INGOT_API ingot_status ingot_options_set_profile(ingot_options* options, int profile, const char* input,
                                                 const int64_t* min, const int64_t* opt, const int64_t* max,
                                                 int32_t rank);

/* Builds from an ONNX file or from its bytes; `options` may be NULL. */
INGOT_API ingot_status ingot_build_file(const char* onnx_path, const ingot_options* options,
                                        ingot_engine** engine);
INGOT_API ingot_status ingot_build_bytes(const void* data, size_t size, const ingot_options* options,
                                         ingot_engine** engine);

/* An engine with these weights in place of those of the same names in the model that `engine` was built from;
 * the elements are copied. Of each tensor, type, rank, dims and data are read. */
INGOT_API ingot_status ingot_refit(const ingot_engine* engine, const char* const* names,
                                   const ingot_tensor* weights, size_t count, ingot_engine** refitted);

/* Maps an engine file, or copies its bytes. */
INGOT_API ingot_status ingot_load_file(const char* path, ingot_engine** engine);
INGOT_API ingot_status ingot_load_bytes(const void* data, size_t size, ingot_engine** engine);
INGOT_API ingot_status ingot_save_file(const ingot_engine* engine, const char* path);
/* Reads all weights and compares their checksums, which loading a file leaves out. */
INGOT_API ingot_status ingot_check_weights(const ingot_engine* engine);
/* May be freed before its contexts. */
INGOT_API void ingot_engine_free(ingot_engine* engine);

INGOT_API int32_t ingot_num_inputs(const ingot_engine* engine);
INGOT_API int32_t ingot_num_outputs(const ingot_engine* engine);
INGOT_API ingot_status ingot_input_info(const ingot_engine* engine, int32_t index, ingot_tensor_info* info);
INGOT_API ingot_status ingot_output_info(const ingot_engine* engine, int32_t index, ingot_tensor_info* info);
/* JSON: what was built and why. Belongs to the engine. NULL (and ingot_last_error) when memory runs out. */
INGOT_API const char* ingot_report(ingot_engine* engine);

/* Memory and threads for one stream of runs; threads = 0: as many as the engine was tuned for. */
INGOT_API ingot_status ingot_context_create(const ingot_engine* engine, int threads, ingot_context** context);
INGOT_API void ingot_context_free(ingot_context* context);
/* `data` is read during the runs in place and must stay valid for them. */
INGOT_API ingot_status ingot_set_input(ingot_context* context, const char* name, ingot_data_type type,
                                       const int64_t* dims, int32_t rank, const void* data);
/* Memory for an output: results are written there without a copy. NULL: the context's own memory. */
INGOT_API ingot_status ingot_set_output(ingot_context* context, const char* name, void* data, size_t bytes);
INGOT_API ingot_status ingot_run(ingot_context* context);
/* Valid until the context's next run or change of shapes. */
INGOT_API ingot_status ingot_output(const ingot_context* context, const char* name, ingot_tensor* tensor);

#ifdef __cplusplus
}
#endif

#endif /* INGOT_INGOT_H_ */
