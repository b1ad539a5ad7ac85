#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/gzip_file.h"
#include "tests/support/shared_data.h"
#include "tests/support/temp_folder.h"
#include "tests/unit/cli/guichet_command.h"

// The commands that work on files, as processes: what scripts rely on.

namespace guichet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;
using testing::StartsWith;

const std::string kTokenizer = std::string(GUICHET_SOURCE_DIR) + "/examples/barthez";

TEST(CommandLineTest, HelpAndVersionSucceed) {
  const ProgramRun help = Guichet({"--help"});
  EXPECT_EQ(help.exit_code, 0);
  for (const char* command :
       {"tokenize", "detokenize", "bundle", "predict", "generate", "train", "evaluate", "data",
        "pull", "classify", "jobs", "models", "health", "bench"}) {
    EXPECT_THAT(help.out, HasSubstr(std::string("\n  ") + command + " "));
    const ProgramRun its_help = Guichet({command, "--help"});
    EXPECT_EQ(its_help.exit_code, 0) << command;
    EXPECT_THAT(its_help.err, IsEmpty());
  }
  const ProgramRun version = Guichet({"--version"});
  EXPECT_EQ(version.exit_code, 0);
  EXPECT_THAT(version.out, StartsWith("guichet 0."));
}

TEST(CommandLineTest, HelpShowsDefaults) {
  EXPECT_THAT(Guichet({"classify", "--help"}).out, HasSubstr("localhost:50051"));
  EXPECT_THAT(Guichet({"classify", "--help"}).out, HasSubstr("GUICHET_SERVER"));
  EXPECT_THAT(Guichet({"bench", "--help"}).out, HasSubstr("=64"));
}

TEST(CommandLineTest, WrongUsageIsTwoAndSilentOnStdout) {
  for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
           {},
           {"nonsense"},
           {"tokenize", "-"},  // no --model
           {"tokenize", "--model", "barthez", "--no-such-option", "-"},
           {"tokenize", "--model", "barthez", "--max-length", "0", "-"},
           {"tokenize", "--model", "barthez", "--input", "xml", "-"},
           {"tokenize", "--compare", "barthez", "-"},  // one model
           {"tokenize", "--compare", "barthez", "barthez", "--model", "barthez", "-"},
           {"tokenize", "--compare", "barthez", "barthez", "--pair", "-"},
           {"data"},
           {"train", "--data", "x", "--out", "y"},  // neither --base nor --scratch
           {"train", "--data", "x", "--out", "y", "--base", "z", "--epochs", "0"},
           {"train", "--data", "x", "--out", "y", "--base", "z", "--learning-rate", "0"},
           {"train", "--data", "x", "--out", "y", "--base", "z", "--mode", "last"},
           {"train", "--data", "x", "--out", "y", "--base", "z", "--clean", "emoji"},
           {"train", "--data", "x", "--out", "y", "--base", "z", "--device", "gpu"},
           {"predict", "--bundle", "x", "--device", "gpu", "-"},
           {"classify", "--timeout", "0", "-"},
           {"bench", "--rate", "5", "--concurrency", "5"}}) {
    const ProgramRun run = Guichet(words);
    EXPECT_EQ(run.exit_code, 2) << testing::PrintToString(words);
    EXPECT_THAT(run.out, IsEmpty());
    EXPECT_FALSE(run.err.empty());
  }
}

TEST(TokenizeTest, ALineForALineInOrder) {
  const ProgramRun run =
      Guichet({"tokenize", "--model", kTokenizer, "-"}, "Paris est la capitale\n\nJe suis\n");
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.err, IsEmpty());
  const auto lines = ParseLines(run);
  ASSERT_THAT(lines, SizeIs(3));
  for (const auto& line : lines) {
    EXPECT_THAT(KeysOf(line), ElementsAre("pieces", "ids", "truncated"));
    EXPECT_EQ(line["ids"].front(), 0);
    EXPECT_EQ(line["ids"].back(), 2);
  }
  EXPECT_EQ(lines[0]["pieces"][0], "▁Paris");
  EXPECT_EQ(lines[0]["ids"][1], 1157);
  EXPECT_THAT(lines[1]["ids"], ElementsAre(0, 2));  // an empty line has its object, too
}

TEST(TokenizeTest, OptionsReachTheTokenizer) {
  const auto line = [](std::vector<std::string> options, const std::string& input) {
    options.insert(options.begin(), {"tokenize", "--model", "barthez"});
    options.emplace_back("-");
    const ProgramRun run = Guichet(options, input);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return ParseLines(run).at(0);
  };
  const std::string text = "Paris est la<mask> de la France.\n";
  EXPECT_EQ(line({}, text)["ids"].dump(), "[0,1157,109,28,50001,10,28,678,49922,2]");
  const auto cut = line({"--max-length", "5"}, text);
  EXPECT_EQ(cut["ids"].dump(), "[0,1157,109,28,2]");
  EXPECT_THAT(cut["pieces"], SizeIs(3));
  EXPECT_EQ(cut["truncated"], true);
  EXPECT_EQ(line({"--no-special-tokens"}, "Paris est\n")["ids"].dump(), "[1157,109]");
  const auto split = line({"--split-special-tokens"}, text);
  for (const auto& id : split["ids"]) EXPECT_NE(id, 50001);
  EXPECT_EQ(line({"--pair"}, "Paris\tParis est\n")["ids"].dump(), "[0,1157,2,2,1157,109,2]");
}

