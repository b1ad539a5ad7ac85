// Every file of tests/data/malicious against its verdict, under a bound on memory and on time.

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "base/durable_file.h"
#include "model/checkpoint/checkpoint.h"
#include "model/checkpoint/convert.h"
#include "model/checkpoint/parameter_names.h"
#include "model/checkpoint/restricted_unpickler.h"
#include "model/checkpoint/safetensors.h"
#include "tests/support/gzip_file.h"
#include "tests/support/test_archive.h"
#include "tests/unit/checkpoint/allocation_counter.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;
using ::testing::ElementsAreArray;

constexpr size_t kMemoryConstant = size_t{1} << 20;
constexpr auto kTimeLimit = std::chrono::seconds(2);

fs::path Folder() { return UnpackTestArchive("malicious/malicious.tar.xz"); }

json Manifest() {
  std::ifstream stream(Folder() / "manifest.json");
  return json::parse(stream);
}

// The file as it is to be read: one of them is packed in the archive.
fs::path Unpacked(const fs::path& path) {
  if (path.extension() != ".gz") return path;
  const fs::path plain = path.parent_path() / path.stem();
  UnpackGzip(path, plain);
  return plain;
}

size_t SizeOnDisk(const fs::path& path) {
  if (fs::is_regular_file(path)) return fs::file_size(path);
  size_t total = 0;
  for (const auto& entry : fs::recursive_directory_iterator(path)) {
    if (entry.is_regular_file()) total += entry.file_size();
  }
  return total;
}

absl::Status Read(const std::string& kind, const fs::path& path) {
  if (kind == "config") {
    const auto text = ReadFile(path, size_t{1} << 20);
    return text.ok() ? ParseBartConfig(*text).status() : text.status();
  }
  auto checkpoint = OpenCheckpoint(path);
  if (!checkpoint.ok() || kind != "checkpoint") return checkpoint.status();
  const auto config = ReadBartConfig(path);
  if (!config.ok()) return config.status();
  return ResolveParameterNames(*std::move(checkpoint), *config).status();
}

// Values cost more in memory than in a file. However many there are, the limits on their number
// keep this under a constant.
constexpr size_t kWorstConstant = size_t{16} << 20;

size_t PeakOf(const std::string& file) {
  AllocationCounter::Reset();
  EXPECT_FALSE(ParseSafetensors(std::as_bytes(std::span(file))).ok());
  EXPECT_FALSE(UnpickleStateDict(std::as_bytes(std::span(file))).ok());
  return AllocationCounter::PeakGrowth();
}

