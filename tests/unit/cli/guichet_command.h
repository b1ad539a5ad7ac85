#pragma once

#include <string>
#include <vector>

#include <nlohmann/json.hpp>

#include "tests/support/run_program.h"

namespace guichet {

using OrderedJsonLine = nlohmann::ordered_json;

inline std::vector<std::string> GuichetCommand(std::vector<std::string> words) {
  words.insert(words.begin(), GUICHET_PROGRAM);
  return words;
}

// Runs `guichet words…` with `input` as its stdin.
inline ProgramRun Guichet(const std::vector<std::string>& words, const std::string& input = "") {
  return RunProgram(GuichetCommand(words), input);
}

inline std::vector<OrderedJsonLine> ParseLines(const ProgramRun& run) {
  std::vector<OrderedJsonLine> lines;
  for (const std::string& line : run.Lines()) lines.push_back(OrderedJsonLine::parse(line));
  return lines;
}

inline std::vector<std::string> KeysOf(const OrderedJsonLine& object) {
  std::vector<std::string> keys;
  for (const auto& [key, value] : object.items()) keys.push_back(key);
  return keys;
}

}  // namespace guichet
