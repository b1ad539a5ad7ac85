#include "model/hub/hub_listing.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

namespace guichet {
namespace {

using nlohmann::json;
using testing::HasSubstr;

// As the hub answers, with what else it says left in.
json Answer() {
  return json::parse(R"({
    "_id": "621ffdc036468d709f174364", "id": "moussaKam/barthez", "private": false, "gated": false,
    "sha": "0123456789abcdef0123456789abcdef01234567", "tags": ["fr"], "cardData": {"license": "mit"},
    "siblings": [
      {"rfilename": "config.json", "blobId": "1123456789abcdef0123456789abcdef01234567", "size": 1423},
      {"rfilename": "onnx/model.onnx", "blobId": "2123456789abcdef0123456789abcdef01234567", "size": 9,
       "lfs": null},
      {"rfilename": "pytorch_model.bin", "blobId": "3123456789abcdef0123456789abcdef01234567",
       "size": 134,
       "lfs": {"sha256": "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef",
               "size": 557941479, "pointerSize": 134}}]})");
}

std::string ErrorOf(const json& answer, const HubListingLimits& limits = {}) {
  const auto listing = ParseHubListing(answer.dump(), limits);
  EXPECT_EQ(listing.status().code(), absl::StatusCode::kInvalidArgument);
  return std::string(listing.status().message());
}

TEST(HubListingTest, FilesHaveTheirSizeAndTheNameOfTheirContents) {
  const auto listing = ParseHubListing(Answer().dump());
  ASSERT_TRUE(listing.ok()) << listing.status();
  EXPECT_EQ(listing->commit, "0123456789abcdef0123456789abcdef01234567");
  ASSERT_EQ(listing->files.size(), 3U);
  EXPECT_EQ(listing->files[0].name, "config.json");
  EXPECT_EQ(listing->files[0].bytes, 1423U);
  EXPECT_EQ(listing->files[0].blob, "1123456789abcdef0123456789abcdef01234567");
  EXPECT_FALSE(listing->files[0].has_sha256());
  // Of a file in large-file storage the size is that of the file, not of what points to it.
  EXPECT_EQ(listing->files[2].bytes, 557941479U);
  EXPECT_TRUE(listing->files[2].has_sha256());
}

TEST(HubListingTest, WhatIsMissingIsNamed) {
  for (const char* key : {"sha", "siblings"}) {
    json answer = Answer();
    answer.erase(key);
    EXPECT_THAT(ErrorOf(answer), HasSubstr(key));
  }
  for (const char* key : {"rfilename", "blobId", "size"}) {
    json answer = Answer();
    answer["siblings"][1].erase(key);  // a hub that was not asked for blobs, or does not know them
    EXPECT_THAT(ErrorOf(answer), HasSubstr(std::string("siblings[1].") + key));
  }
  for (const char* key : {"sha256", "size"}) {
    json answer = Answer();
    answer["siblings"][2]["lfs"].erase(key);
    EXPECT_THAT(ErrorOf(answer), HasSubstr(std::string("siblings[2].lfs.") + key));
  }
}

TEST(HubListingTest, LimitsAreKeptToTheLast) {
  json answer = Answer();
  EXPECT_TRUE(ParseHubListing(answer.dump(), {.max_files = 3}).ok());
  EXPECT_THAT(ErrorOf(answer, {.max_files = 2}), HasSubstr("at most 2 files, got 3"));
  EXPECT_TRUE(ParseHubListing(answer.dump(), {.max_file_bytes = 557941479}).ok());
  EXPECT_THAT(ErrorOf(answer, {.max_file_bytes = 557941478}), HasSubstr("siblings[2].lfs.size"));
  EXPECT_TRUE(ParseHubListing(answer.dump(), {.max_json_bytes = answer.dump().size()}).ok());
  EXPECT_THAT(ErrorOf(answer, {.max_json_bytes = answer.dump().size() - 1}), HasSubstr("bytes"));
  EXPECT_TRUE(ParseHubListing(answer.dump(), {.max_name_bytes = 17}).ok());
  EXPECT_THAT(ErrorOf(answer, {.max_name_bytes = 16}), HasSubstr("siblings[2].rfilename"));
}

TEST(HubListingTest, NamesAreRelativeAndPlain) {
  for (const char* bad : {"", "/config.json", "../config.json", "a/../b", "a/..", "./a", "a//b",
                          "a/", "a\\b", "a\nb", "a\x7f"}) {
    json answer = Answer();
    answer["siblings"][0]["rfilename"] = bad;
    EXPECT_THAT(ErrorOf(answer), HasSubstr("siblings[0].rfilename")) << bad;
  }
  for (const char* good : {".gitattributes", "a/b/c.json", "..a", "a..b", "modèle.json"}) {
    json answer = Answer();
    answer["siblings"][0]["rfilename"] = good;
    EXPECT_TRUE(ParseHubListing(answer.dump()).ok()) << good;
  }
}

TEST(HubListingTest, SizesAreExactAndNotNegative) {
  for (const json& bad : {json(-1), json(1.0), json(1e20), json("1"), json(nullptr), json(true)}) {
    json answer = Answer();
    answer["siblings"][0]["size"] = bad;
    EXPECT_THAT(ErrorOf(answer), HasSubstr("siblings[0].size")) << bad;
  }
}

}  // namespace
}  // namespace guichet
