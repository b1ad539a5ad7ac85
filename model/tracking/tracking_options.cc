#include "model/tracking/tracking_options.h"

#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr std::array kKinds = {TrackerKind::kWandb, TrackerKind::kTensorboard,
                               TrackerKind::kMlflow};

absl::StatusOr<TrackerPlace> ParsePlace(std::string_view text) {
  const std::string_view name = text.substr(0, text.find(':'));
  const auto kind = std::ranges::find_if(kKinds, [&](TrackerKind k) { return NameOf(k) == name; });
  if (kind == kKinds.end()) {
    return absl::InvalidArgumentError(
        fmt::format("'{}' is no tracker; the form is {}", name, kTrackForm));
  }
  TrackerPlace place{.kind = *kind, .place = {}};
  if (name.size() < text.size()) place.place = text.substr(name.size() + 1);
  if (place.place.empty() && (name.size() < text.size() || *kind == TrackerKind::kTensorboard)) {
    return absl::InvalidArgumentError(fmt::format(
        "{} needs a {} after it: {}:{}", name, *kind == TrackerKind::kMlflow ? "URL" : "folder",
        name, *kind == TrackerKind::kMlflow ? "URL" : "DIR"));
  }
  if (*kind == TrackerKind::kMlflow && !place.place.empty()) {
    GUICHET_RETURN_IF_ERROR(CheckMlflowUrl(place.place));
  }
  return place;
}

}  // namespace

absl::Status CheckMlflowUrl(std::string_view url) {
  const std::size_t scheme = url.starts_with("http://") ? 7 : url.starts_with("https://") ? 8 : 0;
  const std::string_view rest = url.substr(scheme);
  if (scheme == 0 || rest.empty() || rest[0] == '/') {
    return absl::InvalidArgumentError(
        fmt::format("MLflow's address is '{}'; it must be http://HOST:PORT or https://HOST", url));
  }
  if (rest.substr(0, rest.find('/')).find('@') != std::string_view::npos) {
    return absl::InvalidArgumentError(
        "MLflow's address holds a user or a password; name them in MLFLOW_TRACKING_USERNAME and "
        "MLFLOW_TRACKING_PASSWORD");
  }
  const bool odd = std::ranges::any_of(rest, [](char byte) {
    return byte == '?' || byte == '#' || static_cast<unsigned char>(byte) <= 0x20U;
  });
  if (odd) {
    return absl::InvalidArgumentError(
        fmt::format("MLflow's address '{}' holds a query, a fragment or a blank", url));
  }
  return absl::OkStatus();
}

absl::StatusOr<std::vector<TrackerPlace>> ParseTrackers(std::string_view text) {
  std::vector<TrackerPlace> places;
  while (!text.empty()) {
    const std::string_view part = text.substr(0, text.find(','));
    GUICHET_ASSIGN_OR_RETURN(TrackerPlace place, ParsePlace(part));
    for (const TrackerPlace& other : places) {
      if (other.kind == place.kind) {
        return absl::InvalidArgumentError(
            fmt::format("{} is named twice; one place of each kind", NameOf(place.kind)));
      }
    }
    places.push_back(std::move(place));
    text.remove_prefix(part.size());
    if (text == ",") return absl::InvalidArgumentError("nothing follows the last comma");
    if (!text.empty()) text.remove_prefix(1);
  }
  return places;
}

absl::Status CheckTrackers(std::string_view text) { return ParseTrackers(text).status(); }

std::string_view NameOf(TrackerKind kind) {
  switch (kind) {
    case TrackerKind::kWandb:
      return "wandb";
    case TrackerKind::kTensorboard:
      return "tensorboard";
    case TrackerKind::kMlflow:
      return "mlflow";
  }
  return "?";
}

std::string NameOf(const TrackerPlace& place) {
  std::string name(NameOf(place.kind));
  return place.place.empty() ? name : name + ":" + place.place;
}

}  // namespace guichet