std::string WithHeader(const std::string& header) {
  std::string file(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(file.data(), &length, sizeof length);
  return file + header;
}

TEST(WorstCaseTest, AHeaderFullOfTheSmallestValues) {
  std::string arrays = "{\"a\":[[]";
  std::string objects = "{\"a\":{\"\":{}";
  for (int i = 0; i < 49'000; ++i) arrays += ",[]";
  for (int i = 0; i < 24'000; ++i) objects += ",\"" + std::to_string(i) + "\":{}";
  for (const std::string& header : {arrays + "]}", objects + "}}"}) {
    EXPECT_LE(PeakOf(WithHeader(header)), header.size() + kWorstConstant);
  }
}

TEST(WorstCaseTest, APickleFullOfTheSmallestValues) {
  std::string tuples = "\x80\x02";
  std::string dicts = "\x80\x02";
  for (int i = 0; i < 10; ++i) tuples += "(" + std::string(19'000, ')') + "t";
  for (int i = 0; i < 19'900; ++i) dicts += "}X" + std::string("\1\0\0\0aK\1s", 8);
  const std::string memo = "\x80\x02Nr" + std::string("\x3f\x0d\x03\x00", 4);  // slot 199,999
  for (const std::string& pickle : {tuples, dicts, memo}) {
    const size_t peak = PeakOf(pickle);
    EXPECT_GT(peak, pickle.size() / 2);  // the values were built before one was refused
    EXPECT_LE(peak, pickle.size() + kWorstConstant);
  }
}

class HostileFilesTest : public ::testing::TestWithParam<std::pair<const char*, int>> {};

TEST_P(HostileFilesTest, GetTheirVerdictWithinBounds) {
  const auto [kind, expected_count] = GetParam();
  const json manifest = Manifest();
  int checked = 0;
  for (const json& entry : manifest["files"]) {
    if (entry["kind"] != kind) continue;
    const std::string file = entry["file"];
    SCOPED_TRACE(file + ": " + entry["note"].get<std::string>());
    const fs::path path = Unpacked(Folder() / file);
    const size_t bound = SizeOnDisk(path) + kMemoryConstant;
    const auto start = std::chrono::steady_clock::now();
    AllocationCounter::Reset();
    const absl::Status status = Read(kind, path);
    EXPECT_LE(AllocationCounter::PeakGrowth(), bound);
    EXPECT_LT(std::chrono::steady_clock::now() - start, kTimeLimit);
    if (entry["level"] != "either") {
      EXPECT_EQ(status.ok(), entry["expect"] == "accept") << status;
    }
    if (!status.ok()) {
      EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
      EXPECT_LT(status.message().size(), 2'000U) << "a message must stay readable";
    }
    if (std::getenv("GUICHET_VERBOSE") != nullptr) {
      std::printf("%-45s %-12s %s\n", file.c_str(), entry["reason"].get<std::string>().c_str(),
                  status.ok() ? "accepted" : std::string(status.message()).c_str());
    }
    ++checked;
  }
  EXPECT_EQ(checked, expected_count);
}

INSTANTIATE_TEST_SUITE_P(All, HostileFilesTest,
                         ::testing::Values(std::pair("safetensors", 83), std::pair("bin", 103),
                                           std::pair("shards", 27), std::pair("checkpoint", 21),
                                           std::pair("config", 36)),
                         [](const auto& one) { return std::string(one.param.first); });

std::vector<float> Floats(const std::string& file, const std::string& name,
                          std::vector<std::int64_t> shape) {
  const auto checkpoint = OpenCheckpoint(Folder() / file);
  EXPECT_TRUE(checkpoint.ok()) << checkpoint.status();
  if (!checkpoint.ok() || !(*checkpoint)->tensors().contains(name)) return {};
  const TensorView& tensor = (*checkpoint)->tensors().at(name);
  EXPECT_EQ(tensor.shape, shape);
  std::vector<float> values(tensor.data.size() / SizeOf(tensor.dtype));
  EXPECT_TRUE(ConvertToFloat32(tensor, values).ok());
  return values;
}

TEST(HostileFilesControlTest, SafetensorsAndShardsHoldTheirValues) {
  const json values = Manifest()["values"];
  const auto x = values["x"].get<std::vector<float>>();
  const auto y = values["y"].get<std::vector<float>>();
  for (const char* name : {"ok_plain", "ok_metadata", "ok_reversed_order", "ok_unpadded_odd"}) {
    const std::string file = std::string("safetensors/") + name + ".safetensors";
    EXPECT_EQ(Floats(file, "a", {2, 3}), x) << name;
    EXPECT_EQ(Floats(file, "b", {4}), y) << name;
  }
  EXPECT_EQ(Floats("safetensors/ok_escaped_name.safetensors", "model.shared/w", {2, 3}), x);
  EXPECT_EQ(Floats("safetensors/ok_zero_size.safetensors", "b", {4}), y);
  EXPECT_EQ(Floats("safetensors/ok_zero_size.safetensors", "c", {3, 0}), std::vector<float>());
  EXPECT_EQ(Floats("safetensors/ok_rank_0.safetensors", "a", {}), std::vector<float>({x[0]}));
  for (const char* name : {"ok_two_shards", "ok_total_size_wrong", "ok_no_metadata"}) {
    EXPECT_EQ(Floats(std::string("shards/") + name, "a", {2, 3}), x) << name;
    EXPECT_EQ(Floats(std::string("shards/") + name, "b", {4}), y) << name;
  }
}

TEST(HostileFilesControlTest, EveryTypeOfSafetensorsIsRead) {
  const auto checkpoint = OpenCheckpoint(Folder() / "safetensors/ok_dtypes.safetensors");
  ASSERT_TRUE(checkpoint.ok()) << checkpoint.status();
  const TensorMap& tensors = (*checkpoint)->tensors();
  EXPECT_EQ(tensors.size(), 10U);
  const auto byte = [&](const char* name) {
    return static_cast<int>(std::to_integer<std::int8_t>(tensors.at(name).data[0]));
  };
  const auto number = [&](const char* name) {
    std::vector<float> value(1);
    EXPECT_TRUE(ConvertToFloat32(tensors.at(name), value).ok()) << name;
    return value[0];
  };
  EXPECT_EQ(number("f64"), 1.5F);
  EXPECT_EQ(number("f32"), 2.5F);
  EXPECT_EQ(number("f16"), 0.5F);
  EXPECT_EQ(number("bf16"), 1.5F);
  EXPECT_EQ(byte("i64"), -7);
  EXPECT_EQ(byte("i32"), -9);
  EXPECT_EQ(byte("i16"), -3);
  EXPECT_EQ(byte("u8") & 0xff, 200);
  EXPECT_EQ(byte("i8"), -5);
  EXPECT_EQ(byte("bool"), 1);
  EXPECT_EQ(tensors.at("bool").dtype, DType::kBool);
}

TEST(HostileFilesControlTest, TorchFilesHoldTheirValues) {
  const auto w = Manifest()["values"]["w"].get<std::vector<float>>();
  for (const char* name : {"ok_plain", "ok_byteorder_little", "ok_plain_dict", "ok_setitem",
                           "ok_metadata_build", "ok_parameter", "ok_cuda_location", "ok_legacy"}) {
    EXPECT_EQ(Floats(std::string("bin/") + name + ".bin", "w", {2, 3}), w) << name;
  }
  EXPECT_THAT(Floats("bin/ok_transposed.bin", "w", {3, 2}),
              ElementsAreArray({w[0], w[3], w[1], w[4], w[2], w[5]}));
  EXPECT_THAT(Floats("bin/ok_view_offset.bin", "w", {3}), ElementsAreArray({w[3], w[4], w[5]}));
  EXPECT_EQ(Floats("bin/ok_shared_storage.bin", "a", {2, 3}), w);
  EXPECT_THAT(Floats("bin/ok_shared_storage.bin", "b", {3}), ElementsAreArray({w[3], w[4], w[5]}));
}

}  // namespace
}  // namespace guichet
