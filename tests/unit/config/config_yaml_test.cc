#include "server/config/config_yaml.h"

#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(ConfigYamlTest, ReadsKeysWithTheirLines) {
  const ConfigSource source = ParseConfigYaml(
      "# a comment\n"
      "pipeline:\n"
      "  workers: 2\n"
      "log: {format: json}\n"
      "tls:\n",
      "g.yaml");
  EXPECT_THAT(source.errors.lines(), IsEmpty());
  ASSERT_THAT(source.assignments, SizeIs(2));
  EXPECT_EQ(source.assignments[0].field->path(), "pipeline.workers");
  EXPECT_EQ(source.assignments[0].value, "2");
  EXPECT_EQ(source.assignments[0].where, "g.yaml:3");
  EXPECT_EQ(source.assignments[1].where, "g.yaml:4");
}

TEST(ConfigYamlTest, AnEmptyFileSaysNothing) {
  for (const char* text : {"", "\n", "# nothing\n", "---\n", "{}"}) {
    const ConfigSource source = ParseConfigYaml(text, "g.yaml");
    EXPECT_THAT(source.errors.lines(), IsEmpty()) << text;
    EXPECT_THAT(source.assignments, IsEmpty());
  }
}

struct Mistake {
  std::string name;
  std::string text;
  std::string line;  // part of the message
};

class ConfigYamlMistakeTest : public testing::TestWithParam<Mistake> {};

TEST_P(ConfigYamlMistakeTest, IsReportedWithItsPlace) {
  const ConfigSource source = ParseConfigYaml(GetParam().text, "g.yaml");
  EXPECT_THAT(source.errors.lines(), ElementsAre(HasSubstr(GetParam().line)));
  EXPECT_THAT(source.assignments, IsEmpty());
}

INSTANTIATE_TEST_SUITE_P(
    All, ConfigYamlMistakeTest,
    testing::Values(
        Mistake{"UnknownKey", "pipeline:\n  max_batch_token: 5\n",
                "g.yaml:2: there is no key pipeline.max_batch_token; did you mean "
                "pipeline.max_batch_tokens?"},
        Mistake{"FarKey", "log:\n  colour_of_the_text: red\n", "--print-default-config shows all"},
        Mistake{"UnknownSection", "pipelines:\n  workers: 5\n",
                "g.yaml:1: there is no key pipelines"},
        Mistake{"RepeatedSection", "tls:\nlog:\ntls:\n", "g.yaml:3: tls stands there twice"},
        Mistake{"NoValue", "log:\n  level:\n", "g.yaml:2: log.level has no value"},
        Mistake{"ListForValue", "log:\n  level: [info]\n", "g.yaml:2: log.level must be one"},
        Mistake{"MapForValue", "log:\n  level: {a: b}\n", "g.yaml:2: log.level must be one"},
        Mistake{"ListForSection", "log: [1]\n", "g.yaml:1: log must hold keys"},
        Mistake{"PlainForSection", "log: info\n", "g.yaml:1: log must hold keys"},
        Mistake{"ListForFile", "- log\n", "g.yaml:1: the file must hold sections"},
        Mistake{"ListAsSectionName", "[a]: 1\n", "g.yaml:1: a section's name"},
        Mistake{"ListAsKey", "log:\n  [a]: 1\n", "g.yaml:2: a key must be plain"},
        Mistake{"MergeKey", "log:\n  <<: 1\n", "g.yaml:2: there is no key log.<<"},
        Mistake{"TwoDocuments", "---\ntls:\n---\ntls:\n", "more than one document"},
        Mistake{"BrokenYaml", "log: {level: info\n", "not YAML"},
        Mistake{"Tab", "log:\n\tlevel: info\n", "g.yaml:2: not YAML"},
        Mistake{"UnknownAlias", "log: *nowhere\n", "g.yaml:1: not YAML"},
        Mistake{"DeepNesting", std::string(100'000, '['), "not YAML"}),
    [](const auto& mistake) { return mistake.param.name; });

TEST(ConfigYamlTest, ARepeatedKeyIsRefusedAndTheFirstKept) {
  const ConfigSource source = ParseConfigYaml("log:\n  level: info\n  level: error\n", "g.yaml");
  EXPECT_THAT(source.errors.lines(), ElementsAre("g.yaml:3: log.level stands there twice"));
  EXPECT_THAT(source.assignments, SizeIs(1));
}

TEST(ConfigYamlTest, AllMistakesAreReportedTogether) {
  const ConfigSource source =
      ParseConfigYaml("log:\n  levl: info\nserver:\n  adress: x\n  port: 1\nextra: {}\n", "g.yaml");
  EXPECT_THAT(source.errors.lines(), ElementsAre(HasSubstr("g.yaml:2:"), HasSubstr("g.yaml:4:"),
                                                 HasSubstr("g.yaml:5:"), HasSubstr("g.yaml:6:")));
}

TEST(ConfigYamlTest, TextAfterTheDocumentIsAMistake) {
  // From this one YAML::LoadAll never returns.
  const ConfigSource source =
      ParseConfigYaml("!!binary \"AAAA\"0 |\n  x\n? complex\n: - 1\n", "g.yaml");
  EXPECT_THAT(source.errors.lines(), ElementsAre(HasSubstr("g.yaml: the file holds more than one"),
                                                 HasSubstr("g.yaml:1: the file must hold")));
}

TEST(ConfigYamlTest, SharedNodesCostNothing) {
  // Each level would be ten times the one before if it were written out.
  std::string bomb = "a0: &a0 x\n";
  for (int i = 1; i < 30; ++i) {
    bomb += "a" + std::to_string(i) + ": &a" + std::to_string(i) + " [";
    for (int j = 0; j < 10; ++j) bomb += (j > 0 ? ",*a" : "*a") + std::to_string(i - 1);
    bomb += "]\n";
  }
  EXPECT_THAT(ParseConfigYaml(bomb, "g.yaml").errors.lines(), SizeIs(30));
}

}  // namespace
}  // namespace guichet
