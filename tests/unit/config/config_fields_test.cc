#include "server/config/config_fields.h"

#include <set>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/config/config_errors.h"

namespace guichet {
namespace {

using testing::HasSubstr;

TEST(ConfigFieldsTest, NamesAreDistinctAndOfKnownSections) {
  std::set<std::string> sections;
  for (const ConfigSection& section : ConfigSections()) sections.emplace(section.name);
  std::set<std::string> paths;
  std::set<std::string> variables;
  for (const ConfigField& field : ConfigFields()) {
    EXPECT_TRUE(sections.contains(std::string(field.section))) << field.path();
    EXPECT_TRUE(paths.insert(field.path()).second) << field.path();
    EXPECT_TRUE(variables.insert(field.environment_variable()).second) << field.path();
    EXPECT_EQ(FindConfigField(field.section, field.key), &field);
  }
  EXPECT_EQ(FindConfigField("pipeline", "workers")->environment_variable(),
            "GUICHET_PIPELINE_WORKERS");
  EXPECT_EQ(FindConfigField("pipeline", "nothing"), nullptr);
}

TEST(ConfigFieldsTest, EveryFieldIsExplained) {
  for (const ConfigField& field : ConfigFields()) {
    EXPECT_GT(field.doc.size(), 10U) << field.path();
    EXPECT_EQ(field.doc.back(), '.') << field.path();
    EXPECT_FALSE(field.range.empty()) << field.path();
  }
}

TEST(ConfigFieldsTest, EveryDefaultIsInRangeButTheModelsPath) {
  const ServerConfig defaults;
  for (const ConfigField& field : ConfigFields()) {
    EXPECT_TRUE(field.check(defaults).ok()) << field.path() << field.check(defaults);
  }
  const ConfigErrors errors = CheckConfig(defaults);
  ASSERT_EQ(errors.lines().size(), 1U);
  EXPECT_THAT(errors.lines().front(), HasSubstr("model.path: it must name a bundle"));
}

TEST(ConfigFieldsTest, EveryValueReadsBackAsItIsWritten) {
  const ServerConfig defaults;
  for (const ConfigField& field : ConfigFields()) {
    ServerConfig config;
    const std::string written = field.get(defaults);
    EXPECT_TRUE(field.set(config, written).ok()) << field.path() << "=" << written;
    EXPECT_EQ(field.get(config), written);
  }
}

// The ends of a numeric field's range, as its documentation names them.
std::pair<std::string, std::string> Ends(const ConfigField& field) {
  const std::size_t middle = field.range.find(" to ");
  if (middle == std::string::npos) return {};
  return {field.range.substr(0, middle), field.range.substr(middle + 4)};
}

TEST(ConfigFieldsTest, RangesHoldAtTheirEndsAndNoFurther) {
  int numeric = 0;
  for (const ConfigField& field : ConfigFields()) {
    const auto [min, max] = Ends(field);
    if (max.empty()) continue;
    ++numeric;
    ServerConfig config;
    EXPECT_TRUE(field.set(config, min).ok()) << field.path() << "=" << min;
    EXPECT_EQ(field.get(config), min);
    EXPECT_TRUE(field.set(config, max).ok()) << field.path() << "=" << max;
    EXPECT_EQ(field.get(config), max);
    // One more digit is ten times as much.
    const absl::Status status = field.set(config, "1" + max);
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << field.path();
    EXPECT_EQ(field.get(config), max) << "a refused value was stored";
  }
  EXPECT_GT(numeric, 25);
}

TEST(ConfigFieldsTest, ThePipelinesOwnCheckAgrees) {
  for (const ConfigField& field : ConfigFields()) {
    if (field.section != "pipeline") continue;
    for (const std::string& end : {Ends(field).first, Ends(field).second}) {
      ServerConfig config;
      ASSERT_TRUE(field.set(config, end).ok());
      EXPECT_TRUE(config.pipeline.Validate().ok()) << field.path() << "=" << end;
    }
  }
}

TEST(ConfigFieldsTest, NonsenseIsRefusedByEveryFieldThatIsNotText) {
  for (const ConfigField& field : ConfigFields()) {
    ServerConfig config;
    if (!field.is_text) {
      EXPECT_FALSE(field.set(config, "many").ok()) << field.path();
    }
    EXPECT_FALSE(field.set(config, "a\nb").ok()) << field.path();
  }
}

TEST(ConfigFieldsTest, ContradictionsAreFound) {
  ServerConfig config;
  config.model.path = "bundle";
  EXPECT_TRUE(config.Validate().ok());
  config.limits.texts_per_call = 5'000;
  config.pipeline.max_batch_tokens = 300'000;
  config.limits.message_bytes = std::size_t{64} << 20;
  config.server.memory_quota = std::size_t{16} << 20;
  config.tls.key = "key.pem";
  config.tls.client_ca = "ca.pem";
  const std::string message(config.Validate().message());
  EXPECT_THAT(message, HasSubstr("5 errors"));
  EXPECT_THAT(message, HasSubstr("limits.texts_per_call: 5000 texts never fit"));
  EXPECT_THAT(message, HasSubstr("pipeline.max_batch_tokens: 300000"));
  EXPECT_THAT(message, HasSubstr("limits.message_bytes"));
  EXPECT_THAT(message, HasSubstr("tls.certificate: certificate and key"));
  EXPECT_THAT(message, HasSubstr("tls.client_ca"));
}

TEST(ConfigFieldsTest, NearestPathsAreNearOrNone) {
  EXPECT_EQ(NearestConfigPath("pipeline.worker"), "pipeline.workers");
  EXPECT_EQ(NearestConfigPath("log.lvl"), "log.level");
  EXPECT_EQ(NearestConfigPath("entirely.different"), "");
  EXPECT_EQ(NearestConfigPath(std::string(1'000'000, 'x')), "");
}

}  // namespace
}  // namespace guichet
