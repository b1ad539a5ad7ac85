#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

namespace guichet {

// How an encoder-only classifier makes one vector of the encoder's states. kMean: over all
// positions, <s> and </s> included. kFirst: <s>. kLastEos: the last </s>. kMax: per component.
enum class Pooling { kMean, kFirst, kLastEos, kMax };

// Whether the classification head reads the decoder's state at the last </s> (Hugging Face's
// MBartForSequenceClassification) or the pooled encoder.
enum class HeadKind { kEncoder, kEncoderDecoder };

// The architecture of an mBART model, with the names of Hugging Face's config.json. Defaults are
// MBartConfig's.
struct BartConfig {
  int vocab_size = 50265;
  int d_model = 1024;
  int encoder_layers = 12;
  int decoder_layers = 12;
  int encoder_attention_heads = 16;
  int decoder_attention_heads = 16;
  int encoder_ffn_dim = 4096;
  int decoder_ffn_dim = 4096;
  int max_position_embeddings = 1024;  // the table has two rows more; the first two are never read
  bool scale_embedding = false;        // multiply word embeddings by sqrt(d_model)
  bool tie_word_embeddings = true;
  double dropout = 0.1;
  double attention_dropout = 0.0;
  double activation_dropout = 0.0;
  double classifier_dropout = 0.0;
  double init_std = 0.02;
  int bos_token_id = 0;
  int pad_token_id = 1;
  int eos_token_id = 2;
  int decoder_start_token_id = 2;
  std::optional<int> forced_bos_token_id;
  std::optional<int> forced_eos_token_id = 2;
  // Labels in order of their id; two default names when the file has none.
  std::vector<std::string> labels = {"LABEL_0", "LABEL_1"};
  // Set when the file describes an encoder-only classifier (field "pooling").
  std::optional<Pooling> pooling;
  std::string tokenizer_class;  // empty when the file has none
  // The whole file, so that generation settings and unknown keys survive an import.
  std::string json = "{}";

  int num_labels() const { return static_cast<int>(labels.size()); }
  HeadKind head() const { return pooling ? HeadKind::kEncoder : HeadKind::kEncoderDecoder; }
};

std::string_view NameOf(Pooling pooling);  // "mean", "first", "last-eos", "max"
std::string_view NameOf(HeadKind head);    // "encoder", "encoder-decoder"
absl::StatusOr<Pooling> ParsePooling(std::string_view name);

// Parses config.json. INVALID_ARGUMENT names the key, its value and what is accepted: another
// model_type, sizes out of range or not divisible by the heads, an architecture variant that is not
// BARThez's (normalize_before false and the like).
absl::StatusOr<BartConfig> ParseBartConfig(std::string_view json);
absl::StatusOr<BartConfig> ReadBartConfig(const std::filesystem::path& folder);

// INVALID_ARGUMENT names the first field that is out of range or does not fit another one.
absl::Status Validate(const BartConfig& config);

// config.json with `config.json` as base and every field of the struct written over it.
std::string ToJson(const BartConfig& config);

}  // namespace guichet
