#include "server/rpc/inference_messages.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>
#include <limits>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "server/rpc/inference_tensors.h"

namespace guichet {
namespace {

constexpr std::array<std::string_view, 7> kOutputs = {"label",     "score",  "labels",   "scores",
                                                      "abstained", "tokens", "truncated"};

std::optional<CallError> ReadTopK(const inference::ModelInferRequest& request, int* top_k) {
  const auto parameter = request.parameters().find("top_k");
  if (parameter == request.parameters().end()) return std::nullopt;
  const std::int64_t value = parameter->second.int64_param();
  const bool is_integer = parameter->second.parameter_choice_case() ==
                          inference::InferParameter::ParameterChoiceCase::kInt64Param;
  if (!is_integer || value < 0 || value > std::numeric_limits<int>::max()) {
    return InvalidField("INVALID_OPTIONS", "parameters[top_k]",
                        "must be an int64 of 0 (all labels) or more");
  }
  *top_k = static_cast<int>(value);
  return std::nullopt;
}

std::optional<CallError> CheckOutputs(const inference::ModelInferRequest& request) {
  // Each costs memory for every text.
  std::set<std::string_view> names;
  for (const auto& output : request.outputs()) {
    if (!names.insert(output.name()).second) {
      return InvalidField("INVALID_OPTIONS", "outputs", "may name each output once");
    }
    if (std::find(kOutputs.begin(), kOutputs.end(), output.name()) == kOutputs.end()) {
      return InvalidField(
          "INVALID_OPTIONS", "outputs",
          "may name label, score, labels, scores, abstained, tokens and truncated only");
    }
    if (output.parameters().contains("classification")) {
      return InvalidField("INVALID_OPTIONS", "outputs.parameters[classification]",
                          "is not supported; ask for the outputs labels and scores instead");
    }
  }
  return std::nullopt;
}

// One row of labels and scores for each text, all of the same length.
struct Table {
  std::vector<std::string_view> labels;
  std::vector<float> scores;
};

Table MakeTable(const ClassifyAnswer& answer, std::size_t columns) {
  const std::vector<std::string>& names = answer.model->classifier->labels();
  Table table;
  for (const TextAnswer& text : answer.texts) {
    for (std::size_t i = 0; i < columns; ++i) {
      const ScoredLabel& scored = text.prediction.scores[i];
      table.labels.push_back(names[static_cast<std::size_t>(scored.label)]);
      table.scores.push_back(scored.score);
    }
  }
  return table;
}

void WriteOutput(const std::string& name, const ClassifyAnswer& answer, TensorWriter* writer) {
  const auto rows = static_cast<std::int64_t>(answer.texts.size());
  if (name == "abstained" || name == "truncated") {
    std::vector<bool> flags;
    flags.reserve(answer.texts.size());
    for (const TextAnswer& text : answer.texts) {
      flags.push_back(name == "truncated" ? text.truncated : text.prediction.abstained);
    }
    return writer->AddBools(name, {rows}, flags);
  }
  if (name == "tokens") {
    std::vector<std::int32_t> tokens;
    tokens.reserve(answer.texts.size());
    for (const TextAnswer& text : answer.texts) tokens.push_back(text.tokens);
    return writer->AddIntegers(name, {rows}, tokens);
  }
  const bool all = name == "labels" || name == "scores";
  // top_k and the number of labels are the same for every text, and min_score is not offered here.
  const std::size_t columns = all ? answer.texts.front().prediction.scores.size() : 1;
  std::vector<std::int64_t> shape = {rows};
  if (all) shape.push_back(static_cast<std::int64_t>(columns));
  const Table table = MakeTable(answer, columns);
  if (name.starts_with("label")) {
    writer->AddBytes(name, shape, table.labels);
  } else {
    writer->AddFloats(name, shape, table.scores);
  }
}

// Where the time went, as parameters, in microseconds: the protocol has no field for it.
void WriteTimings(const ClassifyAnswer& answer, std::chrono::nanoseconds total,
                  inference::ModelInferResponse* response) {
  const auto put = [&](const char* name, std::chrono::nanoseconds time) {
    (*response->mutable_parameters())[name].set_int64_param(
        std::chrono::duration_cast<std::chrono::microseconds>(time).count());
  };
  put("tokenize_us", answer.times.tokenize);
  put("queue_us", answer.times.queue);
  put("infer_us", answer.times.infer);
  put("total_us", total);
}

}  // namespace

std::optional<CallError> ReadVersion(const std::string& text, std::int64_t* version) {
  *version = 0;
  if (text.empty()) return std::nullopt;
  const char* end = text.data() + text.size();
  const auto [stopped, error] = std::from_chars(text.data(), end, *version);
  if (error == std::errc() && stopped == end && *version > 0) return std::nullopt;
  return InvalidField("INVALID_OPTIONS", "model_version",
                      "must be a positive number, or empty for the version in service");
}

std::optional<CallError> InferenceProtocol::Read(const Request& request, ClassifyParams* params) {
  params->model.name = request.model_name();
  params->name_of_texts = "inputs[0]";
  params->name_of_options = "parameters";
  params->all_or_nothing = true;
  if (auto error = ReadVersion(request.model_version(), &params->model.version)) return error;
  if (auto error = ReadTopK(request, &params->prediction.top_k)) return error;
  if (auto error = CheckOutputs(request)) return error;
  std::vector<std::string_view> texts;
  if (auto error = ReadTextTensor(request, &texts)) return error;
  for (const std::string_view text : texts) {
    params->texts.push_back({.id = {}, .subject = {}, .body = text});
  }
  return std::nullopt;
}

void InferenceProtocol::Write(const Request& request, const ClassifyAnswer& answer,
                              const CallStamp& stamp, Response* response) {
  response->set_model_name(answer.model->name);
  response->set_model_version(std::to_string(answer.model->version));
  response->set_id(request.id());
  WriteTimings(answer, stamp.total, response);
  TensorWriter writer(response, request.raw_input_contents_size() > 0);
  if (request.outputs().empty()) {
    WriteOutput("label", answer, &writer);
    WriteOutput("score", answer, &writer);
  }
  for (const auto& output : request.outputs()) WriteOutput(output.name(), answer, &writer);
}

}  // namespace guichet
