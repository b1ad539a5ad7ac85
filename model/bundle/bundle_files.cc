#include "model/bundle/bundle_files.h"

#include <algorithm>
#include <string>

#include <fmt/format.h>

#include "model/checkpoint/expected_tensors.h"

namespace guichet {
namespace {

constexpr std::string_view kPrefix = "model.";
constexpr std::string_view kDecoderPrefix = "model.decoder.";

}  // namespace

absl::Status CheckFileName(std::string_view name) {
  constexpr size_t kMaxBytes = 255;
  const bool safe = !name.empty() && name.size() <= kMaxBytes && name.front() != '.' &&
                    std::none_of(name.begin(), name.end(), [](char c) {
                      return c == '/' || c == '\\' || static_cast<unsigned char>(c) < 0x20;
                    });
  if (safe) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("\"{}\" is no plain file name: expected no '/', '\\', leading dot or control "
                  "character",
                  name.substr(0, kMaxBytes)));
}

TensorMap StoredTensors(const TensorMap& weights, HeadKind head) {
  TensorMap stored;
  for (const auto& [name, tensor] : weights) {
    if (name == kLanguageModelHead || name == kFinalLogitsBias) continue;  // a classifier has none
    if (head == HeadKind::kEncoderDecoder) {
      stored[name] = tensor;
      continue;
    }
    if (name.starts_with(kDecoderPrefix) || name == kSharedWords) continue;
    stored[name.starts_with(kPrefix) ? name.substr(kPrefix.size()) : name] = tensor;
  }
  if (head == HeadKind::kEncoder) {
    // Untied models have a word matrix of the encoder's own.
    const auto words = weights.find(weights.contains(kEncoderWords) ? kEncoderWords : kSharedWords);
    if (words != weights.end())
      stored[std::string(kEncoderWords).substr(kPrefix.size())] = words->second;
  }
  return stored;
}

}  // namespace guichet
