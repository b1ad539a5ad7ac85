#include "model/training/gradient_reducer.h"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <tuple>
#include <type_traits>
#include <unordered_map>
#include <utility>

#include <torch/csrc/distributed/c10d/reducer.hpp>

#include "model/training/process_group_state.h"

namespace guichet {
namespace {

// As DistributedDataParallel: a small first bucket lets the exchange begin early.
constexpr std::size_t kFirstBucketBytes = std::size_t{1} << 20U;
constexpr std::size_t kBucketBytes = std::size_t{25} << 20U;

// The last argument came with torch 2.13.
template <typename Reducer = c10d::Reducer>
std::unique_ptr<Reducer> MakeReducer(ProcessGroup& peers, const std::vector<at::Tensor>& parameters,
                                     bool find_unused) {
  using Buckets = std::vector<std::vector<std::size_t>>;
  using Names = std::unordered_map<std::size_t, std::string>;
  Buckets buckets = std::get<0>(
      c10d::compute_bucket_assignment_by_size(parameters, {kFirstBucketBytes, kBucketBytes}));
  std::reverse(buckets.begin(), buckets.end());  // gradients come from the top down
  const std::vector<bool> dense(parameters.size(), false);
  constexpr auto kBytes = static_cast<std::int64_t>(kBucketBytes);
  constexpr auto kFirstBytes = static_cast<std::int64_t>(kFirstBucketBytes);
  const auto& group = peers.state().group;
  if constexpr (std::is_constructible_v<Reducer, std::vector<at::Tensor>, Buckets,
                                        c10::intrusive_ptr<c10d::ProcessGroup>, std::vector<bool>,
                                        std::int64_t, bool, bool, Names, std::int64_t, bool, bool,
                                        std::vector<std::int64_t>>) {
    return std::make_unique<Reducer>(parameters, std::move(buckets), group, dense, kBytes,
                                     find_unused, /*gradient_as_bucket_view=*/false, Names{},
                                     kFirstBytes, /*skip_all_reduce_unused_params=*/false,
                                     /*use_python_reducer=*/false, std::vector<std::int64_t>{});
  } else {
    return std::make_unique<Reducer>(parameters, std::move(buckets), group, dense, kBytes,
                                     find_unused, /*gradient_as_bucket_view=*/false, Names{},
                                     kFirstBytes, /*skip_all_reduce_unused_params=*/false,
                                     /*use_python_reducer=*/false);
  }
}

}  // namespace

struct GradientReducer::State {
  std::unique_ptr<c10d::Reducer> reducer;
};

GradientReducer::GradientReducer(ProcessGroup& peers, const std::vector<at::Tensor>& parameters,
                                 bool all_used)
    : state_(new State{MakeReducer(peers, parameters, !all_used)}) {}
GradientReducer::~GradientReducer() = default;

void GradientReducer::Announce(const at::Tensor& loss) {
  state_->reducer->prepare_for_forward();
  state_->reducer->prepare_for_backward({loss});
}

}  // namespace guichet
