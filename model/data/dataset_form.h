#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "model/data/dataset_reader.h"

namespace guichet {

// How to read a data set, in the words of an option or a request; empty where a default will do.
struct DatasetForm {
  std::string format = {};    // text, jsonl, csv or tsv; empty: by the file's name
  std::string columns = {};   // as ParseColumnMap reads them; come before the preset's
  std::string preset = {};    // glpi, zammad or jira
  std::string encoding = {};  // auto, utf-8, windows-1252 or utf-16; empty: auto
};

// INVALID_ARGUMENT names the unknown word and those there are.
absl::StatusOr<TicketReaderOptions> ToReaderOptions(const DatasetForm& form);

}  // namespace guichet
