#include "server/registry/model_registry.h"

#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

ModelDescription Describe(const std::string& name, std::int64_t version,
                          const TextClassifier& classifier) {
  return {.model = name,
          .version = version,
          .device = std::string(classifier.device()),
          .dtype = std::string(classifier.dtype()),
          .head = classifier.manifest().head == HeadKind::kEncoder ? "encoder" : "encoder-decoder",
          .weight_bytes = classifier.weight_bytes(),
          .labels = classifier.labels()};
}

absl::Status NoSuchVersion(std::string_view name, std::int64_t version) {
  return absl::NotFoundError(fmt::format("no version {} of model \"{}\" is loaded", version, name));
}

}  // namespace

ModelRegistry::ModelRegistry(ModelLoader loader, const WarmUpOptions& warm_up,
                             ModelMetrics& metrics, const Clock& clock)
    : loader_(std::move(loader)), warm_up_(warm_up), metrics_(metrics), clock_(clock) {}

absl::StatusOr<VersionLease> ModelRegistry::Load(const ModelSource& source) {
  const MutexLock loading(loading_);
  const SteadyTime start = clock_.Now();
  absl::StatusOr<VersionLease> lease = OpenAndWarm(source);
  metrics_.CountSwap(lease.ok());
  if (!lease.ok()) {
    if (!absl::IsAlreadyExists(lease.status())) metrics_.SetState(source.version, "failed");
    return lease;
  }
  {
    const MutexLock lock(mutex_);
    Model& model = models_[(*lease)->name];
    model.versions.emplace((*lease)->version, *lease);
    if (model.in_service == nullptr) model.in_service = *lease;
    if (default_name_.empty()) default_name_ = (*lease)->name;
  }
  metrics_.SetState(source.version, "ready");
  metrics_.OnLoaded(clock_.Now() - start);
  return lease;
}

absl::StatusOr<VersionLease> ModelRegistry::OpenAndWarm(const ModelSource& source) {
  GUICHET_ASSIGN_OR_RETURN(std::shared_ptr<const TextClassifier> classifier, loader_(source.path));
  const std::string name = source.name.empty() ? classifier->manifest().name : source.name;
  {
    const MutexLock lock(mutex_);
    const auto model = models_.find(name);
    if (model != models_.end() && model->second.versions.contains(source.version)) {
      return absl::AlreadyExistsError(
          fmt::format("version {} of model \"{}\" is loaded already", source.version, name));
    }
  }
  metrics_.SetState(source.version, "loading");
  GUICHET_RETURN_IF_ERROR(WarmUp(*classifier, warm_up_));
  auto loaded = std::make_unique<LoadedVersion>();
  loaded->name = name;
  loaded->version = source.version;
  loaded->metrics = metrics_.AddVersion(Describe(name, source.version, *classifier));
  loaded->classifier = std::move(classifier);
  return VersionLease(janitor_.Wrap(std::move(loaded)));
}

absl::Status ModelRegistry::PutInService(const std::string& name, std::int64_t version) {
  const MutexLock lock(mutex_);
  const auto model = models_.find(name);
  if (model == models_.end()) return NoSuchVersion(name, version);
  const auto found = model->second.versions.find(version);
  if (found == model->second.versions.end()) return NoSuchVersion(name, version);
  model->second.in_service = found->second;
  return absl::OkStatus();
}

absl::Status ModelRegistry::Retire(const std::string& name, std::int64_t version) {
  VersionLease retired;  // released after the lock
  {
    const MutexLock lock(mutex_);
    const auto model = models_.find(name);
    if (model == models_.end()) return NoSuchVersion(name, version);
    const auto found = model->second.versions.find(version);
    if (found == model->second.versions.end()) return NoSuchVersion(name, version);
    if (model->second.in_service == found->second) {
      return absl::FailedPreconditionError(
          fmt::format("version {} of model \"{}\" is in service; put another one in service first",
                      version, name));
    }
    retired = std::move(found->second);
    model->second.versions.erase(found);
  }
  metrics_.SetState(version, "unloaded");
  return absl::OkStatus();
}

absl::StatusOr<VersionLease> ModelRegistry::Acquire(const ModelSelector& selector) const {
  const MutexLock lock(mutex_);
  if (models_.empty()) return absl::UnavailableError("no model is loaded yet");
  const auto model = models_.find(selector.name.empty() ? default_name_ : selector.name);
  if (model == models_.end()) {
    return absl::NotFoundError(
        fmt::format("no model \"{}\"; this server has \"{}\"", selector.name, default_name_));
  }
  if (selector.version == 0) return model->second.in_service;
  const auto version = model->second.versions.find(selector.version);
  if (version == model->second.versions.end()) {
    return NoSuchVersion(model->first, selector.version);
  }
  return version->second;
}

std::vector<std::int64_t> ModelRegistry::Versions(std::string_view name) const {
  std::vector<std::int64_t> versions;
  const MutexLock lock(mutex_);
  const auto model = models_.find(name.empty() ? default_name_ : name);
  if (model == models_.end()) return versions;
  for (const auto& [version, lease] : model->second.versions) versions.push_back(version);
  return versions;
}

}  // namespace guichet
