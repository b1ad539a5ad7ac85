#pragma once

#include <string>
#include <vector>

#include "base/mutex.h"
#include "model/inference/text_generator.h"

namespace guichet {

// A generator that writes the tokens 10, 11, 12, … up to max_length, one a step, and waits before
// each step while it is held. Its text is the tokens' numbers. Thread-safe.
class ScriptedGenerator final : public TextGenerator {
 public:
  ScriptedGenerator() { defaults_.max_length = 5; }

  void Hold() {
    const MutexLock lock(mutex_);
    held_ = true;
  }
  void Release() {
    const MutexLock lock(mutex_);
    held_ = false;
    changed_.NotifyAll();
  }
  // Waits until a step of the `generation`-th call of Generate is about to be made.
  void AwaitStep(int generation = 1) {
    const MutexLock lock(mutex_);
    while (at_step_ < generation) changed_.Wait(mutex_);
  }

  absl::StatusOr<std::vector<TokenId>> Encode(std::string_view text) const override {
    if (text.empty()) return absl::InvalidArgumentError("the text is empty");
    return std::vector<TokenId>(text.size() + 2, 3);
  }
  absl::StatusOr<std::string> Decode(std::span<const TokenId> ids) const override {
    std::string text;
    for (const TokenId id : ids) {
      if (id >= 10) text += std::to_string(id);
    }
    return text;
  }
  absl::StatusOr<std::vector<std::vector<GeneratedSequence>>> Generate(
      std::span<const GenerationInput> rows, const GenerationOptions& options,
      const GenerationObserver& observer) const override {
    {
      const MutexLock lock(mutex_);
      ++generations_;
    }
    GeneratedSequence sequence{.ids = {2}, .score = -0.5};
    while (static_cast<int>(sequence.ids.size()) < options.max_length) {
      {
        const MutexLock lock(mutex_);
        at_step_ = generations_;
        changed_.NotifyAll();
        while (held_) changed_.Wait(mutex_);
      }
      const NewToken token{
          .item = 0, .sequence = 0, .id = 9 + static_cast<TokenId>(sequence.ids.size())};
      sequence.ids.push_back(token.id);
      if (!observer({&token, 1})) return absl::CancelledError("stopped by the observer");
    }
    return std::vector(rows.size(), std::vector{sequence});
  }

  absl::StatusOr<std::vector<FilledMask>> FillMasks(std::span<const TokenId>, int) const override {
    return absl::UnimplementedError("a script has no masks");
  }

  const GenerationOptions& defaults() const override { return defaults_; }
  const GenerationLimits& limits() const override { return limits_; }
  bool has_tokenizer() const override { return true; }
  std::string_view device() const override { return "cpu"; }
  std::string_view dtype() const override { return "fp32"; }
  std::size_t weight_bytes() const override { return 0; }

 private:
  GenerationOptions defaults_;
  const GenerationLimits limits_{.vocabulary_size = 1000, .max_positions = 128};
  mutable Mutex mutex_;
  mutable ConditionVariable changed_;
  bool held_ GUICHET_GUARDED_BY(mutex_) = false;
  mutable int generations_ GUICHET_GUARDED_BY(mutex_) = 0;
  mutable int at_step_ GUICHET_GUARDED_BY(mutex_) = 0;
};

}  // namespace guichet
