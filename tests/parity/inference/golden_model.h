#pragma once

#include <filesystem>
#include <fstream>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/status_macros.h"
#include "model/bundle/model_bundle.h"
#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/parameter_names.h"
#include "model/inference/text_classifier.h"
#include "model/network/bart_config.h"

namespace guichet {

using TokenRows = std::vector<std::vector<TokenId>>;

inline nlohmann::json ReadJson(const std::filesystem::path& path) {
  std::ifstream file(path);
  return nlohmann::json::parse(file);
}

// A checkpoint folder opened as a bundle without a tokenizer, its head chosen by `pooling`.
inline absl::StatusOr<std::shared_ptr<const ModelBundle>> OpenGolden(
    const std::filesystem::path& folder, std::optional<Pooling> pooling) {
  GUICHET_ASSIGN_OR_RETURN(BartConfig config, ReadBartConfig(folder));
  GUICHET_ASSIGN_OR_RETURN(auto checkpoint, OpenCheckpoint(folder));
  GUICHET_ASSIGN_OR_RETURN(ModelWeights weights, ResolveParameterNames(checkpoint, config));
  BundleManifest manifest;
  manifest.head = pooling ? HeadKind::kEncoder : HeadKind::kEncoderDecoder;
  manifest.pooling = pooling.value_or(Pooling::kMean);
  manifest.labels = config.labels;
  manifest.max_tokens = config.max_position_embeddings;
  return std::make_shared<const ModelBundle>(folder, manifest, config, weights, nullptr);
}

inline std::shared_ptr<const TextClassifier> LoadGolden(const std::filesystem::path& folder,
                                                        std::optional<Pooling> pooling,
                                                        const std::string& dtype = "fp32") {
  auto bundle = OpenGolden(folder, pooling);
  EXPECT_TRUE(bundle.ok()) << bundle.status();
  auto classifier = LoadTextClassifier(**bundle, {.device = "cpu", .dtype = dtype});
  EXPECT_TRUE(classifier.ok()) << classifier.status();
  return *classifier;
}

inline absl::StatusOr<std::vector<std::vector<float>>> Logits(const TextClassifier& classifier,
                                                              const TokenRows& rows) {
  const std::vector<std::span<const TokenId>> views(rows.begin(), rows.end());
  return classifier.Logits(views);
}

// The visible part of each row of a golden case. A mask may only hide the tail of a row here.
inline TokenRows VisibleRows(const nlohmann::json& test_case) {
  auto rows = test_case["input_ids"].get<TokenRows>();
  if (test_case["attention_mask"].is_null()) return rows;
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::size_t visible = 0;
    for (const int bit : test_case["attention_mask"][r]) visible += bit == 1;
    rows[r].resize(visible);
  }
  return rows;
}

inline void ExpectNear(const std::vector<std::vector<float>>& actual,
                       const std::vector<std::vector<float>>& expected, float tolerance,
                       const std::string& what) {
  ASSERT_EQ(actual.size(), expected.size()) << what;
  for (std::size_t r = 0; r < expected.size(); ++r) {
    ASSERT_EQ(actual[r].size(), expected[r].size()) << what;
    for (std::size_t k = 0; k < expected[r].size(); ++k) {
      EXPECT_NEAR(actual[r][k], expected[r][k], tolerance) << what << " row " << r;
    }
  }
}

}  // namespace guichet
