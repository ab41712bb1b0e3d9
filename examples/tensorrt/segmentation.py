"""Semantic segmentation with an engine file, in the style of TensorRT 8: binding indices, PyCUDA, two copies.

    trtexec --onnx=fcn-resnet101.onnx --shapes=input:1x3x1026x1282 --saveEngine=fcn-resnet101.engine
    python segmentation.py fcn-resnet101.engine image.npy classes.npy

The image is an array [3, height, width] of floats from 0 to 1; the result holds a class for each pixel."""

import sys

import numpy as np
import pycuda.autoinit  # noqa: F401 (makes the CUDA context)
import pycuda.driver as cuda
import tensorrt as trt

TRT_LOGGER = trt.Logger(trt.Logger.WARNING)
MEAN = np.array([0.485, 0.456, 0.406], np.float32).reshape(3, 1, 1)
DEVIATION = np.array([0.229, 0.224, 0.225], np.float32).reshape(3, 1, 1)


def load_engine(engine_file_path):
    with open(engine_file_path, "rb") as f, trt.Runtime(TRT_LOGGER) as runtime:
        return runtime.deserialize_cuda_engine(f.read())


def infer(engine, input_file, output_file):
    input_image = np.load(input_file)
    _, image_height, image_width = input_image.shape
    with engine.create_execution_context() as context:
        # Set input shape based on image dimensions for inference
        context.set_binding_shape(engine.get_binding_index("input"), (1, 3, image_height, image_width))
        # Allocate host and device buffers
        bindings = []
        for binding in engine:
            binding_idx = engine.get_binding_index(binding)
            size = trt.volume(context.get_binding_shape(binding_idx))
            dtype = trt.nptype(engine.get_binding_dtype(binding))
            if engine.binding_is_input(binding):
                input_buffer = np.ascontiguousarray((input_image - MEAN) / DEVIATION, np.float32)
                input_memory = cuda.mem_alloc(input_image.nbytes)
                bindings.append(int(input_memory))
            else:
                output_shape = tuple(context.get_binding_shape(binding_idx))
                output_buffer = cuda.pagelocked_empty(size, dtype)
                output_memory = cuda.mem_alloc(output_buffer.nbytes)
                bindings.append(int(output_memory))

        stream = cuda.Stream()
        # Transfer input data to the GPU.
        cuda.memcpy_htod_async(input_memory, input_buffer, stream)
        # Run inference
        context.execute_async_v2(bindings=bindings, stream_handle=stream.handle)
        # Transfer prediction output from the GPU.
        cuda.memcpy_dtoh_async(output_buffer, output_memory, stream)
        # Synchronize the stream
        stream.synchronize()

    scores = output_buffer.reshape(output_shape)[0]
    np.save(output_file, scores.argmax(0).astype(np.uint8))


if __name__ == "__main__":
    with load_engine(sys.argv[1]) as engine:
        infer(engine, sys.argv[2], sys.argv[3])
