#include <cstring>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/safetensors.h"
#include "model/checkpoint/shard_index.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_archive.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class LoadCheckpointTest : public ::testing::Test {
 protected:
  // A safetensors file of one tensor with one byte.
  void Save(const fs::path& file, const std::string& name, char value) {
    fs::create_directories((temp_.path() / file).parent_path());
    const TensorMap tensors = {{name, {DType::kU8, {1}, std::as_bytes(std::span(&value, 1))}}};
    ASSERT_TRUE(WriteSafetensors(tensors, temp_.path() / file).ok());
  }
  void Write(const fs::path& file, const std::string& text) {
    std::ofstream(temp_.path() / file) << text;
  }
  std::string Refused(const fs::path& folder = ".") {
    const auto checkpoint = OpenCheckpoint(temp_.path() / folder);
    EXPECT_EQ(checkpoint.status().code(), absl::StatusCode::kInvalidArgument);
    return std::string(checkpoint.status().message());
  }
  const TempFolder temp_;
};

constexpr const char* kIndex =
    R"({"weight_map":{"a":"part-1.safetensors","b":"part-2.safetensors"}})";

TEST_F(LoadCheckpointTest, LooksForFilesInTheOrderOfHuggingFace) {
  EXPECT_EQ(OpenCheckpoint(temp_.path()).status().code(), absl::StatusCode::kNotFound);
  EXPECT_EQ(OpenCheckpoint(temp_.path() / "absent").status().code(), absl::StatusCode::kNotFound);
  const fs::path tiny = UnpackTestArchive("goldens/tiny_classifier.tar.xz");
  fs::copy_file(tiny / "bin/pytorch_model.bin", temp_.path() / "pytorch_model.bin");
  EXPECT_EQ((*OpenCheckpoint(temp_.path()))->tensors().size(), 101U);
  Save("part-1.safetensors", "a", 1);
  Save("part-2.safetensors", "b", 2);
  Write("model.safetensors.index.json", kIndex);
  EXPECT_EQ((*OpenCheckpoint(temp_.path()))->tensors().size(), 2U);
  Save("model.safetensors", "whole", 3);
  EXPECT_EQ((*OpenCheckpoint(temp_.path()))->tensors().size(), 1U);
  EXPECT_TRUE((*OpenCheckpoint(temp_.path() / "part-1.safetensors"))->tensors().contains("a"));
}

TEST_F(LoadCheckpointTest, ALinkedShardMustStayInItsFolder) {
  Save("model/part-1.safetensors", "a", 1);
  Save("outside/part-2.safetensors", "b", 2);
  Write("model/model.safetensors.index.json", kIndex);
  EXPECT_THAT(Refused("model"), HasSubstr("shard \"part-2.safetensors\" is missing"));
  fs::create_symlink("../outside/part-2.safetensors", temp_.path() / "model/part-2.safetensors");
  EXPECT_THAT(Refused("model"), HasSubstr("is a link out of its folder"));
  fs::remove(temp_.path() / "model/part-2.safetensors");
  Save("model/real", "b", 2);
  fs::create_symlink("real", temp_.path() / "model/part-2.safetensors");
  EXPECT_TRUE(OpenCheckpoint(temp_.path() / "model").ok());
}

TEST_F(LoadCheckpointTest, TheHubsCacheLinksIntoItsBlobs) {
  Save("repository/blobs/1", "a", 1);
  Save("repository/blobs/2", "b", 2);
  const fs::path snapshot = temp_.path() / "repository/snapshots/main";
  fs::create_directories(snapshot);
  fs::create_symlink("../../blobs/1", snapshot / "part-1.safetensors");
  fs::create_symlink("../../blobs/2", snapshot / "part-2.safetensors");
  Write("repository/snapshots/main/model.safetensors.index.json", kIndex);
  const auto checkpoint = OpenCheckpoint(snapshot);
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  EXPECT_EQ((*checkpoint)->tensors().size(), 2U);
}

TEST_F(LoadCheckpointTest, EveryFormatOfTheTinyClassifierHoldsTheSameTensors) {
  const fs::path tiny = UnpackTestArchive("goldens/tiny_classifier.tar.xz");
  const auto reference = OpenCheckpoint(tiny / "safetensors");
  ASSERT_TRUE(reference.ok()) << reference.status();
  for (const char* variant : {"bin", "bin_old_keys", "bin_legacy", "sharded", "sharded_bin",
                              "unaligned", "alias_all", "alias_conflict"}) {
    const auto checkpoint = OpenCheckpoint(tiny / variant);
    ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
    for (const auto& [name, expected] : (*reference)->tensors()) {
      ASSERT_TRUE((*checkpoint)->tensors().contains(name)) << variant << " " << name;
      const TensorView& actual = (*checkpoint)->tensors().at(name);
      EXPECT_EQ(actual.shape, expected.shape) << variant << " " << name;
      ASSERT_EQ(actual.data.size(), expected.data.size()) << variant << " " << name;
      EXPECT_EQ(std::memcmp(actual.data.data(), expected.data.data(), actual.data.size()), 0)
          << variant << " " << name;
    }
  }
}

TEST(ShardIndexTest, GroupsTensorsByShard) {
  const auto index = ParseShardIndex(
      R"({"weight_map":{"c":"x.bin","a":"y.bin","b":"x.bin"},"metadata":{"total_size":7}})",
      ".bin");
  ASSERT_TRUE(index.ok()) << index.status();
  EXPECT_THAT(index->at("x.bin"), ElementsAre("b", "c"));
  EXPECT_THAT(index->at("y.bin"), ElementsAre("a"));
}

TEST(ShardIndexTest, AShardIsOfTheIndexsOwnFormat) {
  const auto index = ParseShardIndex(R"({"weight_map":{"a":"x.bin"}})", ".safetensors");
  EXPECT_THAT(std::string(index.status().message()), HasSubstr("bare name of a .safetensors file"));
}

}  // namespace
}  // namespace guichet
