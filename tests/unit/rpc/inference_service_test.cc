#include <cstring>
#include <string>

#include "inference/open_inference.grpc.pb.h"
#include "tests/unit/rpc/rpc_server_fixture.h"

namespace guichet {
namespace {

using inference::ModelInferRequest;
using inference::ModelInferResponse;

class InferenceServiceTest : public RpcServerTest {
 protected:
  void SetUp() override {
    StartServer();
    inference_ = inference::GRPCInferenceService::NewStub(channel_);
  }

  static ModelInferRequest RequestOfTexts(const std::vector<std::string>& texts, bool raw) {
    ModelInferRequest request;
    request.set_model_name("fake");
    request.set_id("request-7");
    auto* input = request.add_inputs();
    input->set_name("text");
    input->set_datatype("BYTES");
    input->add_shape(static_cast<std::int64_t>(texts.size()));
    std::string bytes;
    for (const std::string& text : texts) {
      if (!raw) input->mutable_contents()->add_bytes_contents(text);
      bytes.push_back(static_cast<char>(text.size()));
      bytes.append(3, '\0').append(text);
    }
    if (raw) request.add_raw_input_contents(bytes);
    return request;
  }

  grpc::Status Infer(const ModelInferRequest& request, ModelInferResponse* response) {
    grpc::ClientContext context;
    SetDeadline(context);
    return inference_->ModelInfer(&context, request, response);
  }

