#include "model/network/bart_config.h"

#include <set>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/network/bart_config_fields.h"

namespace guichet {
namespace {

using namespace bart_config_fields;  // NOLINT(google-build-using-namespace): its own tables

absl::Status CheckLabels(const std::vector<std::string>& labels) {
  if (labels.empty() || labels.size() > kMaxLabels) {
    return absl::InvalidArgumentError(
        fmt::format("id2label holds {} labels; expected 1 to {}", labels.size(), kMaxLabels));
  }
  std::set<std::string_view> seen;
  for (size_t id = 0; id < labels.size(); ++id) {
    if (labels[id].empty() || labels[id].size() > kMaxLabelBytes) {
      return absl::InvalidArgumentError(fmt::format("id2label[{}] has {} bytes; expected 1 to {}",
                                                    id, labels[id].size(), kMaxLabelBytes));
    }
    if (!seen.insert(labels[id]).second) {
      return absl::InvalidArgumentError(
          fmt::format("id2label[{}] \"{}\" is the name of another label too", id, labels[id]));
    }
  }
  return absl::OkStatus();
}

absl::Status CheckHeads(const char* key, int heads, int width) {
  if (width % heads == 0) return absl::OkStatus();
  return absl::InvalidArgumentError(
      fmt::format("{} is {}; expected a divisor of d_model {}", key, heads, width));
}

}  // namespace

std::string_view NameOf(Pooling pooling) {
  switch (pooling) {
    case Pooling::kMean:
      return "mean";
    case Pooling::kFirst:
      return "first";
    case Pooling::kLastEos:
      return "last-eos";
    case Pooling::kMax:
      return "max";
  }
  return "unknown";
}

std::string_view NameOf(HeadKind head) {
  return head == HeadKind::kEncoder ? "encoder" : "encoder-decoder";
}

absl::StatusOr<Pooling> ParsePooling(std::string_view name) {
  for (Pooling pooling : {Pooling::kMean, Pooling::kFirst, Pooling::kLastEos, Pooling::kMax}) {
    if (name == NameOf(pooling)) return pooling;
  }
  if (name == "last_eos") return Pooling::kLastEos;
  return absl::InvalidArgumentError(
      fmt::format("pooling is \"{}\"; expected mean, first, last-eos or max", name.substr(0, 100)));
}

absl::Status Validate(const BartConfig& config) {
  for (const IntegerField& field : kIntegers) {
    const int value = config.*field.member;
    if (value < field.min || value > field.max) {
      return absl::InvalidArgumentError(
          fmt::format("{} is {}; expected {} to {}", field.key, value, field.min, field.max));
    }
  }
  for (const ProbabilityField& field : kProbabilities) {
    const double value = config.*field.member;
    if (!(value >= 0 && value <= 1)) {
      return absl::InvalidArgumentError(fmt::format("{} is {}; expected 0 to 1", field.key, value));
    }
  }
  if (!(config.init_std >= 0 && config.init_std <= kMaxInitStd)) {
    return absl::InvalidArgumentError(
        fmt::format("init_std is {}; expected 0 to {}", config.init_std, kMaxInitStd));
  }
  const auto check_token = [&config](const char* key, int id) {
    if (id >= 0 && id < config.vocab_size) return absl::OkStatus();
    return absl::InvalidArgumentError(
        fmt::format("{} is {}; expected 0 to {}", key, id, config.vocab_size - 1));
  };
  for (const TokenField& field : kTokens) {
    GUICHET_RETURN_IF_ERROR(check_token(field.key, config.*field.member));
  }
  for (const OptionalTokenField& field : kOptionalTokens) {
    if (const auto& id = config.*field.member) {
      GUICHET_RETURN_IF_ERROR(check_token(field.key, *id));
    }
  }
  GUICHET_RETURN_IF_ERROR(
      CheckHeads("encoder_attention_heads", config.encoder_attention_heads, config.d_model));
  GUICHET_RETURN_IF_ERROR(
      CheckHeads("decoder_attention_heads", config.decoder_attention_heads, config.d_model));
  return CheckLabels(config.labels);
}

}  // namespace guichet