TEST(TokenizeTest, AWrongInputIsNamed) {
  const ProgramRun bad = Guichet({"tokenize", "--model", "barthez", "-"}, "bien\n\xFF\xFE\n");
  EXPECT_EQ(bad.exit_code, 1);
  EXPECT_THAT(bad.out, HasSubstr("\"pieces\""));  // what was good before it
  EXPECT_THAT(bad.err, HasSubstr("line 2"));
  const ProgramRun no_tab = Guichet({"tokenize", "--model", "barthez", "--pair", "-"}, "a b\n");
  EXPECT_EQ(no_tab.exit_code, 1);
  EXPECT_THAT(no_tab.err, HasSubstr("first<TAB>second"));
  const ProgramRun no_file = Guichet({"tokenize", "--model", "barthez", "/nowhere/x.txt"});
  EXPECT_EQ(no_file.exit_code, 1);
  EXPECT_THAT(no_file.err, HasSubstr("/nowhere/x.txt"));
  const ProgramRun no_model = Guichet({"tokenize", "--model", "/nowhere", "-"}, "x\n");
  EXPECT_EQ(no_model.exit_code, 1);
  EXPECT_THAT(no_model.err, HasSubstr("barthez"));
}

TEST(TokenizeTest, ComparesTwoTokenizersSideBySide) {
  const TempFolder folder;
  UnpackGzip(TestData("tokenizer/bart_vocab.json.gz"), folder.path() / "vocab.json");
  UnpackGzip(TestData("tokenizer/bart_merges.txt.gz"), folder.path() / "merges.txt");
  const std::string bart = folder.path().string();
  const std::string texts = "Paris est la capitale de la France.\nL'imprimante | est cassée\n";
  const ProgramRun run =
      Guichet({"tokenize", "--compare", kTokenizer, bart, "--max-length", "10", "-"}, texts);
  ASSERT_EQ(run.exit_code, 0) << run.err;
  const auto lines = ParseLines(run);
  ASSERT_THAT(lines, SizeIs(2));
  EXPECT_THAT(KeysOf(lines[0]), ElementsAre("text", "a", "b"));
  EXPECT_EQ(lines[0]["text"], "Paris est la capitale de la France.");
  std::vector<double> tokens(2, 0.0);
  const std::vector<std::string> models = {kTokenizer, bart};
  const std::vector<std::string> sides = {"a", "b"};
  for (std::size_t side = 0; side < 2; ++side) {
    const auto alone = ParseLines(Guichet({"tokenize", "--model", models[side], "-"}, texts));
    for (std::size_t i = 0; i < 2; ++i) {
      const auto& compared = lines[i][sides[side]];
      EXPECT_THAT(KeysOf(compared), ElementsAre("pieces", "ids"));
      EXPECT_EQ(compared["pieces"], alone[i]["pieces"]);
      EXPECT_EQ(compared["ids"], alone[i]["ids"]);  // --max-length cuts nothing here
      tokens[side] += static_cast<double>(compared["ids"].size());
    }
  }
  // The table: 11 words; BARThez has no piece for "|", and byte-level BPE needs more tokens.
  EXPECT_THAT(run.err, HasSubstr("2 texts, 11 words"));
  char fertility[64];
  std::snprintf(fertility, sizeof(fertility), "%.2f%26.2f\n", tokens[0] / 11, tokens[1] / 11);
  EXPECT_THAT(run.err, HasSubstr(fertility));
  EXPECT_THAT(run.err, HasSubstr("texts over 10 tokens"));
  EXPECT_THAT(run.err, HasSubstr("1.00 ×"));
  EXPECT_GT(tokens[1], tokens[0]);
  EXPECT_THAT(run.err, HasSubstr("0.00 %\n"));  // unknowns of byte-level BPE: never any
  const ProgramRun quiet =
      Guichet({"tokenize", "--quiet", "--compare", kTokenizer, bart, "-"}, texts);
  EXPECT_THAT(quiet.err, IsEmpty());
  EXPECT_EQ(quiet.out, run.out);
}

