#include "tests/support/small_ticket_model.h"

#include <fstream>
#include <stdexcept>
#include <string>

#include <nlohmann/json.hpp>

#include "model/bundle/model_bundle.h"
#include "model/data/ticket_generator.h"
#include "model/network/sequence_classifier.h"
#include "model/text/built_in_tokenizer.h"
#include "model/training/scratch_config.h"

namespace guichet {

void WriteSmallTicketModel(const std::filesystem::path& bundle) {
  const auto labels = TicketLabels();
  const BartConfig config = SmallConfig({.d_model = 16, .layers = 1, .heads = 2, .ffn_dim = 32},
                                        {labels.begin(), labels.end()})
                                .value();
  const auto tokenizer = OpenTokenizer("barthez").value();
  const ModelWeights weights = SequenceClassifier::Initialise(config, 1).value().Export();
  BundleContents contents;
  contents.config = config;
  contents.weights = weights.tensors;
  contents.tokenizer = tokenizer.get();
  contents.manifest.name = "tickets";
  contents.manifest.base_model = "scratch";
  contents.manifest.labels = config.labels;
  contents.manifest.max_tokens = 64;
  const absl::Status written = WriteBundle(contents, bundle);
  if (!written.ok()) throw std::runtime_error(written.ToString());
}

void WriteTickets(const std::filesystem::path& file, int rows, std::uint64_t seed) {
  std::ofstream tickets(file);
  TicketGenerator generator({.seed = seed});
  for (int i = 0; i < rows; ++i) {
    const Ticket ticket = generator.Next();
    tickets << nlohmann::json{{"subject", ticket.subject},
                              {"body", ticket.body},
                              {"label", ticket.label}}
            << '\n';
  }
}

}  // namespace guichet
