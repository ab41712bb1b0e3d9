// What tests ask of the driver that only pretends (fake_cuda.cpp) and of its compiler (fake_nvrtc.cpp): found
// in the loaded libraries by name.
#pragma once

extern "C" {
/// Calls of a function of the driver so far; of all functions for ""; for "launch beside a copy" launches on
/// streams while what was copied from pageable memory need not be there.
long fake_cuda_calls(const char* function);
/// From now on, the `after`-th next call (0: the next one) of a function fails with this code, and with
/// `sticky` all calls after it, of any function. Null ends all failures.
void fake_cuda_fail(const char* function, long after, int code, bool sticky);
/// The compute capability of the GPU.
void fake_cuda_set_arch(int major, int minor);
/// Bytes that are allocated now.
long fake_cuda_allocated();
/// Makes a context that of the calling thread, in place of the one that is returned.
void* fake_cuda_enter(void* context);
/// Programs compiled so far.
long fake_nvrtc_compiled();
}
