#include <algorithm>
#include <filesystem>
#include <fstream>
#include <map>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/json_file.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_archive.h"
#include "tests/unit/cli/guichet_command.h"

// From a checkpoint folder to predictions, by commands alone.

namespace guichet {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::SizeIs;

bool IsBlank(const std::string& text) { return text.find_first_not_of(' ') == std::string::npos; }

class ModelCommandsTest : public testing::Test {
 protected:
  // The golden classifier with BARThez's tokenizer, imported.
  void SetUp() override {
    golden_ = UnpackedArchives::Instance().Get("goldens/tiny_e2e.tar.xz");
    const fs::path checkpoint = folder_.path() / "checkpoint";
    fs::copy(golden_ / "model", checkpoint);
    fs::copy(fs::path(GUICHET_SOURCE_DIR) / "examples/barthez/sentencepiece.bpe.model", checkpoint);
    bundle_ = (folder_.path() / "bundle").string();
    const ProgramRun run = Guichet({"bundle", "import", checkpoint.string(), "--out", bundle_});
    ASSERT_EQ(run.exit_code, 0) << run.err;
  }

  TempFolder folder_;
  fs::path golden_;
  std::string bundle_;
};

TEST_F(ModelCommandsTest, PredictsTheGoldenLogits) {
  const auto golden = ReadJsonFile(golden_ / "goldens.json");
  std::string texts;
  std::string ids;
  std::vector<nlohmann::json> rows;
  for (const auto& row : golden["rows"]) {
    if (IsBlank(row["text"])) continue;  // no ticket
    rows.push_back(row);
    texts += nlohmann::json{{"id", std::to_string(rows.size())}, {"body", row["text"]}}.dump();
    texts += "\n";
    ids += row["ids"].dump() + "\n";
  }
  const ProgramRun by_text =
      Guichet({"predict", "--bundle", bundle_, "--logits", "--input", "jsonl", "-"}, texts);
  const ProgramRun by_ids =
      Guichet({"predict", "--bundle", bundle_, "--logits", "--ids", "-"}, ids);
  ASSERT_EQ(by_text.exit_code, 0) << by_text.err;
  ASSERT_EQ(by_ids.exit_code, 0) << by_ids.err;
  const auto text_lines = ParseLines(by_text);
  const auto id_lines = ParseLines(by_ids);
  ASSERT_THAT(text_lines, SizeIs(rows.size()));
  ASSERT_THAT(id_lines, SizeIs(rows.size()));
  EXPECT_THAT(KeysOf(text_lines[0]), ElementsAre("id", "label", "score", "scores", "logits",
                                                 "abstained", "tokens", "truncated"));
  for (std::size_t i = 0; i < rows.size(); ++i) {
    EXPECT_EQ(text_lines[i]["id"], std::to_string(i + 1));
    for (const auto* line : {&text_lines[i], &id_lines[i]}) {
      EXPECT_EQ((*line)["label"], rows[i]["label"]) << i;
      EXPECT_EQ((*line)["tokens"], rows[i]["ids"].size()) << i;
      for (std::size_t k = 0; k < rows[i]["logits"].size(); ++k) {
        EXPECT_NEAR((*line)["logits"][k].get<double>(), rows[i]["logits"][k].get<double>(), 1e-4);
      }
    }
  }
}

TEST_F(ModelCommandsTest, AWrongLineStandsInItsPlace) {
  const ProgramRun run = Guichet({"predict", "--bundle", bundle_, "--ids", "-"},
                                 "[0,5,2]\n[]\n[0,999999,2]\n[0,6,2]\n");
  EXPECT_EQ(run.exit_code, 1);
  const auto lines = ParseLines(run);
  ASSERT_THAT(lines, SizeIs(4));
  EXPECT_TRUE(lines[0].contains("label"));
  EXPECT_EQ(lines[1]["error"]["code"], "INVALID_ARGUMENT");
  EXPECT_EQ(lines[2]["error"]["code"], "INVALID_ARGUMENT");
  EXPECT_TRUE(lines[3].contains("label"));
}

TEST_F(ModelCommandsTest, VerifyNamesTheFileThatChanged) {
  EXPECT_EQ(Guichet({"bundle", "verify", bundle_}).exit_code, 0);
  const ProgramRun show = Guichet({"bundle", "show", bundle_});
  EXPECT_EQ(show.exit_code, 0);
  EXPECT_TRUE(OrderedJsonLine::parse(show.out).contains("labels"));
  std::ofstream(fs::path(bundle_) / "config.json", std::ios::app) << " ";
  const ProgramRun changed = Guichet({"bundle", "verify", bundle_});
  EXPECT_EQ(changed.exit_code, 1);
  EXPECT_THAT(changed.err, HasSubstr("config.json"));
}

TEST_F(ModelCommandsTest, EvaluateReportsOnLabelledTickets) {
  const auto golden = ReadJsonFile(golden_ / "goldens.json");
  std::string tickets;
  for (const auto& row : golden["rows"]) {
    if (IsBlank(row["text"])) continue;
    tickets += nlohmann::json{{"body", row["text"]}, {"label", row["label"]}}.dump() + "\n";
  }
  const ProgramRun run =
      Guichet({"evaluate", "--bundle", bundle_, "--input", "jsonl", "--data", "-"}, tickets);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(OrderedJsonLine::parse(run.out)["accuracy"], 1.0);
  const ProgramRun other =
      Guichet({"evaluate", "--bundle", bundle_, "--input", "jsonl", "--data", "-"},
              R"({"body":"x","label":"no such label"})");
  EXPECT_EQ(other.exit_code, 1);
  EXPECT_THAT(other.err, HasSubstr("no such label"));

  // As many as the gate wants to see.
  const ProgramRun against = Guichet(
      {"evaluate", "--bundle", bundle_, "--against", bundle_, "--input", "jsonl", "--data", "-"},
      tickets + tickets + tickets);
  ASSERT_EQ(against.exit_code, 0) << against.err;
  const OrderedJsonLine report = OrderedJsonLine::parse(against.out);
  EXPECT_EQ(report["accuracy"], 1.0);
  EXPECT_EQ(report["gate"]["verdict"], "PROMOTE");  // a model is no worse than itself
  EXPECT_EQ(report["gate"]["rows"], report["rows"]);
  EXPECT_EQ(report["gate"]["accuracy"]["only_live_right"], 0);
}

// Of labels "imprimante" and "autre" that nothing tells apart, and "réseau", which its words give
// away.
std::string TicketsOfThreeLabels(int rows) {
  std::string tickets;
  for (int i = 0; i < rows; ++i) {
    const int kind = i % 3;
    const std::string text = (kind == 0 ? "le vpn et le wifi sont coupés depuis hier, poste "
                                        : "plus de papier, bourrage à l'étage, dossier ") +
                             std::to_string(7919 * i % 10'007);
    tickets += nlohmann::json{{"id", "T" + std::to_string(i)},
                              {"body", text},
                              {"label", kind == 0   ? "réseau"
                                        : kind == 1 ? "imprimante"
                                                    : "autre"}}
                   .dump() +
               "\n";
  }
  return tickets;
}

TEST_F(ModelCommandsTest, APromisedPrecisionAbstainsWhereItCannotBeKept) {
  const std::string data = (folder_.path() / "tickets.jsonl").string();
  const std::string trained = (folder_.path() / "trained").string();
  std::ofstream(data) << TicketsOfThreeLabels(360);
  const ProgramRun train = Guichet({"train",   "--data",
                                    data,      "--base",
                                    bundle_,   "--out",
                                    trained,   "--head",
                                    "encoder", "--validation-share",
                                    "0.5",     "--epochs",
                                    "4",       "--learning-rate",
                                    "0.005",   "--batch-size",
                                    "16",      "--device",
                                    "cpu",     "--threads",
                                    "1",       "--promised-precision",
                                    "0.9",     "--quiet"});
  ASSERT_EQ(train.exit_code, 0) << train.err;
  const ProgramRun show = Guichet({"bundle", "show", trained});
  const OrderedJsonLine manifest = OrderedJsonLine::parse(show.out);
  EXPECT_TRUE(manifest["files"].contains("report.html"));
  std::map<std::string, double> thresholds;
  for (std::size_t i = 0; i < manifest["labels"].size(); ++i) {
    thresholds[manifest["labels"][i]] = manifest["thresholds"][i];
  }
  EXPECT_LT(thresholds["réseau"], 1.0);
  EXPECT_GT(thresholds["réseau"], 0.0);
  EXPECT_EQ(std::max(thresholds["imprimante"], thresholds["autre"]), 1.0);

  const ProgramRun predict = Guichet({"predict", "--bundle", trained, "--device", "cpu", data});
  ASSERT_EQ(predict.exit_code, 0) << predict.err;
  int abstained = 0;
  for (const auto& line : ParseLines(predict)) {
    const double threshold = thresholds.at(line["label"].get<std::string>());
    EXPECT_EQ(line["abstained"], threshold >= 1 || line["score"].get<double>() < threshold);
    if (line["abstained"]) ++abstained;
  }
  EXPECT_GE(abstained, 100);
  EXPECT_LE(abstained, 260);

  // The same page from evaluate, beside its JSON.
  const fs::path page = folder_.path() / "page.html";
  const ProgramRun alone =
      Guichet({"evaluate", "--bundle", trained, "--data", data, "--html", page.string()});
  ASSERT_EQ(alone.exit_code, 0) << alone.err;
  const OrderedJsonLine report = OrderedJsonLine::parse(alone.out);
  EXPECT_EQ(report["worst_mistakes"].size(), 20U);
  EXPECT_TRUE(report["worst_mistakes"][0]["id"].get<std::string>().starts_with("T"));
  EXPECT_TRUE(fs::exists(page));
  EXPECT_EQ(Guichet({"train", "--data", data, "--base", bundle_, "--out", trained + "2",
                     "--promised-precision", "1"})
                .exit_code,
            2);
}

TEST_F(ModelCommandsTest, WhatTrainingCleansIsCleanedEverAfter) {
  std::string tickets;
  for (int i = 0; i < 20; ++i) {
    const bool network = i % 2 == 0;
    tickets +=
        nlohmann::json{{"body", (network ? "<p>VPN HS " : "écran noir ") + std::to_string(i)},
                       {"label", network ? "réseau" : "poste"}}
            .dump() +
        "\n";
  }
  const auto train = [&](const std::string& base, const std::string& out, const char* rules) {
    const ProgramRun run =
        Guichet({"train", "--data", "-", "--input", "jsonl", "--base", base, "--out", out,
                 "--clean", rules, "--epochs", "1", "--mode", "head", "--threads", "1"},
                tickets);
    ASSERT_EQ(run.exit_code, 0) << run.err;
  };
  const std::string cleaning = (folder_.path() / "cleaning").string();
  train(bundle_, cleaning, "html,abbreviations");
  const auto manifest = ReadJsonFile(fs::path(cleaning) / "manifest.json");
  EXPECT_EQ(manifest["text_cleaning"],
            (nlohmann::json{{"version", 1}, {"rules", {"html", "abbreviations"}}}));
  const auto shares = ReadJsonFile(fs::path(cleaning) / "report.json")["text_cleaning"];
  EXPECT_NEAR(shares["changed_share_of_training_texts"]["html"].get<double>(), 0.5, 0.1);
  EXPECT_EQ(shares["changed_share_of_training_texts"]["html"],
            shares["changed_share_of_training_texts"]["any"]);

  // Dirty or clean, the model reads the same; a base's rules are not its heir's.
  const auto logits = [&](const std::string& bundle, const char* text) {
    const ProgramRun run = Guichet({"predict", "--bundle", bundle, "--logits", "-"}, text);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return ParseLines(run).at(0)["logits"];
  };
  EXPECT_EQ(logits(cleaning, "<p>le pb du VPN"), logits(cleaning, "le problème du VPN"));
  const std::string raw = (folder_.path() / "raw").string();
  train(cleaning, raw, "none");
  EXPECT_FALSE(ReadJsonFile(fs::path(raw) / "manifest.json").contains("text_cleaning"));
  EXPECT_NE(logits(raw, "<p>le pb du VPN"), logits(raw, "le problème du VPN"));

  // `guichet tokenize` shows what the bundle's model reads.
  const auto ids = [&](const std::string& bundle, const char* text) {
    return ParseLines(Guichet({"tokenize", "--model", bundle, "-"}, text)).at(0)["ids"];
  };
  EXPECT_EQ(ids(cleaning, "<p>le pb du VPN"), ids(raw, "le problème du VPN"));
  EXPECT_NE(ids(raw, "<p>le pb du VPN"), ids(raw, "le problème du VPN"));
}

}  // namespace
}  // namespace guichet
