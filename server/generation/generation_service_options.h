#pragma once

#include <cstddef>
#include <string>

namespace guichet {

// Section `generation` of the configuration. Ranges and meanings stand in
// config_table_operations.cc.
struct GenerationServiceOptions {
  std::string model;              // a folder or a pulled name; empty: no generation
  std::string device = "auto";    // auto, cpu, cuda, cuda:N
  int threads = 1;                // of one generation
  std::string priority = "idle";  // of its thread: idle, normal
  std::size_t max_queued_calls = 16;
  int max_length = 512;  // tokens of a sequence
  int max_beams = 8;     // rows of a call
};

}  // namespace guichet
