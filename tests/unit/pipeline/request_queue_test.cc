#include "server/pipeline/request_queue.h"

#include <atomic>
#include <chrono>
#include <memory>
#include <optional>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_classifier.h"

namespace guichet {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr SteadyTime kNow = SteadyTime(std::chrono::hours(1));

class RequestQueueTest : public testing::Test {
 protected:
  static PipelineOptions Options() {
    PipelineOptions options;
    options.max_queue_texts = 10;
    options.max_queue_tokens = 1024;
    options.max_batch_tokens = 100;
    options.length_window_texts = 4;
    return options;
  }

  static ModelLease Model() {
    return std::make_shared<ServedModel>(
        ServedModel{.name = "m", .version = 1, .classifier = std::make_shared<FakeClassifier>()});
  }

  void Push(int id, std::size_t tokens, SteadyTime deadline = SteadyTime::max(),
            CancellationFlag cancelled = nullptr, ModelLease model = nullptr) {
    PendingTexts texts;
    texts.push_back(std::make_unique<PendingText>());
    InferenceItem& item = texts.back()->item;
    item.model = model != nullptr ? std::move(model) : model_;
    item.tokens.assign(tokens, id);
    item.deadline = deadline;
    item.cancelled = std::move(cancelled);
    queue_->Push(std::move(texts), kNow);
  }

  // The ids of the next batch.
  std::vector<int> Take(SteadyTime now = kNow) {
    return Ids(queue_->TakeBatch(now, milliseconds(0), true, dropped_).texts);
  }

  static std::vector<int> Ids(const PendingTexts& texts) {
    std::vector<int> ids;
    for (const auto& text : texts) ids.push_back(text->item.tokens.front());
    return ids;
  }

