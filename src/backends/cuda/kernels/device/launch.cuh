// Programmatic dependent launch: a kernel may be scheduled before the one before it has ended, and waits here
// for its results. Without the launch attribute, and before sm_90, both do nothing.
#pragma once

__device__ inline void wait_for_previous_kernel() {
#if __CUDA_ARCH__ >= 900
  asm volatile("griddepcontrol.wait;" ::: "memory");
  asm volatile("griddepcontrol.launch_dependents;");
#endif
}
