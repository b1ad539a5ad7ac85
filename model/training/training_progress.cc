#include "model/training/training_progress.h"

#include <fmt/format.h>

#include "base/free_memory.h"

namespace guichet {

std::string MemoryNotice::Words() const {
  return fmt::format("{} parameters learn; about {} of memory needed, {} free", trained_parameters,
                     ShowBytes(needed), free ? ShowBytes(*free) : "unknown");
}

}  // namespace guichet
