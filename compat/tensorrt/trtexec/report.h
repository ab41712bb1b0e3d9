// What is said about a measured engine: in the log, and as JSON files.
#pragma once

#include "inference.h"

namespace ingot::trtexec {

// In the log.
void print_timing(const Timing& timing, const Options& options);
void print_profile(const std::vector<LayerProfile>& layers);
void print_layers(const Engine& engine, const Options& options);
void print_outputs(const Inference& inference);

// Files. Each throws Error when it cannot be written.
void export_times(const Timing& timing, const std::string& path);
void export_profile(const std::vector<LayerProfile>& layers, const std::string& path);
void export_layers(const Engine& engine, const Options& options, const std::string& path);
void export_outputs(const Inference& inference, const std::string& path);
/// Each input and output as NAME.input.1.3.224.224.f32.raw in the working folder.
void write_bindings(const Inference& inference);

/// Of ascending values, as trtexec counts: percent 0 to 100.
double percentile(const std::vector<double>& sorted, double percent);
double median(std::vector<double> values);
/// The engine inspector's document.
std::string layers_json(const Engine& engine, const Options& options);

}  // namespace ingot::trtexec
