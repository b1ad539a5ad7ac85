#include "model/bundle/model_bundle.h"

#include <map>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include <fmt/format.h>

#include "base/durable_file.h"
#include "base/mapped_file.h"
#include "base/mutex.h"
#include "base/sha256.h"
#include "base/status_macros.h"
#include "model/bundle/bundle_files.h"
#include "model/cleaning/cleaning_tokenizer.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

constexpr size_t kMaxManifestBytes = size_t{4} << 20;

absl::Status Invalid(std::string_view file, std::string_view problem) {
  return absl::InvalidArgumentError(fmt::format("{}: {}", file, problem));
}

absl::Status Damaged(std::string_view file, std::string_view problem) {
  return absl::DataLossError(
      fmt::format("{}: {}; restore the bundle or make it again", file, problem));
}

absl::StatusOr<BundleManifest> ReadManifest(const fs::path& folder) {
  GUICHET_ASSIGN_OR_RETURN(const std::string text, ReadBundleManifestText(folder));
  absl::StatusOr<BundleManifest> manifest = ParseBundleManifest(text);
  if (!manifest.ok()) return Invalid(kManifestFile, std::string(manifest.status().message()));
  return manifest;
}

absl::Status VerifyFile(const fs::path& folder, const std::string& name,
                        const BundleManifest::File& expected) {
  std::error_code error;
  const fs::path path = folder / name;
  const fs::file_status status = fs::symlink_status(path, error);
  if (status.type() == fs::file_type::not_found) return Damaged(name, "the file is missing");
  if (status.type() != fs::file_type::regular) {
    return Invalid(name, "not a regular file; a bundle holds no links and no folders");
  }
  GUICHET_ASSIGN_OR_RETURN(const MappedFile file, MappedFile::Open(path));
  if (file.bytes().size() != expected.size) {
    return Damaged(
        name, fmt::format("{} bytes, the manifest says {}", file.bytes().size(), expected.size));
  }
  const std::string hash = Sha256Hex(file.bytes());
  if (hash != expected.sha256) {
    return Damaged(name,
                   fmt::format("its SHA-256 is {}, the manifest says {}", hash, expected.sha256));
  }
  return absl::OkStatus();
}

// A file nobody vouches for could be taken for a part of the tokenizer.
absl::Status RefuseUnlistedFiles(const fs::path& folder, const BundleManifest& manifest) {
  std::error_code error;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    const std::string name = it->path().filename().string();
    if (name == kManifestFile || name.starts_with('.') || manifest.files.contains(name)) continue;
    return Invalid(name, "the manifest does not list this file; remove it");
  }
  if (error) return absl::InternalError(fmt::format("cannot list {}", folder.string()));
  return absl::OkStatus();
}

absl::Status VerifyFiles(const fs::path& folder, const BundleManifest& manifest) {
  for (const char* needed : {kConfigFile, kWeightsFile}) {
    if (!manifest.files.contains(needed)) {
      return Invalid(kManifestFile, fmt::format("files: {} is not listed", needed));
    }
  }
  for (const auto& [name, expected] : manifest.files) {
    GUICHET_RETURN_IF_ERROR(VerifyFile(folder, name, expected));
  }
  return RefuseUnlistedFiles(folder, manifest);
}

absl::StatusOr<BartConfig> OpenConfig(const fs::path& folder, const BundleManifest& manifest) {
  GUICHET_ASSIGN_OR_RETURN(BartConfig config, ReadBartConfig(folder));
  if (config.head() != manifest.head || (config.pooling && *config.pooling != manifest.pooling)) {
    return Invalid(kConfigFile, "its pooling does not fit the manifest's head and pooling");
  }
  if (config.labels != manifest.labels) {
    return Invalid(kConfigFile, fmt::format("id2label has {} labels, which are not the manifest's "
                                            "{} in the same order",
                                            config.labels.size(), manifest.labels.size()));
  }
  if (manifest.max_tokens > config.max_position_embeddings) {
    return Invalid(kManifestFile, fmt::format("max_tokens is {}, but the model has {} positions",
                                              manifest.max_tokens, config.max_position_embeddings));
  }
  return config;
}

