#pragma once

#include <filesystem>
#include <functional>
#include <vector>

#include "absl/status/status.h"
#include "model/pretraining/pretraining_plan.h"

namespace guichet {

// Makes a folder with the sentencepiece.bpe.model of BARThez's layout that the corpus' sentences
// give; where it exists already nothing is done. Of a corpus larger than the plan's
// vocabulary_megabytes, documents are drawn by their content. `cancelled`, which may be null, ends
// it with CANCELLED. INVALID_ARGUMENT: a file that cannot be read as text, or too little text for
// so many pieces; FAILED_PRECONDITION: the folder's vocabulary is of other files or options.
absl::Status MakeVocabulary(const std::vector<std::filesystem::path>& files,
                            const PretrainingPlan& plan, const std::filesystem::path& folder,
                            const std::function<bool()>& cancelled);

}  // namespace guichet
