"""Importing this module makes the context that pycuda.driver works in."""

import pycuda.driver as cuda

cuda.init()
device = cuda.Device(0)
context = device.make_context()