absl::StatusOr<ModelWeights> OpenWeights(const fs::path& folder, const BundleManifest& manifest,
                                         const BartConfig& config) {
  GUICHET_ASSIGN_OR_RETURN(auto checkpoint, OpenCheckpoint(folder / kWeightsFile));
  absl::StatusOr<ModelWeights> weights = ResolveParameterNames(std::move(checkpoint), config);
  if (!weights.ok()) return Invalid(kWeightsFile, std::string(weights.status().message()));
  if (!weights->has_classification_head) {
    return Invalid(kWeightsFile, "there is no classification head");
  }
  if (weights->has_decoder != (manifest.head == HeadKind::kEncoderDecoder)) {
    return Invalid(kWeightsFile,
                   fmt::format("the head is \"{}\", but the decoder is {}", NameOf(manifest.head),
                               weights->has_decoder ? "present" : "missing"));
  }
  return weights;
}

// Versions of one model have the same tokenizer: one in memory serves them all, with the words it
// has met. Told apart by the hashes of all files but weights and reports; how a version cleans its
// texts is put around it.
absl::StatusOr<std::shared_ptr<const Tokenizer>> SharedTokenizer(const fs::path& folder,
                                                                 const BundleManifest& manifest) {
  struct Cache {
    Mutex mutex;
    std::map<std::string, std::weak_ptr<const Tokenizer>> tokenizers GUICHET_GUARDED_BY(mutex);
  };
  static Cache& cache = *new Cache();
  std::string key;
  for (const auto& [name, file] : manifest.files) {
    if (name == kWeightsFile || name == kReportFile || name == kReportPage) continue;
    key += name + " " + file.sha256 + "\n";
  }
  const MutexLock lock(cache.mutex);
  std::erase_if(cache.tokenizers, [](const auto& entry) { return entry.second.expired(); });
  std::weak_ptr<const Tokenizer>& known = cache.tokenizers[key];
  if (auto tokenizer = known.lock()) return tokenizer;
  GUICHET_ASSIGN_OR_RETURN(std::shared_ptr<const Tokenizer> tokenizer, LoadTokenizer(folder));
  known = tokenizer;
  return tokenizer;
}

absl::StatusOr<std::shared_ptr<const Tokenizer>> OpenTokenizer(const fs::path& folder,
                                                               const BundleManifest& manifest,
                                                               const BartConfig& config) {
  if (manifest.tokenizer_kind == kNoTokenizer) return nullptr;
  GUICHET_ASSIGN_OR_RETURN(auto tokenizer, SharedTokenizer(folder, manifest));
  if (tokenizer->kind() != manifest.tokenizer_kind) {
    return Invalid(kManifestFile,
                   fmt::format("tokenizer is \"{}\", but the files are those of \"{}\"",
                               manifest.tokenizer_kind, tokenizer->kind()));
  }
  if (tokenizer->special_ids().end != config.eos_token_id) {
    return Invalid(kConfigFile, fmt::format("eos_token_id is {}, the tokenizer's is {}",
                                            config.eos_token_id, tokenizer->special_ids().end));
  }
  return WithCleaning(std::move(tokenizer), manifest.text_cleaning);
}

absl::StatusOr<std::shared_ptr<const ModelBundle>> OpenVerified(const fs::path& folder) {
  GUICHET_ASSIGN_OR_RETURN(BundleManifest manifest, ReadManifest(folder));
  GUICHET_RETURN_IF_ERROR(VerifyFiles(folder, manifest));
  GUICHET_ASSIGN_OR_RETURN(BartConfig config, OpenConfig(folder, manifest));
  GUICHET_ASSIGN_OR_RETURN(ModelWeights weights, OpenWeights(folder, manifest, config));
  GUICHET_ASSIGN_OR_RETURN(auto tokenizer, OpenTokenizer(folder, manifest, config));
  return std::make_shared<ModelBundle>(folder, std::move(manifest), std::move(config),
                                       std::move(weights), std::move(tokenizer));
}

}  // namespace

absl::StatusOr<std::string> ReadBundleManifestText(const fs::path& folder) {
  return ReadFile(folder / kManifestFile, kMaxManifestBytes);
}

absl::StatusOr<std::shared_ptr<const ModelBundle>> ModelBundle::Open(const fs::path& folder) {
  absl::StatusOr<std::shared_ptr<const ModelBundle>> bundle = OpenVerified(folder);
  if (bundle.ok()) return bundle;
  return absl::Status(bundle.status().code(), fmt::format("bundle {}: {}", folder.string(),
                                                          std::string(bundle.status().message())));
}

ModelBundle::ModelBundle(fs::path folder, BundleManifest manifest, BartConfig config,
                         ModelWeights weights, std::shared_ptr<const Tokenizer> tokenizer)
    : folder_(std::move(folder)),
      manifest_(std::move(manifest)),
      config_(std::move(config)),
      weights_(std::move(weights)),
      tokenizer_(std::move(tokenizer)) {}

}  // namespace guichet