  std::unique_ptr<inference::GRPCInferenceService::Stub> inference_;
};

TEST_F(InferenceServiceTest, RawInRawOut) {
  ModelInferResponse response;
  const grpc::Status status = Infer(RequestOfTexts({"x", "abc"}, true), &response);
  ASSERT_TRUE(status.ok()) << status.error_message();
  EXPECT_EQ(response.id(), "request-7");
  EXPECT_EQ(response.model_name(), "fake");
  EXPECT_EQ(response.model_version(), "1");
  ASSERT_EQ(response.outputs_size(), 2);
  EXPECT_EQ(response.outputs(0).name(), "label");
  EXPECT_EQ(response.outputs(0).shape(0), 2);
  ASSERT_EQ(response.raw_output_contents_size(), 2);
  EXPECT_EQ(response.raw_output_contents(0), std::string("\6\0\0\0length\6\0\0\0length", 20));
  float scores[2];
  ASSERT_EQ(response.raw_output_contents(1).size(), sizeof(scores));
  std::memcpy(scores, response.raw_output_contents(1).data(), sizeof(scores));
  EXPECT_GT(scores[0], 0.8F);
  EXPECT_GT(scores[1], scores[0]);
}

TEST_F(InferenceServiceTest, ContentsInContentsOut) {
  ModelInferResponse response;
  ASSERT_TRUE(Infer(RequestOfTexts({"x"}, false), &response).ok());
  EXPECT_EQ(response.raw_output_contents_size(), 0);
  EXPECT_EQ(response.outputs(0).contents().bytes_contents(0), "length");
  EXPECT_GT(response.outputs(1).contents().fp32_contents(0), 0.8F);
}

TEST_F(InferenceServiceTest, AllLabelsWhenAskedFor) {
  ModelInferRequest request = RequestOfTexts({"x", "y"}, false);
  for (const char* name : {"scores", "labels", "abstained"}) request.add_outputs()->set_name(name);
  (*request.mutable_parameters())["top_k"].set_int64_param(2);
  ModelInferResponse response;
  ASSERT_TRUE(Infer(request, &response).ok());
  ASSERT_EQ(response.outputs_size(), 3);
  EXPECT_EQ(response.outputs(0).name(), "scores");
  EXPECT_EQ(response.outputs(0).shape(0), 2);
  EXPECT_EQ(response.outputs(0).shape(1), 2);
  EXPECT_EQ(response.outputs(0).contents().fp32_contents_size(), 4);
  EXPECT_EQ(response.outputs(1).contents().bytes_contents(0), "length");
  EXPECT_EQ(response.outputs(1).contents().bytes_contents(1), "version");
  EXPECT_EQ(response.outputs(2).contents().bool_contents_size(), 2);
}

TEST_F(InferenceServiceTest, OneBadTextFailsTheCall) {
  ModelInferResponse response;
  const grpc::Status status = Infer(RequestOfTexts({"x", " ", "y"}, true), &response);
  EXPECT_EQ(status.error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  EXPECT_EQ(DetailOf<google::rpc::BadRequest>(status)->field_violations(0).field(), "inputs[0][1]");
  EXPECT_TRUE(classifier_->calls().empty());
}

TEST_F(InferenceServiceTest, RefusesWhatItCannotDo) {
  ModelInferResponse response;
  ModelInferRequest request = RequestOfTexts({"x"}, true);
  request.set_model_name("autre");
  EXPECT_EQ(Infer(request, &response).error_code(), grpc::StatusCode::NOT_FOUND);
  request = RequestOfTexts({"x"}, true);
  request.set_model_version("latest");
  EXPECT_EQ(Infer(request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request = RequestOfTexts({"x"}, true);
  request.add_outputs()->set_name("logits");
  EXPECT_EQ(Infer(request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request = RequestOfTexts({"x"}, true);
  auto* output = request.add_outputs();
  output->set_name("label");
  (*output->mutable_parameters())["classification"].set_int64_param(3);
  EXPECT_EQ(Infer(request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
  request = RequestOfTexts({"x"}, true);
  (*request.mutable_parameters())["top_k"].set_string_param("2");
  EXPECT_EQ(Infer(request, &response).error_code(), grpc::StatusCode::INVALID_ARGUMENT);
}

TEST_F(InferenceServiceTest, TellsWhetherItLivesAndIsReady) {
  grpc::ClientContext live_context;
  inference::ServerLiveResponse live;
  ASSERT_TRUE(inference_->ServerLive(&live_context, {}, &live).ok());
  EXPECT_TRUE(live.live());
  grpc::ClientContext ready_context;
  inference::ServerReadyResponse ready;
  ASSERT_TRUE(inference_->ServerReady(&ready_context, {}, &ready).ok());
  EXPECT_TRUE(ready.ready());
  for (const auto& [name, version, expected] :
       {std::tuple("fake", "", true), std::tuple("fake", "1", true), std::tuple("fake", "9", false),
        std::tuple("autre", "", false)}) {
    grpc::ClientContext context;
    inference::ModelReadyRequest request;
    request.set_name(name);
    request.set_version(version);
    inference::ModelReadyResponse response;
    ASSERT_TRUE(inference_->ModelReady(&context, request, &response).ok());
    EXPECT_EQ(response.ready(), expected) << name << " " << version;
  }
}

TEST_F(InferenceServiceTest, DescribesServerAndModel) {
  grpc::ClientContext server_context;
  inference::ServerMetadataResponse server;
  ASSERT_TRUE(inference_->ServerMetadata(&server_context, {}, &server).ok());
  EXPECT_EQ(server.name(), "guichet");
  EXPECT_EQ(server.version(), "1.2.3");
  grpc::ClientContext model_context;
  inference::ModelMetadataRequest request;
  request.set_name("fake");
  inference::ModelMetadataResponse model;
  ASSERT_TRUE(inference_->ModelMetadata(&model_context, request, &model).ok());
  EXPECT_EQ(model.versions(0), "1");
  EXPECT_EQ(model.inputs(0).datatype(), "BYTES");
  ASSERT_EQ(model.outputs_size(), 7);
  EXPECT_EQ(model.outputs(3).shape(1), 3);
  request.set_name("autre");
  grpc::ClientContext other_context;
  EXPECT_EQ(inference_->ModelMetadata(&other_context, request, &model).error_code(),
            grpc::StatusCode::NOT_FOUND);
}

}  // namespace
}  // namespace guichet
