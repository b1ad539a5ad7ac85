#pragma once

#include <cstdint>
#include <filesystem>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "model/checkpoint/parameter_names.h"
#include "model/cleaning/text_cleaning_options.h"
#include "model/network/bart_config.h"
#include "model/text/tokenizer.h"

namespace guichet {

// What manifest.json says about a bundle.
struct BundleManifest {
  struct File {
    std::string sha256;  // 64 lower-case hexadecimal digits
    std::uint64_t size = 0;
  };

  int format_version = 1;
  std::string name;        // the model's name for callers, e.g. "tickets"
  std::string created;     // RFC 3339, UTC
  std::string base_model;  // what it was made from: a repository, a folder's name or "scratch"
  HeadKind head = HeadKind::kEncoder;
  Pooling pooling = Pooling::kMean;  // read with head kEncoder only
  std::vector<std::string> labels;   // in the order of the logits
  std::string tokenizer_kind;        // "barthez", "bart" or "none" (scores token ids only)
  int max_tokens = 1024;             // longest input in tokens, <s> and </s> included
  std::string dtype = "F32";         // of the stored weights
  double temperature = 1.0;          // probabilities are softmax(logits / temperature)
  // Smallest calibrated probability at which a label is answered rather than abstained on; 0:
  // always answered, 1: never. One per label; none stands for zeros.
  std::vector<double> thresholds;
  // How texts are cleaned before they are tokenised; absent in the file when no rule is on. A
  // version or rule that this program does not know is refused: the model would read other texts
  // than it learnt from.
  TextCleaningOptions text_cleaning = {};
  std::string provenance_json = "{}";  // data and code the weights come from (a JSON object)
  std::string metrics_json = "{}";     // figures on the hold-out (a JSON object)
  std::map<std::string, File> files;   // every file of the bundle but manifest.json itself
};

// INVALID_ARGUMENT names the first field that is out of range or does not fit another one.
absl::Status Validate(const BundleManifest& manifest);
std::string ToJson(const BundleManifest& manifest);
// Parses and validates manifest.json; keys of newer versions are left aside.
absl::StatusOr<BundleManifest> ParseBundleManifest(std::string_view json);

// manifest.json as it stands. Its hash is the bundle's own: it holds those of all other files.
// NOT_FOUND when there is none.
absl::StatusOr<std::string> ReadBundleManifestText(const std::filesystem::path& folder);

// A bundle on disk, verified and opened: immutable, safe to share. The weights are mapped, not
// read.
class ModelBundle {
 public:
  // Opens `folder` and verifies sizes and hashes of all files. NOT_FOUND when there is no manifest;
  // DATA_LOSS names the first file that is absent or not as the manifest says, INVALID_ARGUMENT the
  // first one whose contents do not fit the others'.
  static absl::StatusOr<std::shared_ptr<const ModelBundle>> Open(
      const std::filesystem::path& folder);

  ModelBundle(std::filesystem::path folder, BundleManifest manifest, BartConfig config,
              ModelWeights weights, std::shared_ptr<const Tokenizer> tokenizer);

  const std::filesystem::path& folder() const { return folder_; }
  const BundleManifest& manifest() const { return manifest_; }
  const BartConfig& config() const { return config_; }
  const ModelWeights& weights() const { return weights_; }
  // Cleans as the manifest says. Null when the manifest's tokenizer_kind is "none".
  const std::shared_ptr<const Tokenizer>& tokenizer() const { return tokenizer_; }

 private:
  std::filesystem::path folder_;
  BundleManifest manifest_;
  BartConfig config_;
  ModelWeights weights_;
  std::shared_ptr<const Tokenizer> tokenizer_;
};

// What goes into a new bundle. `weights` must hold a classification head; a bundle with head
// kEncoder stores no decoder.
struct BundleContents {
  // created, tokenizer_kind, dtype and files are filled in by WriteBundle; the head,
  // the pooling and the labels replace the configuration's.
  BundleManifest manifest;
  BartConfig config;
  TensorMap weights;                     // full names, as in ModelWeights
  const Tokenizer* tokenizer = nullptr;  // null: the bundle scores token ids only
  std::string report_json = "{}";
  std::string report_html;  // the same for people; empty: no such file
};

// Writes a bundle folder atomically and durably. ALREADY_EXISTS when `folder` exists;
// INVALID_ARGUMENT when the contents do not fit each other (then nothing is written).
absl::Status WriteBundle(const BundleContents& contents, const std::filesystem::path& folder,
                         const Clock& clock = Clock::System());

struct ImportOptions {
  // Unset: encoder where `pooling` or the folder's config says so, else encoder-decoder.
  std::optional<HeadKind> head;
  std::optional<Pooling> pooling;   // with head kEncoder only; unset: the config's, else mean
  std::vector<std::string> labels;  // empty: the config's id2label
  // Letters, digits, '.', '_' and '-'; empty: the folder's name with '-' for everything else.
  std::string name;
  std::uint64_t seed = 42;  // for a new classification head (N(0, init_std), biases 0)
};

// Turns a Hugging Face checkpoint folder into a bundle, its weights in the type they are stored in.
// Returns warnings: a new head, differing aliases, no tokenizer. A folder without a tokenizer gets
// BARThez's own where config.json names it, else a bundle that scores token ids only.
absl::StatusOr<std::vector<std::string>> ImportBundle(
    const std::filesystem::path& checkpoint_folder, const std::filesystem::path& bundle_folder,
    const ImportOptions& options, const Clock& clock = Clock::System());

}  // namespace guichet
