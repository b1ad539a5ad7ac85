#include "model/tracking/tracking_options.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/tracking/make_trackers.h"

namespace guichet {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

TEST(ParseTrackersTest, ReadsEveryForm) {
  EXPECT_THAT(*ParseTrackers(""), IsEmpty());
  EXPECT_THAT(*ParseTrackers("wandb"), ElementsAre(TrackerPlace{TrackerKind::kWandb, ""}));
  EXPECT_THAT(*ParseTrackers("wandb:runs,tensorboard:/tb/x:y,mlflow:http://[::1]:5000/base"),
              ElementsAre(TrackerPlace{TrackerKind::kWandb, "runs"},
                          TrackerPlace{TrackerKind::kTensorboard, "/tb/x:y"},
                          TrackerPlace{TrackerKind::kMlflow, "http://[::1]:5000/base"}));
  EXPECT_THAT(*ParseTrackers("mlflow"), ElementsAre(TrackerPlace{TrackerKind::kMlflow, ""}));
}

TEST(ParseTrackersTest, SaysWhatIsWrong) {
  const auto why = [](std::string_view text) {
    const absl::Status status = CheckTrackers(text);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << text;
    return std::string(status.message());
  };
  EXPECT_THAT(why("neptune:x"), HasSubstr("'neptune' is no tracker"));
  EXPECT_THAT(why("neptune:x"), HasSubstr(kTrackForm));
  EXPECT_THAT(why("wandb:a,,mlflow"), HasSubstr("'' is no tracker"));
  EXPECT_THAT(why("wandb:a,"), HasSubstr("last comma"));
  EXPECT_THAT(why("wandb:a,wandb:b"), HasSubstr("wandb is named twice"));
  EXPECT_THAT(why("tensorboard"), HasSubstr("tensorboard needs a folder"));
  EXPECT_THAT(why("wandb:"), HasSubstr("wandb needs a folder"));
  EXPECT_THAT(why("mlflow:"), HasSubstr("mlflow needs a URL"));
  EXPECT_THAT(why("mlflow:sqlite:///x.db"), HasSubstr("http://HOST:PORT"));
  EXPECT_THAT(why("mlflow:http://"), HasSubstr("http://HOST:PORT"));
  EXPECT_THAT(why("mlflow:http://h/?a=b"), HasSubstr("query"));
  // A secret would be seen in the list of processes, so it is not repeated either.
  EXPECT_THAT(why("mlflow:https://me:secret@host"), HasSubstr("MLFLOW_TRACKING_PASSWORD"));
  EXPECT_THAT(why("mlflow:https://me:secret@host"), ::testing::Not(HasSubstr("secret")));
}

TEST(MakeTrackersTest, HeedsTheEnvironment) {
  const auto places = *ParseTrackers("wandb,tensorboard:tb");
  EXPECT_THAT(*MakeTrackers(places, {}), SizeIs(2));
  EXPECT_THAT(*MakeTrackers(places, {.wandb_mode = "offline"}), SizeIs(2));
  const auto without = MakeTrackers(places, {.wandb_mode = "disabled"});
  ASSERT_THAT(*without, SizeIs(1));
  EXPECT_EQ((*without)[0].name, "tensorboard:tb");
}

TEST(MakeTrackersTest, MlflowAloneNeedsAServerFromTheEnvironment) {
  const auto places = *ParseTrackers("mlflow");
  const absl::Status status = MakeTrackers(places, {}).status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(status.message()), HasSubstr("MLFLOW_TRACKING_URI"));
  EXPECT_EQ(MakeTrackers(places, {.mlflow_url = "sqlite:///x"}).status().code(),
            absl::StatusCode::kInvalidArgument);
  // Without libcurl it says so, and how to get it.
  const auto made = MakeTrackers(places, {.mlflow_url = "http://127.0.0.1:1"});
  if (!made.ok()) {
    EXPECT_EQ(made.status().code(), absl::StatusCode::kUnimplemented);
    EXPECT_THAT(std::string(made.status().message()), HasSubstr("libcurl"));
  }
}

}  // namespace
}  // namespace guichet
