"""A classifier behind a small class, as notebooks have it: one engine file, batches in, scores out.

    trtexec --onnx=resnet50/model.onnx --saveEngine=resnet_engine.trt
    python classifier.py resnet_engine.trt batch.npy scores.npy CLASSES

The batch is an array of images, the result holds a row of scores for each."""

import sys

import numpy as np
import pycuda.autoinit  # noqa: F401 (makes the CUDA context)
import pycuda.driver as cuda
import tensorrt as trt


class ONNXClassifierWrapper:
    def __init__(self, file, num_classes, target_dtype=np.float32):
        self.target_dtype = target_dtype
        self.num_classes = num_classes
        self.load(file)
        self.stream = None

    def load(self, file):
        with open(file, "rb") as f:
            self.runtime = trt.Runtime(trt.Logger(trt.Logger.WARNING))
            self.engine = self.runtime.deserialize_cuda_engine(f.read())
        self.context = self.engine.create_execution_context()

    def allocate_memory(self, batch):
        # Need to set both input and output precisions to FP16 to fully enable FP16
        self.output = np.empty(self.num_classes, dtype=self.target_dtype)
        # Allocate device memory
        self.d_input = cuda.mem_alloc(1 * batch.nbytes)
        self.d_output = cuda.mem_alloc(1 * self.output.nbytes)
        self.bindings = [int(self.d_input), int(self.d_output)]
        self.context.set_binding_shape(0, batch.shape)
        self.stream = cuda.Stream()

    def predict(self, batch):  # result gets copied into output
        if self.stream is None:
            self.allocate_memory(batch)
        # Transfer input data to device
        cuda.memcpy_htod_async(self.d_input, batch, self.stream)
        # Execute model
        self.context.execute_async_v2(self.bindings, self.stream.handle, None)
        # Transfer predictions back
        cuda.memcpy_dtoh_async(self.output, self.d_output, self.stream)
        # Syncronize threads
        self.stream.synchronize()
        return self.output


if __name__ == "__main__":
    batch = np.ascontiguousarray(np.load(sys.argv[2]), np.float32)
    wrapper = ONNXClassifierWrapper(sys.argv[1], [len(batch), int(sys.argv[4])], target_dtype=np.float32)
    np.save(sys.argv[3], wrapper.predict(batch))
