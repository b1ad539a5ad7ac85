#include <algorithm>
#include <filesystem>
#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/json_file.h"
#include "tests/support/small_generator.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_archive.h"
#include "tests/unit/cli/guichet_command.h"

// guichet generate as a process, on the golden generator.

namespace guichet {
namespace {

namespace fs = std::filesystem;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using Rows = std::vector<std::vector<int>>;

const fs::path kTokenizer =
    fs::path(GUICHET_SOURCE_DIR) / "examples/barthez/sentencepiece.bpe.model";

fs::path Golden() { return UnpackedArchives::Instance().Get("goldens/tiny_generator.tar.xz"); }

Rows WithoutPadding(const nlohmann::json& rows) {
  auto stripped = rows.get<Rows>();
  for (auto& row : stripped) {
    while (row.back() == 1) row.pop_back();
  }
  return stripped;
}

std::string LinesOf(const Rows& rows) {
  std::string lines;
  for (const auto& row : rows) lines += nlohmann::json(row).dump() + "\n";
  return lines;
}

// One sentence on stderr, nothing on stdout.
void ExpectRefusal(const ProgramRun& run, const std::string& words) {
  EXPECT_EQ(run.exit_code, 1) << run.err;
  EXPECT_THAT(run.out, IsEmpty());
  EXPECT_THAT(run.err, HasSubstr(words));
  EXPECT_THAT(run.Lines(), IsEmpty());
  EXPECT_EQ(std::ranges::count(run.err, '\n'), 1) << run.err;
}

TEST(GenerateCommandTest, GivesTheGoldenSequencesInInputOrder) {
  const auto goldens = ReadJsonFile(Golden() / "goldens.json");
  for (const auto& golden : goldens.at("cases")) {
    const std::string name = golden.at("name");
    if (name != "beam4_return_4_batch" && name != "config_defaults") continue;
    SCOPED_TRACE(name);
    const Rows sequences = WithoutPadding(golden.at("sequences"));
    const std::size_t each = name == "config_defaults" ? 1 : 4;
    // --batch-tokens: every text alone, in pairs, all in one.
    for (const char* batch_tokens : {"1", "240", "100000"}) {
      const ProgramRun run =
          Guichet({"generate", "--model", (Golden() / "model").string(), "--ids", "--max-length",
                   "24", "--num-return-sequences", std::to_string(each), "--batch-tokens",
                   batch_tokens, "--device", "cpu", "-"},
                  LinesOf(WithoutPadding(golden.at("input_ids"))));
      ASSERT_EQ(run.exit_code, 0) << run.err;
      EXPECT_THAT(run.err, IsEmpty());
      const auto lines = ParseLines(run);
      ASSERT_THAT(lines, SizeIs(sequences.size() / each));
      for (std::size_t i = 0; i < sequences.size(); ++i) {
        const auto& one = lines[i / each]["sequences"][i % each];
        EXPECT_THAT(KeysOf(lines[i / each]), ElementsAre("sequences"));
        EXPECT_THAT(KeysOf(one), ElementsAre("ids", "score"));  // it has no tokenizer
        EXPECT_EQ(one["ids"].get<std::vector<int>>(), sequences[i]);
        EXPECT_NEAR(one["score"].get<double>(), golden.at("sequences_scores")[i].get<double>(),
                    1e-4);
      }
    }
  }
}

TEST(GenerateCommandTest, EveryOptionReachesTheSearch) {
  const std::string model = (Golden() / "model").string();
  const std::string input = "[0,120,6,61,24,55,33,17,123,11,53,2]\n[0,74,56,65,102,99,156,186,2]\n";
  const auto run = [&](std::vector<std::string> options) {
    options.insert(options.begin(), {"generate", "--model", model, "--ids", "--device", "cpu"});
    options.emplace_back("-");
    const ProgramRun result = Guichet(options, input);
    EXPECT_EQ(result.exit_code, 0) << result.err;
    return result.out;
  };
  const std::vector<std::string> greedy = {"--num-beams", "1", "--no-repeat-ngram-size", "0"};
  const auto with = [&](std::vector<std::string> more) {
    std::vector<std::string> options = greedy;
    options.insert(options.end(), more.begin(), more.end());
    return run(options);
  };
  const std::string plain = with({});
  EXPECT_NE(run({}), plain);
  EXPECT_NE(with({"--max-length", "5"}), plain);
  EXPECT_NE(with({"--min-length", "19"}), plain);
  EXPECT_NE(run({"--num-beams", "1", "--no-repeat-ngram-size", "1"}), plain);
  EXPECT_NE(with({"--repetition-penalty", "1.5"}), plain);
  EXPECT_NE(run({"--length-penalty", "0"}), run({}));
  EXPECT_NE(run({"--early-stopping", "never", "--length-penalty", "2"}),
            run({"--early-stopping", "true", "--length-penalty", "2"}));
  const std::string sample = with({"--do-sample", "--seed", "1"});
  EXPECT_NE(sample, plain);
  EXPECT_EQ(sample, with({"--do-sample", "--seed", "1"}));
  EXPECT_NE(sample, with({"--do-sample", "--seed", "2"}));
  EXPECT_EQ(sample, with({"--do-sample", "--seed", "1", "--batch-tokens", "1"}));
  EXPECT_NE(sample, with({"--do-sample", "--seed", "1", "--temperature", "5"}));
  EXPECT_EQ(with({"--do-sample", "--top-k", "1"}), plain);
  EXPECT_EQ(with({"--do-sample", "--top-k", "0", "--top-p", "0.0001"}), plain);
}

TEST(GenerateCommandTest, RefusesFoldersThatAreNoGenerator) {
  const TempFolder folder;
  ExpectRefusal(Guichet({"generate", "--model", "/nowhere", "-"}, "x\n"), "/nowhere is no folder");
  ExpectRefusal(Guichet({"generate", "--model", folder.path().string(), "-"}, "x\n"),
                "config.json");
  const fs::path model = folder.path() / "model";
  fs::copy(Golden() / "model", model);
  ExpectRefusal(Guichet({"generate", "--model", model.string(), "-"}, "bonjour\n"),
                "has no tokenizer");
  fs::copy(kTokenizer, model);
  ExpectRefusal(Guichet({"generate", "--model", model.string(), "-"}, "bonjour\n"),
                "vocab_size is 200, but the tokenizer beside it has 50002");
  std::ofstream(model / "config.json") << R"({"model_type":"t5","vocab_size":200})";
  ExpectRefusal(Guichet({"generate", "--model", model.string(), "-"}, "bonjour\n"),
                "model_type is \"t5\"; expected \"mbart\"");
  fs::remove(model / "sentencepiece.bpe.model");
  auto config = ReadJsonFile(Golden() / "model/config.json");
  config["vocab_size"] = 201;
  std::ofstream(model / "config.json") << config;
  ExpectRefusal(Guichet({"generate", "--model", model.string(), "--ids", "-"}, "[0,5,2]\n"),
                "has shape [200, 32]");
  const fs::path classifier =
      UnpackedArchives::Instance().Get("goldens/tiny_classifier.tar.xz") / "safetensors";
  ExpectRefusal(Guichet({"generate", "--model", classifier.string(), "--ids", "-"}, "[0,5,2]\n"),
                "no language-model head but a classifier's");
}

TEST(GenerateCommandTest, RefusesOptionsBeyondTheModel) {
  const std::string model = (Golden() / "model").string();
  ExpectRefusal(
      Guichet({"generate", "--model", model, "--ids", "--max-length", "129", "-"}, "[5]\n"),
      "max_length is 129; give 2 to 128");
  ExpectRefusal(
      Guichet({"generate", "--model", model, "--ids", "--num-return-sequences", "5", "-"}, "[5]\n"),
      "more than the 4 beams");
}

TEST(GenerateCommandTest, AWrongLineIsNamedAndNothingIsWritten) {
  const std::string model = (Golden() / "model").string();
  std::string long_row = "[5";
  for (int i = 0; i < 200; ++i) long_row += ",5";
  for (const auto& [line, words] : std::vector<std::pair<std::string, std::string>>{
           {"nonsense", "line 2: not a JSON array of token ids"},
           {"[]", "line 2: not a JSON array of token ids"},
           {"[0,200,2]", "line 2: 200 is no token id of the model; give numbers from 0 to 199"},
           {long_row + "]", "line 2: 201 token ids, and the model has 128 positions"}}) {
    ExpectRefusal(
        Guichet({"generate", "--model", model, "--ids", "-"}, "[0,5,2]\n" + line + "\n[0,6,2]\n"),
        words);
  }
}

// A model of the real vocabulary, to read and write text.
class GenerateTextTest : public testing::Test {
 protected:
  void SetUp() override { WriteSmallGenerator(model_); }