  const ModelLease model_ = Model();
  std::optional<RequestQueue> queue_{std::in_place, Options()};
  DroppedTexts dropped_;
};

TEST_F(RequestQueueTest, HasRoomForAWholeCallOrNot) {
  Push(1, 500);
  EXPECT_EQ(queue_->RoomFor(9, 524), RequestQueue::Room::kYes);
  EXPECT_EQ(queue_->RoomFor(10, 10), RequestQueue::Room::kTooManyTexts);
  EXPECT_EQ(queue_->RoomFor(1, 525), RequestQueue::Room::kTooManyTokens);
  EXPECT_EQ(queue_->RoomFor(~std::size_t{0}, 1), RequestQueue::Room::kTooManyTexts);
}

TEST_F(RequestQueueTest, CountsWhatGoesInAndOut) {
  Push(1, 30);
  Push(2, 80);
  EXPECT_EQ(queue_->texts(), 2U);
  EXPECT_EQ(queue_->tokens(), 110U);
  EXPECT_THAT(Take(), ElementsAre(1));
  EXPECT_EQ(queue_->texts(), 1U);
  EXPECT_EQ(queue_->tokens(), 80U);
  EXPECT_THAT(Take(), ElementsAre(2));
  EXPECT_TRUE(queue_->empty());
  EXPECT_THAT(Take(), IsEmpty());
  EXPECT_EQ(queue_->oldest(), SteadyTime::max());
}

TEST_F(RequestQueueTest, ShorterNewcomersDoNotEnterTheOpenWindow) {
  for (int id : {1, 2, 3, 4}) Push(id, id == 1 ? 90 : 60);  // the window of four
  EXPECT_THAT(Take(), ElementsAre(2));
  for (int id : {5, 6, 7}) Push(id, 5);
  EXPECT_THAT(Take(), ElementsAre(3));
  EXPECT_THAT(Take(), ElementsAre(4));
  // The last of the window, and then what of the next one fits beside it.
  EXPECT_THAT(Take(), ElementsAre(1, 5, 6));
  EXPECT_THAT(Take(), ElementsAre(7));
}

TEST_F(RequestQueueTest, AWindowOfOneIsStrictOrderOfArrival) {
  PipelineOptions options = Options();
  options.length_window_texts = 1;
  queue_.emplace(options);
  for (int id : {1, 2, 3, 4}) Push(id, id == 3 ? 90 : 10);
  EXPECT_THAT(Take(), ElementsAre(1, 2));
  EXPECT_THAT(Take(), ElementsAre(3, 4));
}

TEST_F(RequestQueueTest, ExpiredTextsComeOutApart) {
  Push(1, 10, kNow + milliseconds(5));
  Push(2, 10);
  EXPECT_THAT(Take(kNow + milliseconds(5)), ElementsAre(2));
  EXPECT_THAT(Ids(dropped_.expired), ElementsAre(1));
  EXPECT_TRUE(queue_->empty());
}

TEST_F(RequestQueueTest, CancelledTextsNeverReachABatch) {
  const auto cancelled = std::make_shared<std::atomic<bool>>(false);
  Push(1, 10, SteadyTime::max(), cancelled);
  Push(2, 10);
  cancelled->store(true);
  EXPECT_THAT(Take(), ElementsAre(2));
  EXPECT_THAT(Ids(dropped_.cancelled), ElementsAre(1));
}

TEST_F(RequestQueueTest, ABatchOfCancelledTextsGivesWayToTheNext) {
  const auto cancelled = std::make_shared<std::atomic<bool>>(true);
  for (int id : {1, 2, 3}) Push(id, 40, SteadyTime::max(), cancelled);
  Push(4, 90);
  EXPECT_THAT(Take(), ElementsAre(4));
  EXPECT_THAT(Ids(dropped_.cancelled), ElementsAre(1, 2, 3));
}

TEST_F(RequestQueueTest, SweepFindsExpiredAndCancelledTextsAnywhere) {
  const auto cancelled = std::make_shared<std::atomic<bool>>(true);
  for (int id = 1; id <= 8; ++id) {
    Push(id, 60, id % 3 == 0 ? kNow + milliseconds(id) : kNow + milliseconds(100),
         id == 4 ? cancelled : nullptr);
  }
  EXPECT_THAT(Take(), ElementsAre(1));
  EXPECT_EQ(queue_->earliest_deadline(), kNow + milliseconds(3));
  queue_->Sweep(kNow + milliseconds(6), dropped_);
  EXPECT_THAT(Ids(dropped_.expired), ElementsAre(3, 6));
  EXPECT_THAT(Ids(dropped_.cancelled), ElementsAre(4));
  EXPECT_EQ(queue_->earliest_deadline(), kNow + milliseconds(100));
  for (int id : {2, 5, 7, 8}) EXPECT_THAT(Take(), ElementsAre(id));
  EXPECT_TRUE(queue_->empty());
}

TEST_F(RequestQueueTest, VersionsNeverShareABatch) {
  const ModelLease other = Model();
  Push(1, 10);
  Push(2, 10, SteadyTime::max(), nullptr, other);
  Push(3, 10);
  EXPECT_THAT(Take(), ElementsAre(1, 3));
  EXPECT_THAT(Take(), ElementsAre(2));
}

TEST_F(RequestQueueTest, LetsGoOfAModelWithItsLastText) {
  ModelLease other = Model();
  const std::weak_ptr<const ServedModel> watch = other;
  Push(1, 10, SteadyTime::max(), nullptr, std::move(other));
  EXPECT_FALSE(watch.expired());
  EXPECT_THAT(Take(), ElementsAre(1));
  EXPECT_TRUE(watch.expired());
}

TEST_F(RequestQueueTest, TakeAllEmptiesTheQueue) {
  Push(1, 10);
  Push(2, 20, kNow + milliseconds(1), nullptr, Model());
  EXPECT_THAT(Ids(queue_->TakeAll()), ElementsAre(1, 2));
  EXPECT_TRUE(queue_->empty());
  EXPECT_EQ(queue_->tokens(), 0U);
  EXPECT_EQ(queue_->earliest_deadline(), SteadyTime::max());
}

}  // namespace
}  // namespace guichet
