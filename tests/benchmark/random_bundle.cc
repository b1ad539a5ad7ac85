// Writes a bundle with seeded random weights and the real BARThez tokenizer, for benchmarks of size
// rather than of sense.
//
//   random_bundle OUT [barthez|middle|tiny] [encoder|encoder-decoder]

#include <cstdio>
#include <string>

#include "model/bundle/model_bundle.h"
#include "model/network/sequence_classifier.h"

namespace {

guichet::BartConfig Config(const std::string& size) {
  guichet::BartConfig config;
  config.vocab_size = 50002;
  config.d_model = size == "tiny" ? 64 : size == "middle" ? 384 : 768;
  config.encoder_layers = config.decoder_layers = size == "tiny" ? 2 : 6;
  config.encoder_attention_heads = config.decoder_attention_heads =
      config.d_model / (size == "tiny" ? 16 : 64);
  config.encoder_ffn_dim = config.decoder_ffn_dim = 4 * config.d_model;
  config.labels.clear();
  for (int i = 0; i < 12; ++i) config.labels.push_back("label " + std::to_string(i));
  return config;
}

absl::Status Write(const std::string& out, const std::string& size, const std::string& head) {
  guichet::BartConfig config = Config(size);
  if (head == "encoder") config.pooling = guichet::Pooling::kMean;
  auto network = guichet::SequenceClassifier::Initialise(config, 42);
  if (!network.ok()) return network.status();
  auto tokenizer = guichet::LoadTokenizer(std::string(GUICHET_SOURCE_DIR) + "/examples/barthez");
  if (!tokenizer.ok()) return tokenizer.status();
  const guichet::ModelWeights weights = network->Export();
  guichet::BundleContents contents;
  contents.config = config;
  contents.weights = weights.tensors;
  contents.tokenizer = tokenizer->get();
  contents.manifest.name = "random-" + size;
  contents.manifest.base_model = "scratch";
  contents.manifest.head = config.head();
  contents.manifest.labels = config.labels;
  contents.manifest.tokenizer_kind = std::string((*tokenizer)->kind());
  contents.manifest.max_tokens = config.max_position_embeddings;
  contents.manifest.thresholds.assign(config.labels.size(), 0.0);
  return guichet::WriteBundle(contents, out);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) {
    std::fprintf(stderr,
                 "usage: random_bundle OUT [barthez|middle|tiny] [encoder|encoder-decoder]\n");
    return 2;
  }
  const absl::Status status =
      Write(argv[1], argc > 2 ? argv[2] : "barthez", argc > 3 ? argv[3] : "encoder");
  if (!status.ok()) std::fprintf(stderr, "random_bundle: %s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}
