#include "model/checkpoint/safetensors.h"

#include <cstring>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/durable_file.h"
#include "base/mapped_file.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;

std::string File(const std::string& header, const std::string& data) {
  std::string file(8, '\0');
  const std::uint64_t length = header.size();
  std::memcpy(file.data(), &length, sizeof length);
  return file + header + data;
}

std::string ErrorOf(const std::string& file) {
  return std::string(ParseSafetensors(std::as_bytes(std::span(file))).status().message());
}

std::string Entry(const std::string& name, int begin, int end) {
  return "\"" + name + "\":{\"dtype\":\"U8\",\"shape\":[" + std::to_string(end - begin) +
         "],\"data_offsets\":[" + std::to_string(begin) + "," + std::to_string(end) + "]}";
}

TEST(SafetensorsTest, ReadsTensorsInAnyOrderAndAtAnyOffset) {
  const std::string file = File("{" + Entry("b", 3, 5) + "," + Entry("a", 0, 3) + "}", "abcde");
  const auto tensors = ParseSafetensors(std::as_bytes(std::span(file)));
  ASSERT_TRUE(tensors.ok()) << tensors.status();
  ASSERT_EQ(tensors->size(), 2U);
  EXPECT_EQ(std::to_integer<char>(tensors->at("a").data[0]), 'a');
  EXPECT_EQ(std::to_integer<char>(tensors->at("b").data[1]), 'e');
  // The view points into the file: nothing was copied.
  EXPECT_EQ(static_cast<const void*>(tensors->at("b").data.data()),
            static_cast<const void*>(file.data() + file.size() - 2));
}

TEST(SafetensorsTest, ErrorsNameTheTensorAndTheRule) {
  EXPECT_THAT(ErrorOf("abc"), HasSubstr("3 bytes are too short"));
  EXPECT_THAT(
      ErrorOf(File("{" + Entry("first", 0, 3) + "," + Entry("second", 2, 5) + "}", "abcde")),
      HasSubstr("tensor \"second\": begins at byte 2"));
  EXPECT_THAT(ErrorOf(File("{" + Entry("w", 0, 9) + "}", "abc")),
              HasSubstr("tensor \"w\": ends at byte 9, but the file holds 3"));
  EXPECT_THAT(ErrorOf(File("{" + Entry("w", 0, 2) + "}", "abc")), HasSubstr("1 bytes follow"));
  EXPECT_THAT(ErrorOf(File("{" + Entry("w", 0, 1) + "," + Entry("w", 1, 2) + "}", "ab")),
              HasSubstr("\"w\" is given twice"));
  EXPECT_THAT(ErrorOf(File(R"({"w":{"dtype":"F4","shape":[],"data_offsets":[0,1]}})", "a")),
              HasSubstr("dtype \"F4\" is not read here"));
}

TEST(SafetensorsTest, WritesWhatItReadsWithTheLargestElementsFirst) {
  const TempFolder folder;
  const std::string doubles(16, 'd');
  const std::string halves(6, 'h');
  TensorMap tensors;
  tensors["a.half"] = {DType::kBF16, {3, 1}, std::as_bytes(std::span(halves))};
  tensors["b.double"] = {DType::kF64, {2}, std::as_bytes(std::span(doubles))};
  tensors["c.empty"] = {DType::kF32, {0, 7}, {}};
  const auto path = folder.path() / "model.safetensors";
  ASSERT_TRUE(WriteSafetensors(tensors, path).ok());

  const auto text = ReadFile(path, 4096);
  ASSERT_TRUE(text.ok());
  EXPECT_THAT(*text, HasSubstr(R"({"__metadata__":{"format":"pt"},"b.double":)"));
  std::uint64_t length = 0;
  std::memcpy(&length, text->data(), sizeof length);
  EXPECT_EQ(length % 8, 0U);
  EXPECT_EQ(text->size(), 8 + length + 22);

  const auto file = MappedFile::Open(path);
  ASSERT_TRUE(file.ok());
  const auto again = ParseSafetensors(file->bytes());
  ASSERT_TRUE(again.ok()) << again.status();
  ASSERT_EQ(again->size(), 3U);
  EXPECT_EQ(again->at("a.half").shape, (std::vector<std::int64_t>{3, 1}));
  EXPECT_EQ(again->at("a.half").dtype, DType::kBF16);
  EXPECT_EQ(std::memcmp(again->at("a.half").data.data(), halves.data(), 6), 0);
  EXPECT_EQ(again->at("c.empty").data.size(), 0U);
}

TEST(SafetensorsTest, RefusesToWriteOverAFileOrAWrongSize) {
  const TempFolder folder;
  const auto path = folder.path() / "model.safetensors";
  ASSERT_TRUE(WriteSafetensors({}, path).ok());
  EXPECT_EQ(WriteSafetensors({}, path).code(), absl::StatusCode::kInternal);
  const std::string bytes(3, 'x');
  const TensorMap wrong = {{"w", {DType::kF32, {1}, std::as_bytes(std::span(bytes))}}};
  EXPECT_THAT(std::string(WriteSafetensors(wrong, folder.path() / "b").message()),
              HasSubstr("has 3 bytes of data, its shape [1] needs 4"));
}

}  // namespace
}  // namespace guichet
