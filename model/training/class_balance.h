#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

#include "model/training/training_plan.h"

namespace guichet {

// How often each label occurs; labels are in [0, label_count).
std::vector<std::int64_t> CountLabels(std::span<const int> labels, int label_count);

// The loss weight of each label: n / (K · count), its square root, or nothing with kNone. Labels
// without examples get 0: nothing pulls towards them.
std::vector<float> ClassWeights(std::span<const std::int64_t> counts, ClassWeighting weighting);

// The rows of one epoch, as many as there are labels, in an order that means nothing. kNatural:
// each once. Else a label's share is as `sampling` says, and its rows are taken equally often but
// for a remainder that the seed draws. Labels are in [0, label_count).
std::vector<std::size_t> SampleRows(std::span<const int> labels, int label_count, Sampling sampling,
                                    std::uint64_t seed);

}  // namespace guichet
