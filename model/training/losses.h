#pragma once

#include <ATen/core/Tensor.h>

namespace guichet {

// How the loss of a batch is made of logits [B, K] and labels [B] int64.
struct LossOptions {
  at::Tensor class_weights;      // [K], or undefined: all labels count the same
  double label_smoothing = 0.0;  // share of the truth spread over all K labels
};

// torch's cross entropy: the mean over rows, with class weights divided by the sum of the rows'
// weights.
at::Tensor CrossEntropy(const at::Tensor& logits, const at::Tensor& labels,
                        const LossOptions& options);

// R-Drop (Liang et al. 2021) of two passes p, q over the same rows:
// ½(CE_p + CE_q) + alpha · ½(KL(p‖q) + KL(q‖p)), KL summed over labels and averaged over rows.
struct TwoPasses {
  at::Tensor first;
  at::Tensor second;
};
at::Tensor RDropLoss(const TwoPasses& logits, const at::Tensor& labels, const LossOptions& options,
                     double alpha);

}  // namespace guichet
