#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "base/mutex.h"
#include "server/pipeline/inference_item.h"
#include "server/registry/janitor.h"
#include "server/registry/warm_up.h"
#include "server/telemetry/model_metrics.h"

namespace guichet {

// A loaded version and its series.
struct LoadedVersion : ServedModel {
  std::shared_ptr<VersionMetrics> metrics;
};
using VersionLease = std::shared_ptr<const LoadedVersion>;

// Which model a call wants.
struct ModelSelector {
  std::string_view name = {};  // empty: the default, the first model loaded
  std::int64_t version = 0;    // 0: the version in service
};

// What to load.
struct ModelSource {
  std::filesystem::path path;  // a bundle folder
  std::string name;            // empty: the bundle's own
  std::int64_t version = 1;    // from 1
};

// Opens a bundle and puts it on its device.
using ModelLoader = std::function<absl::StatusOr<std::shared_ptr<const TextClassifier>>(
    const std::filesystem::path& path)>;

// The models in memory: name → versions, one of them in service. Acquire costs a short lock. A new
// version is loaded and warmed beside the old one; the swap is one pointer, and a retired version
// lives until its last lease is dropped, then is freed on the janitor's thread. A failed load
// changes nothing in service. Thread-safe; Load blocks its caller only.
class ModelRegistry {
 public:
  ModelRegistry(ModelLoader loader, const WarmUpOptions& warm_up, ModelMetrics& metrics,
                const Clock& clock);

  // Loads and warms a version; the first of a name is in service at once. ALREADY_EXISTS when this
  // version of the name is loaded; else the loader's or the warm-up's error.
  absl::StatusOr<VersionLease> Load(const ModelSource& source);
  // NOT_FOUND when it is not loaded.
  absl::Status PutInService(const std::string& name, std::int64_t version);
  // Takes a version out; calls that hold it finish with it. NOT_FOUND when it is not loaded,
  // FAILED_PRECONDITION when it is in service.
  absl::Status Retire(const std::string& name, std::int64_t version);

  // NOT_FOUND: no such model or version; UNAVAILABLE: nothing is loaded yet.
  absl::StatusOr<VersionLease> Acquire(const ModelSelector& selector) const;
  // The loaded versions of a model, rising; empty when unknown. An empty name means the default.
  std::vector<std::int64_t> Versions(std::string_view name) const;

 private:
  struct Model {
    std::map<std::int64_t, VersionLease> versions;
    VersionLease in_service;
  };

  absl::StatusOr<VersionLease> OpenAndWarm(const ModelSource& source) GUICHET_REQUIRES(loading_);

  const ModelLoader loader_;
  const WarmUpOptions warm_up_;
  ModelMetrics& metrics_;
  const Clock& clock_;
  Janitor janitor_;  // before the leases it frees

  Mutex loading_;  // one load at a time: memory holds at most one model more than is served

  mutable Mutex mutex_;
  std::map<std::string, Model, std::less<>> models_ GUICHET_GUARDED_BY(mutex_);
  std::string default_name_ GUICHET_GUARDED_BY(mutex_);
};

}  // namespace guichet