  ProgramRun Run(std::vector<std::string> options, const std::string& input) const {
    options.insert(options.begin(), {"generate", "--model", model_.string(), "--device", "cpu"});
    options.emplace_back("-");
    return Guichet(options, input);
  }

  const TempFolder folder_;
  const fs::path model_ = folder_.path() / "model";
};

TEST_F(GenerateTextTest, TextIsThatOfTheIds) {
  const ProgramRun run = Run({"--num-beams", "2", "--num-return-sequences", "2"},
                             "Mon imprimante ne répond plus\nVPN coupé\n");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto lines = ParseLines(run);
  ASSERT_THAT(lines, SizeIs(2));
  std::string ids;
  std::vector<std::string> texts;
  for (const auto& line : lines) {
    ASSERT_THAT(line["sequences"], SizeIs(2));
    for (const auto& sequence : line["sequences"]) {
      EXPECT_THAT(KeysOf(sequence), ElementsAre("ids", "text", "score"));
      EXPECT_EQ(sequence["ids"][0], 2);
      EXPECT_LE(sequence["ids"].size(), 20U);
      ids += sequence["ids"].dump() + "\n";
      texts.push_back(sequence["text"]);
    }
  }
  const ProgramRun detokenized =
      Guichet({"detokenize", "--model", model_.string(), "--no-clean-up", "-"}, ids);
  ASSERT_EQ(detokenized.exit_code, 0) << detokenized.err;
  const auto back = ParseLines(detokenized);
  ASSERT_THAT(back, SizeIs(texts.size()));
  for (std::size_t i = 0; i < texts.size(); ++i) EXPECT_EQ(back[i]["text"], texts[i]);
}

TEST_F(GenerateTextTest, AMaskInTheTextIsTheMask) {
  const ProgramRun text = Run({}, "Paris est la<mask> de la France.\n");
  const ProgramRun ids = Run({"--ids"}, "[0,1157,109,28,50001,10,28,678,49922,2]\n");
  const ProgramRun none = Run({"--ids"}, "[0,1157,109,28,10,28,678,49922,2]\n");
  ASSERT_EQ(text.exit_code, 0) << text.err;
  EXPECT_EQ(text.out, ids.out);
  EXPECT_NE(text.out, none.out);
}

TEST_F(GenerateTextTest, FillsMasksWithTheLikeliestTokens) {
  const ProgramRun run = Run({"--fill-mask", "3"}, "Paris est la<mask> de la<mask>.\nsans\n");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto lines = ParseLines(run);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(lines[1]["masks"], IsEmpty());
  ASSERT_THAT(lines[0]["masks"], SizeIs(2));
  EXPECT_EQ(lines[0]["masks"][0]["position"], 4);
  EXPECT_EQ(lines[0]["masks"][1]["position"], 7);
  for (const auto& mask : lines[0]["masks"]) {
    ASSERT_THAT(mask["tokens"], SizeIs(3));
    EXPECT_THAT(KeysOf(mask["tokens"][0]), ElementsAre("id", "text", "score"));
    EXPECT_GE(mask["tokens"][0]["score"], mask["tokens"][2]["score"]);
  }
}

TEST_F(GenerateTextTest, TicketsKeepTheirIds) {
  const ProgramRun run =
      Run({"--input", "jsonl"}, "{\"id\":\"T1\",\"subject\":\"VPN\",\"body\":\"coupé\"}\n");
  ASSERT_EQ(run.exit_code, 0) << run.err;
  EXPECT_EQ(ParseLines(run)[0]["id"], "T1");
  const ProgramRun csv = Run({"--input", "csv"}, "subject,body\nVPN,coupé\n");
  ASSERT_EQ(csv.exit_code, 0) << csv.err;
  EXPECT_EQ(ParseLines(csv)[0]["sequences"], ParseLines(run)[0]["sequences"]);
}

TEST_F(GenerateTextTest, ATextThatCannotBeReadIsNamedAndNothingIsWritten) {
  std::string long_text;
  for (int i = 0; i < 5000; ++i) long_text += "Paris ";
  ExpectRefusal(Run({}, "bonjour\n" + long_text + "\n"), "line 2: the text has 500");
  ExpectRefusal(Run({}, long_text + "\n"), "tokens and the model 1024 positions; shorten");
  ExpectRefusal(Run({}, "bonjour\n \n"), "line 2: the text is empty; leave such texts out");
  ExpectRefusal(Run({}, "\n"), "line 1: the text is empty");
  ExpectRefusal(Run({}, "bien\n\xFF\xFE\n"), "line 2");
}

TEST(GenerateCommandTest, WrongUsageIsTwo) {
  for (const std::vector<std::string>& options :
       std::vector<std::vector<std::string>>{{},
                                             {"--model", "x", "--num-beams", "0"},
                                             {"--model", "x", "--early-stopping", "always"},
                                             {"--model", "x", "--temperature", "0"},
                                             {"--model", "x", "--top-p", "1.5"},
                                             {"--model", "x", "--device", "gpu"}}) {
    std::vector<std::string> words = {"generate", "-"};
    words.insert(words.end(), options.begin(), options.end());
    const ProgramRun run = Guichet(words);
    EXPECT_EQ(run.exit_code, 2) << testing::PrintToString(words);
    EXPECT_THAT(run.out, IsEmpty());
  }
}

}  // namespace
}  // namespace guichet
