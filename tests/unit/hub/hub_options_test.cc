#include "model/hub/hub_options.h"

#include <fstream>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using testing::HasSubstr;
using testing::Not;

absl::StatusOr<HubOptions> With(std::map<std::string, std::string> variables) {
  variables.emplace("HOME", "/gone");
  return HubOptionsFromEnvironment([&](const char* name) {
    const auto found = variables.find(name);
    return found == variables.end() ? nullptr : found->second.c_str();
  });
}

TEST(HubOptionsTest, NothingSetIsThePublicHubWithoutAToken) {
  const auto options = With({});
  ASSERT_TRUE(options.ok()) << options.status();
  EXPECT_EQ(options->endpoint, "https://huggingface.co");
  EXPECT_EQ(options->cache, "/gone/.cache/huggingface/hub");
  EXPECT_EQ(options->token, "");
  EXPECT_FALSE(options->offline);
}

TEST(HubOptionsTest, TheCacheIsFoundAsPythonFindsIt) {
  EXPECT_EQ(With({{"XDG_CACHE_HOME", "/x"}})->cache, "/x/huggingface/hub");
  EXPECT_EQ(With({{"XDG_CACHE_HOME", "/x"}, {"HF_HOME", "/h"}})->cache, "/h/hub");
  EXPECT_EQ(With({{"HF_HOME", "~/h"}})->cache, "/gone/h/hub");
  EXPECT_EQ(With({{"HF_HOME", "/h"}, {"HUGGINGFACE_HUB_CACHE", "/old"}})->cache, "/old");
  EXPECT_EQ(With({{"HF_HUB_CACHE", "/new"}, {"HUGGINGFACE_HUB_CACHE", "/old"}})->cache, "/new");
  EXPECT_EQ(With({{"HF_HUB_CACHE", ""}, {"HF_HOME", "/h"}})->cache, "/h/hub");
}

TEST(HubOptionsTest, ATokenComesFromTheEnvironmentElseFromItsFile) {
  const TempFolder home;
  std::ofstream(home.path() / "token") << " hf_file\n";
  std::ofstream(home.path() / "other") << "hf_other";
  const std::string folder = home.path().string();
  EXPECT_EQ(With({{"HF_HOME", folder}})->token, "hf_file");
  EXPECT_EQ(With({{"HF_HOME", folder}, {"HF_TOKEN_PATH", folder + "/other"}})->token, "hf_other");
  EXPECT_EQ(With({{"HF_HOME", folder}, {"HUGGING_FACE_HUB_TOKEN", "hf_old"}})->token, "hf_old");
  EXPECT_EQ(With({{"HF_TOKEN", "hf_new"}, {"HUGGING_FACE_HUB_TOKEN", "hf_old"}})->token, "hf_new");
}

TEST(HubOptionsTest, ATokenThatWouldMakeAnotherHeaderIsRefusedAndNotShown) {
  const auto options = With({{"HF_TOKEN", "hf_secret\r\nX-Evil: 1"}});
  EXPECT_EQ(options.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(options.status().message()), HasSubstr("HF_TOKEN"));
  EXPECT_THAT(std::string(options.status().message()), Not(HasSubstr("secret")));
  EXPECT_FALSE(With({{"HF_TOKEN", std::string(5000, 'x')}}).ok());
}

TEST(HubOptionsTest, AnEndpointIsAWebAddress) {
  EXPECT_EQ(With({{"HF_ENDPOINT", "https://hub.example/api/hf//"}})->endpoint,
            "https://hub.example/api/hf");
  for (const char* bad : {"hub.example", "ftp://hub.example", "https://", "https://a b",
                          "https://user:password@hub.example", "https://hub.example?x=1"}) {
    const auto options = With({{"HF_ENDPOINT", bad}});
    EXPECT_THAT(std::string(options.status().message()), HasSubstr("HF_ENDPOINT")) << bad;
    EXPECT_THAT(std::string(options.status().message()), Not(HasSubstr("password")));
  }
}

TEST(HubOptionsTest, NumbersOutOfTheirRangeAreNamed) {
  EXPECT_TRUE(HubOptions().Validate().ok());
  HubOptions options;
  options.retries = 101;
  EXPECT_THAT(std::string(options.Validate().message()), HasSubstr("retries is 101; 0 to 100"));
  options = {};
  options.stall_time = std::chrono::seconds(0);
  EXPECT_THAT(std::string(options.Validate().message()), HasSubstr("stall_time"));
  options = {};
  options.min_bytes_per_second = 0;
  EXPECT_THAT(std::string(options.Validate().message()), HasSubstr("min_bytes_per_second"));
}

TEST(HubOptionsTest, OfflineIsAWordForYes) {
  for (const char* yes : {"1", "true", "YES", "On"}) {
    EXPECT_TRUE(With({{"HF_HUB_OFFLINE", yes}})->offline) << yes;
    EXPECT_TRUE(With({{"TRANSFORMERS_OFFLINE", yes}})->offline) << yes;
  }
  for (const char* no : {"0", "false", ""}) EXPECT_FALSE(With({{"HF_HUB_OFFLINE", no}})->offline);
}

}  // namespace
}  // namespace guichet
