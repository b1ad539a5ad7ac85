#include "server/rpc/inference_tensors.h"

#include <string>

#include <gtest/gtest.h>

namespace guichet {
namespace {

using inference::ModelInferRequest;

ModelInferRequest RequestFor(std::vector<std::int64_t> shape) {
  ModelInferRequest request;
  auto* input = request.add_inputs();
  input->set_name("text");
  input->set_datatype("BYTES");
  for (const std::int64_t size : shape) input->add_shape(size);
  return request;
}

std::string RefusalOf(const ModelInferRequest& request) {
  std::vector<std::string_view> texts;
  const std::optional<CallError> error = ReadTextTensor(request, &texts);
  if (!error.has_value()) return "accepted";
  EXPECT_EQ(error->code, absl::StatusCode::kInvalidArgument);
  return error->violations.at(0).field;
}

TEST(InferenceTensorsTest, ReadsRawElements) {
  for (const auto& shape : {std::vector<std::int64_t>{3}, std::vector<std::int64_t>{3, 1}}) {
    ModelInferRequest request = RequestFor(shape);
    request.add_raw_input_contents(std::string("\3\0\0\0abc\0\0\0\0\2\0\0\0\xc3\xa9", 17));
    std::vector<std::string_view> texts;
    ASSERT_FALSE(ReadTextTensor(request, &texts).has_value());
    EXPECT_EQ(texts, (std::vector<std::string_view>{"abc", "", "é"}));
  }
}

TEST(InferenceTensorsTest, ReadsTypedContents) {
  ModelInferRequest request = RequestFor({2});
  request.mutable_inputs(0)->mutable_contents()->add_bytes_contents("un");
  request.mutable_inputs(0)->mutable_contents()->add_bytes_contents("deux");
  std::vector<std::string_view> texts;
  ASSERT_FALSE(ReadTextTensor(request, &texts).has_value());
  EXPECT_EQ(texts, (std::vector<std::string_view>{"un", "deux"}));
}

TEST(InferenceTensorsTest, RefusesLengthsThatDoNotFit) {
  for (const std::string& raw :
       {std::string("\4\0\0\0abc", 7), std::string("\1\0\0", 3), std::string("\xff\xff\xff\xff", 4),
        std::string("\1\0\0\0a\1", 6)}) {
    ModelInferRequest request = RequestFor({1});
    request.add_raw_input_contents(raw);
    EXPECT_EQ(RefusalOf(request), "raw_input_contents[0]");
  }
}

TEST(InferenceTensorsTest, RefusesWhatIsNotOneTextTensor) {
  EXPECT_EQ(RefusalOf(ModelInferRequest()), "inputs");
  ModelInferRequest other_name = RequestFor({0});
  other_name.mutable_inputs(0)->set_name("input_ids");
  EXPECT_EQ(RefusalOf(other_name), "inputs");
  ModelInferRequest other_type = RequestFor({0});
  other_type.mutable_inputs(0)->set_datatype("INT64");
  EXPECT_EQ(RefusalOf(other_type), "inputs[0].datatype");
  for (const auto& shape : {std::vector<std::int64_t>{}, std::vector<std::int64_t>{1, 2},
                            std::vector<std::int64_t>{-1}, std::vector<std::int64_t>{1, 1, 1}}) {
    EXPECT_EQ(RefusalOf(RequestFor(shape)), "inputs[0].shape");
  }
}

TEST(InferenceTensorsTest, RefusesShapesThatDisagreeWithTheContents) {
  ModelInferRequest request = RequestFor({2});
  request.add_raw_input_contents(std::string("\1\0\0\0a", 5));
  EXPECT_EQ(RefusalOf(request), "inputs[0].shape");
  request.add_raw_input_contents("");
  EXPECT_EQ(RefusalOf(request), "raw_input_contents");
  ModelInferRequest both = RequestFor({1});
  both.add_raw_input_contents(std::string("\1\0\0\0a", 5));
  both.mutable_inputs(0)->mutable_contents()->add_bytes_contents("a");
  EXPECT_EQ(RefusalOf(both), "inputs[0].contents");
}

TEST(InferenceTensorsTest, WritesRawElementsWithTheirLengths) {
  inference::ModelInferResponse response;
  TensorWriter writer(&response, true);
  writer.AddBytes("label", {2}, {"ab", ""});
  writer.AddFloats("score", {2}, {1.0F, -2.0F});
  writer.AddBools("abstained", {2}, {true, false});
  ASSERT_EQ(response.raw_output_contents_size(), 3);
  EXPECT_EQ(response.raw_output_contents(0), std::string("\2\0\0\0ab\0\0\0\0", 10));
  EXPECT_EQ(response.raw_output_contents(1), std::string("\0\0\x80\x3f\0\0\0\xc0", 8));
  EXPECT_EQ(response.raw_output_contents(2), std::string("\1\0", 2));
  EXPECT_FALSE(response.outputs(0).has_contents());
  EXPECT_EQ(response.outputs(1).datatype(), "FP32");
}

}  // namespace
}  // namespace guichet
