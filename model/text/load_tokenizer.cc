#include <cstddef>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "absl/status/status.h"
#include "base/durable_file.h"
#include "base/status_macros.h"
#include "base/strict_json.h"
#include "model/text/barthez_tokenizer.h"
#include "model/text/byte_level_tokenizer.h"
#include "model/text/tokenizer.h"

namespace guichet {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kMaxConfigBytes = std::size_t{4} << 20;

bool HasFile(const std::filesystem::path& folder, std::string_view name) {
  std::error_code ignored;
  return std::filesystem::is_regular_file(folder / name, ignored);
}

absl::StatusOr<std::unique_ptr<const Tokenizer>> LoadByFiles(const std::filesystem::path& folder,
                                                             const TokenizerOptions& options) {
  if (HasFile(folder, BarthezTokenizer::kModelFile)) {
    return BarthezTokenizer::Load(folder, options);
  }
  if (HasFile(folder, ByteLevelTokenizer::kVocabularyFile) &&
      HasFile(folder, ByteLevelTokenizer::kMergesFile)) {
    return ByteLevelTokenizer::Load(folder, options);
  }
  return absl::NotFoundError(
      fmt::format("no tokenizer in {}: looked for {} (BARThez), and for {} with {} (BART)",
                  folder.string(), BarthezTokenizer::kModelFile,
                  ByteLevelTokenizer::kVocabularyFile, ByteLevelTokenizer::kMergesFile));
}

absl::Status CheckNumber(const Json& config, std::string_view key, int expected) {
  const auto value = config.find(key);
  if (value == config.end() || value->is_null() || *value == expected) return absl::OkStatus();
  return absl::InvalidArgumentError(fmt::format(
      "{} is {}, but the tokenizer beside it has {}; the two are not of one model: take "
      "all files from one",
      key, value->dump(), expected));
}

// A tokenizer of another model gives ids that mean other words, so the model's own numbers must
// agree with it.
absl::Status CheckAgainstConfig(const std::string& text, const Tokenizer& tokenizer) {
  GUICHET_ASSIGN_OR_RETURN(const Json config,
                           ParseStrictJson(text, {.max_bytes = kMaxConfigBytes}));
  if (!config.is_object()) return absl::InvalidArgumentError("not a JSON object");
  const int size = tokenizer.vocabulary_size();
  const SpecialTokenIds& ids = tokenizer.special_ids();
  // facebook/bart-large-cnn and its like have no row for <mask>, the last token.
  const bool mask_left_out = tokenizer.kind() == ByteLevelTokenizer::kKind &&
                             ids.mask == size - 1 && config.value("vocab_size", Json()) == size - 1;
  if (!mask_left_out) GUICHET_RETURN_IF_ERROR(CheckNumber(config, "vocab_size", size));
  GUICHET_RETURN_IF_ERROR(CheckNumber(config, "bos_token_id", ids.begin));
  GUICHET_RETURN_IF_ERROR(CheckNumber(config, "pad_token_id", ids.padding));
  return CheckNumber(config, "eos_token_id", ids.end);
}

}  // namespace

absl::StatusOr<std::unique_ptr<const Tokenizer>> LoadTokenizer(const std::filesystem::path& folder,
                                                               const TokenizerOptions& options) {
  GUICHET_ASSIGN_OR_RETURN(std::unique_ptr<const Tokenizer> tokenizer,
                           LoadByFiles(folder, options));
  const std::filesystem::path config_path = folder / "config.json";
  if (!HasFile(folder, "config.json")) return tokenizer;
  GUICHET_ASSIGN_OR_RETURN(const std::string text, ReadFile(config_path, kMaxConfigBytes));
  const absl::Status status = CheckAgainstConfig(text, *tokenizer);
  if (!status.ok()) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {}", config_path.string(), std::string(status.message())));
  }
  return tokenizer;
}

}  // namespace guichet
