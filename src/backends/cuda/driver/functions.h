// How the tables of functions are filled: each is a struct of pointers written as a list
// `F(name, result(arguments...))`, named as in the library.
#pragma once

#include "backends/cuda/driver/library.h"

#define INGOT_CUDA_MEMBER(name, ...) std::add_pointer_t<__VA_ARGS__> name = nullptr;
#define INGOT_CUDA_LOAD(name, ...)                                                     \
  table.name = reinterpret_cast<std::add_pointer_t<__VA_ARGS__>>(library.find(#name)); \
  if (table.name == nullptr) return not_found(library.path(), " has no function " #name);
