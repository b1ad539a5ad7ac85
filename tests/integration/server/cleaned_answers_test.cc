#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <memory>
#include <string>
#include <vector>

#include <grpcpp/create_channel.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include "guichet/v1/classification.grpc.pb.h"
#include "inference/open_inference.grpc.pb.h"
#include "model/cleaning/text_cleaner.h"
#include "tests/integration/server/server_process.h"
#include "tests/support/json_file.h"
#include "tests/support/run_program.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;

// Every way to an answer cleans as the bundle says: the three calls of the server and `guichet
// predict` read of dirty texts what a bundle without cleaning reads of clean ones.
class CleanedAnswersTest : public ::testing::Test {
 protected:
  CleanedAnswersTest() {
    fs::copy(GoldenBundle(), folder_.path() / "cleaning");
    auto manifest = ReadJsonFile(GoldenBundle() / "manifest.json");
    nlohmann::json rules = nlohmann::json::array();
    for (const TextCleaningRule& rule : kTextCleaningRules) rules.push_back(rule.name);
    manifest["text_cleaning"] = {{"version", kTextCleaningVersion}, {"rules", rules}};
    std::ofstream(folder_.path() / "cleaning" / "manifest.json") << manifest.dump();
  }

  fs::path cleaning() const { return folder_.path() / "cleaning"; }

  std::string CleanTicket(std::size_t i) const {
    return CleanText(subjects_[i] + ("\n" + bodies_[i]), TextCleaningOptions::All());
  }

  // Best scores as `guichet predict` prints them.
  std::vector<double> Predicted(const fs::path& bundle, bool clean) const {
    std::string lines;
    for (std::size_t i = 0; i < subjects_.size(); ++i) {
      lines += (clean ? nlohmann::json{{"body", CleanTicket(i)}}
                      : nlohmann::json{{"subject", subjects_[i]}, {"body", bodies_[i]}})
                   .dump() +
               "\n";
    }
    const ProgramRun run = RunProgram(
        {GUICHET_PROGRAM, "predict", "--bundle", bundle.string(), "--input", "jsonl", "-"}, lines);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    std::vector<double> scores;
    for (const std::string& line : run.Lines()) {
      scores.push_back(nlohmann::json::parse(line)["score"].get<double>());
    }
    return scores;
  }

  void Fill(std::size_t i, v1::Ticket& ticket) const {
    ticket.set_id(std::to_string(i));
    ticket.set_subject(subjects_[i]);
    ticket.set_body(bodies_[i]);
  }

  std::vector<double> Classified(const std::shared_ptr<grpc::Channel>& channel) const {
    v1::ClassifyRequest request;
    for (std::size_t i = 0; i < subjects_.size(); ++i) Fill(i, *request.add_tickets());
    grpc::ClientContext context;
    v1::ClassifyResponse response;
    EXPECT_TRUE(v1::Classification::NewStub(channel)->Classify(&context, request, &response).ok());
    std::vector<double> scores;
    for (const auto& result : response.results()) {
      scores.push_back(static_cast<double>(result.scores(0).score()));
    }
    return scores;
  }

  std::vector<double> Streamed(const std::shared_ptr<grpc::Channel>& channel) const {
    grpc::ClientContext context;
    const auto stream = v1::Classification::NewStub(channel)->StreamClassify(&context);
    for (std::size_t i = 0; i < subjects_.size(); ++i) {
      v1::StreamClassifyRequest request;
      Fill(i, *request.mutable_ticket());
      stream->Write(request);
    }
    stream->WritesDone();
    std::vector<double> scores(subjects_.size());
    for (v1::StreamClassifyResponse response; stream->Read(&response);) {
      scores.at(std::stoul(response.result().id())) =
          static_cast<double>(response.result().scores(0).score());
    }
    EXPECT_TRUE(stream->Finish().ok());
    return scores;
  }

  std::vector<double> Inferred(const std::shared_ptr<grpc::Channel>& channel) const {
    inference::ModelInferRequest request;
    auto* input = request.add_inputs();
    input->set_name("text");
    input->set_datatype("BYTES");
    input->add_shape(static_cast<std::int64_t>(subjects_.size()));
    input->add_shape(1);
    for (std::size_t i = 0; i < subjects_.size(); ++i) {
      input->mutable_contents()->add_bytes_contents(subjects_[i] + "\n" + bodies_[i]);
    }
    request.add_outputs()->set_name("score");
    grpc::ClientContext context;
    inference::ModelInferResponse response;
    EXPECT_TRUE(inference::GRPCInferenceService::NewStub(channel)
                    ->ModelInfer(&context, request, &response)
                    .ok());
    std::vector<double> scores;
    for (const float score : response.outputs(0).contents().fp32_contents()) {
      scores.push_back(static_cast<double>(score));
    }
    return scores;
  }

  const TempFolder folder_;
  const std::vector<std::string> subjects_ = {"PB_VPN", "RE: MOT DE PASSE OUBLIÃ‰", "Écran"};
  const std::vector<std::string> bodies_ = {
      "<p>Le VPN est HS depuis lundi matin.</p><p>Cordialement</p><p>Jean</p>",
      "Mon\u00A0mdp ne marche plus, svp\n> Bonjour\n> oui",
      "Il est noir depuis la mise à jour.\n\n-----Message d'origine-----\nDe : x"};
};

void ExpectNear(const std::vector<double>& actual, const std::vector<double>& expected) {
  ASSERT_EQ(actual.size(), expected.size());
  for (std::size_t i = 0; i < actual.size(); ++i) EXPECT_NEAR(actual[i], expected[i], 1e-5) << i;
}

TEST_F(CleanedAnswersTest, ServedIsPredictedIsClean) {
  const std::vector<double> clean = Predicted(GoldenBundle(), /*clean=*/true);
  ExpectNear(Predicted(cleaning(), /*clean=*/false), clean);
  // Without cleaning these texts are others to the model.
  EXPECT_NE(Predicted(GoldenBundle(), /*clean=*/false), clean);

  const ServerProcess server(cleaning());
  const auto channel = grpc::CreateChannel(server.target(), grpc::InsecureChannelCredentials());
  ExpectNear(Classified(channel), clean);
  ExpectNear(Streamed(channel), clean);
  ExpectNear(Inferred(channel), clean);
}

}  // namespace
}  // namespace guichet
