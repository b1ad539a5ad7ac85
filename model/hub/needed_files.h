#pragma once

#include <vector>

#include "absl/status/statusor.h"
#include "model/hub/hub_listing.h"

namespace guichet {

// Of a model's repository what this program reads, in the order it is fetched, small files first:
// config.json and generation_config.json, the tokenizer's files, and the weights once, as
// safetensors where there are any, else as pytorch_model.bin; whole or in shards with their index.
// Files of other frameworks and in folders are left. NOT_FOUND names what the repository lacks.
absl::StatusOr<std::vector<HubFile>> NeededFiles(const HubListing& listing);

}  // namespace guichet