TEST(DetokenizeTest, SpecialTokensAndCleanUpAreChoices) {
  const std::string ids = "[0,1157,109,28,50001,10,28,678,49922,2]\n";
  const auto text = [&ids](std::vector<std::string> options) {
    options.insert(options.begin(), {"detokenize", "--model", "barthez"});
    options.emplace_back("-");
    const ProgramRun run = Guichet(options, ids);
    EXPECT_EQ(run.exit_code, 0) << run.err;
    return ParseLines(run).at(0)["text"];
  };
  EXPECT_EQ(text({}), "Paris est la de la France.");
  EXPECT_EQ(text({"--keep-special-tokens"}), "<s> Paris est la<mask> de la France.</s>");
  for (const char* bad : {"nonsense\n", "{\"a\":1}\n", "[50002]\n", "[-1]\n", "[1.5]\n"}) {
    const ProgramRun run = Guichet({"detokenize", "--model", "barthez", "-"}, bad);
    EXPECT_EQ(run.exit_code, 1) << bad;
    EXPECT_THAT(run.err, HasSubstr("line 1")) << bad;
  }
}

TEST(DataTest, TicketsAreRepeatableAndReadable) {
  const ProgramRun run = Guichet({"data", "make", "--rows", "200", "--seed", "7"});
  EXPECT_EQ(run.exit_code, 0);
  EXPECT_THAT(run.Lines(), SizeIs(200));
  EXPECT_EQ(Guichet({"data", "make", "--rows", "200", "--seed", "7"}).out, run.out);
  EXPECT_NE(Guichet({"data", "make", "--rows", "200", "--seed", "8"}).out, run.out);

  const ProgramRun report = Guichet({"data", "report", "--input", "jsonl", "-"}, run.out);
  EXPECT_EQ(report.exit_code, 0) << report.err;
  EXPECT_EQ(OrderedJsonLine::parse(report.out)["rows"], 200);
}

TEST(DataTest, ColumnsAreRenamed) {
  const TempFolder folder;
  const std::string file = (folder.path() / "tickets.csv").string();
  std::ofstream(file) << "Titre;Description;Catégorie\nVPN;ne marche plus;Réseau\n";
  const ProgramRun run =
      Guichet({"data", "report", "--map", "subject=Titre,body=Description,label=Catégorie", file});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("Réseau"));
  EXPECT_EQ(Guichet({"data", "report", file}).exit_code, 1);
}

TEST(DataTest, ExportsAreReadByTheirPreset) {
  const std::string exports = std::string(GUICHET_SOURCE_DIR) + "/tests/data/exports/";
  for (const auto& [preset, name] :
       {std::pair("glpi", "glpi_fr.csv"), std::pair("zammad", "zammad.json"),
        std::pair("jira", "jira.csv")}) {
    const ProgramRun run = Guichet({"data", "report", "--preset", preset, exports + name});
    ASSERT_EQ(run.exit_code, 0) << run.err;
    const auto report = OrderedJsonLine::parse(run.out);
    EXPECT_EQ(report["rows"], 3) << name;
    EXPECT_EQ(report["labels"].size(), 3U) << name;
  }
  const ProgramRun excel = Guichet({"data", "report", exports + "excel_fr.csv"});
  EXPECT_EQ(OrderedJsonLine::parse(excel.out)["encoding"], "windows-1252");
  const ProgramRun forced =
      Guichet({"data", "report", "--encoding", "utf-8", exports + "excel_fr.csv"});
  EXPECT_THAT(forced.out, HasSubstr("invalid_rows"));
  EXPECT_EQ(Guichet({"data", "report", "--preset", "osticket", "-"}).exit_code, 2);
}

TEST(DataTest, LabelsThatAModelDoesNotKnowAreTold) {
  const TempFolder folder;
  const std::string file = (folder.path() / "tickets.csv").string();
  std::ofstream(file) << "body,label\nun,Réseau\ndeux,Resau\n";
  const std::string labels = (folder.path() / "labels.txt").string();
  std::ofstream(labels) << "Réseau\nMatériel\n";
  const ProgramRun run = Guichet({"data", "report", "--labels", labels, file});
  EXPECT_EQ(run.exit_code, 0) << run.err;
  EXPECT_THAT(run.out, HasSubstr("unknown_labels"));
  EXPECT_THAT(run.out, HasSubstr("line 3: 'Resau'"));
}

TEST(OutputTest, AReaderThatHasEnoughEndsTheCommandQuietly) {
  const ProgramRun run = RunProgram(
      {"/bin/bash", "-c",
       std::string(GUICHET_PROGRAM) + " data make --rows 100000 | head -1; echo ${PIPESTATUS[0]}"});
  ASSERT_THAT(run.Lines(), SizeIs(2)) << run.out;
  EXPECT_EQ(run.Lines()[1], "141");  // SIGPIPE, as any filter
  EXPECT_THAT(run.err, IsEmpty());
}

TEST(OutputTest, AFullDiskIsAnError) {
  const ProgramRun run = RunProgram(
      {"/bin/bash", "-c", std::string(GUICHET_PROGRAM) + " data make --rows 10 > /dev/full"});
  EXPECT_EQ(run.exit_code, 1);
  EXPECT_THAT(run.err, HasSubstr("No space left"));
}

}  // namespace
}  // namespace guichet
