#pragma once

#include <memory>

#include "absl/status/statusor.h"
#include "model/cleaning/text_cleaning_options.h"
#include "model/text/tokenizer.h"

namespace guichet {

// `base`, loaded with the default TokenizerOptions, behind a cleaning of every text it encodes;
// `base` itself when no rule is on. Text that `base` refuses as it came (too long, not UTF-8) is
// refused as it came, and cleaning makes no text too long. Ids and pieces are decoded as by `base`.
// As safe to share between threads as `base`. INVALID_ARGUMENT: a version that this program does
// not know.
absl::StatusOr<std::shared_ptr<const Tokenizer>> WithCleaning(std::shared_ptr<const Tokenizer> base,
                                                              const TextCleaningOptions& cleaning);

}  // namespace guichet
