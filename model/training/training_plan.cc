#include "model/training/training_plan.h"

#include <charconv>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/training/training_plan_fields.h"

namespace guichet {
namespace {

constexpr int kMostLastLayers = 256;

constexpr std::pair<LearningRateSchedule, std::string_view> kScheduleNames[] = {
    {LearningRateSchedule::kLinear, "linear"},
    {LearningRateSchedule::kCosine, "cosine"},
    {LearningRateSchedule::kPolynomial, "polynomial"},
    {LearningRateSchedule::kConstant, "constant"},
};
constexpr std::pair<ClassWeighting, std::string_view> kWeightingNames[] = {
    {ClassWeighting::kNone, "none"},
    {ClassWeighting::kInverse, "inverse"},
    {ClassWeighting::kSqrtInverse, "sqrt-inverse"},
};

constexpr std::pair<Sampling, std::string_view> kSamplingNames[] = {
    {Sampling::kNatural, "natural"},
    {Sampling::kBalanced, "balanced"},
    {Sampling::kSqrtBalanced, "sqrt-balanced"},
};
constexpr std::pair<Precision, std::string_view> kPrecisionNames[] = {
    {Precision::kAuto, "auto"},
    {Precision::kFp32, "fp32"},
    {Precision::kBf16, "bf16"},
};

bool IsDevice(std::string_view device) {
  if (device == "auto" || device == "cpu" || device == "cuda") return true;
  if (!device.starts_with("cuda:")) return false;
  const std::string_view index = device.substr(5);
  return !index.empty() && index.size() <= 3 &&
         index.find_first_not_of("0123456789") == std::string_view::npos;
}

template <typename Enum, std::size_t kSize>
absl::StatusOr<Enum> ParseName(std::string_view name,
                               const std::pair<Enum, std::string_view> (&names)[kSize],
                               std::string_view what) {
  std::string known;
  for (const auto& [value, text] : names) {
    if (text == name) return value;
    known += fmt::format("{}{}", known.empty() ? "" : ", ", text);
  }
  return absl::InvalidArgumentError(fmt::format("{} is '{}'; give one of {}", what, name, known));
}

template <typename Enum, std::size_t kSize>
std::string_view NameIn(const std::pair<Enum, std::string_view> (&names)[kSize], Enum value) {
  for (const auto& [known, text] : names) {
    if (known == value) return text;
  }
  return "?";
}

}  // namespace

absl::Status TrainingPlan::Validate() const {
  GUICHET_RETURN_IF_ERROR(
      CheckFields(*this, training_plan_fields::kIntegers, training_plan_fields::kNumbers));
  for (const auto& field : training_plan_fields::kDropouts) {
    const std::optional<double>& value = this->*field.member;
    if (!value.has_value()) continue;
    GUICHET_RETURN_IF_ERROR(CheckNumber(field.key, *value, kProbability));
  }
  if (const absl::Status status = clean.Validate(); !status.ok()) {
    return absl::InvalidArgumentError(fmt::format("clean: {}", std::string(status.message())));
  }
  if (!IsDevice(device)) {
    return absl::InvalidArgumentError(
        fmt::format("device is '{}'; give auto, cpu, cuda or cuda:N", device));
  }
  if (mode.kind == TrainedPart::Kind::kLastLayers &&
      (mode.layers < 1 || mode.layers > kMostLastLayers)) {
    return absl::InvalidArgumentError(fmt::format(
        "mode trains the last {} layers; give last-1 to last-{}", mode.layers, kMostLastLayers));
  }
  if (mode.kind == TrainedPart::Kind::kHead && token_dropout > 0) {
    return absl::InvalidArgumentError(
        "token_dropout needs a body that learns; set it to 0 with mode head, whose body runs once");
  }
  return absl::OkStatus();
}

std::string_view NameOf(LearningRateSchedule schedule) { return NameIn(kScheduleNames, schedule); }

std::string_view NameOf(ClassWeighting weighting) { return NameIn(kWeightingNames, weighting); }

std::string_view NameOf(Sampling sampling) { return NameIn(kSamplingNames, sampling); }

std::string_view NameOf(Precision precision) { return NameIn(kPrecisionNames, precision); }

std::string NameOf(const TrainedPart& part) {
  switch (part.kind) {
    case TrainedPart::Kind::kFull:
      return "full";
    case TrainedPart::Kind::kHead:
      return "head";
    case TrainedPart::Kind::kLastLayers:
      return fmt::format("last-{}", part.layers);
    case TrainedPart::Kind::kLora:
      return "lora";
  }
  return "?";
}

absl::StatusOr<LearningRateSchedule> ParseLearningRateSchedule(std::string_view name) {
  return ParseName(name, kScheduleNames, "schedule");
}

absl::StatusOr<ClassWeighting> ParseClassWeighting(std::string_view name) {
  return ParseName(name, kWeightingNames, "class_weights");
}

absl::StatusOr<Sampling> ParseSampling(std::string_view name) {
  return ParseName(name, kSamplingNames, "sampling");
}

absl::StatusOr<Precision> ParsePrecision(std::string_view name) {
  return ParseName(name, kPrecisionNames, "precision");
}

absl::StatusOr<TrainedPart> ParseTrainedPart(std::string_view name) {
  if (name == "full") return TrainedPart{};
  if (name == "head") return TrainedPart{.kind = TrainedPart::Kind::kHead};
  if (name == "lora") return TrainedPart{.kind = TrainedPart::Kind::kLora};
  if (name.starts_with("last-")) {
    const std::string_view digits = name.substr(5);
    int layers = 0;
    const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), layers);
    if (error == std::errc() && end == digits.data() + digits.size() && layers >= 1 &&
        layers <= kMostLastLayers) {
      return TrainedPart{.kind = TrainedPart::Kind::kLastLayers, .layers = layers};
    }
  }
  return absl::InvalidArgumentError(fmt::format(
      "mode is '{}'; give full, head, lora or last-N with N from 1 to {}", name, kMostLastLayers));
}

}  // namespace guichet
