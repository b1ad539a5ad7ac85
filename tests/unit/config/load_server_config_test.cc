#include "server/config/load_server_config.h"

#include <filesystem>
#include <fstream>
#include <map>
#include <string>
#include <vector>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "server/config/config_fields.h"
#include "server/config/config_yaml.h"

namespace guichet {
namespace {

using testing::AllOf;
using testing::HasSubstr;

using Arguments = std::vector<std::string>;
using Environment = std::map<std::string, std::string>;

class LoadServerConfigTest : public testing::Test {
 protected:
  LoadServerConfigTest() {
    folder_ = std::filesystem::path(testing::TempDir()) /
              testing::UnitTest::GetInstance()->current_test_info()->name();
    std::filesystem::create_directories(folder_);
  }
  ~LoadServerConfigTest() override { std::filesystem::remove_all(folder_); }

  std::string File(const std::string& text) const {
    const std::string path = (folder_ / "g.yaml").string();
    std::ofstream(path) << text;
    return path;
  }

  std::filesystem::path folder_;
};

TEST_F(LoadServerConfigTest, WithoutSourcesOnlyTheModelIsMissing) {
  const auto config = LoadServerConfig({"--model.path", "/m"}, {});
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->model.path, "/m");
  EXPECT_EQ(config->server.address, ServerConfig().server.address);
  EXPECT_THAT(std::string(LoadServerConfig({}, {}).status().message()), HasSubstr("model.path"));
}

TEST_F(LoadServerConfigTest, FlagsWinOverVariablesOverTheFile) {
  const std::string file = File(
      "model: {path: /file, name: file, dtype: fp32}\n"
      "pipeline: {workers: 2}\n");
  const Environment environment = {{"GUICHET_MODEL_NAME", "variable"},
                                   {"GUICHET_MODEL_DTYPE", "bf16"},
                                   {"GUICHET_PIPELINE_MAX_BATCH_WAIT", "2ms"}};
  const auto config = LoadServerConfig({"--config=" + file, "--model.dtype=int8"}, environment);
  ASSERT_TRUE(config.ok()) << config.status();
  EXPECT_EQ(config->model.path, "/file");
  EXPECT_EQ(config->model.name, "variable");
  EXPECT_EQ(config->model.dtype, "int8");
  EXPECT_EQ(config->pipeline.workers, 2);
  EXPECT_EQ(config->pipeline.max_batch_wait, std::chrono::milliseconds(2));
}

TEST_F(LoadServerConfigTest, TheFileMayComeFromTheEnvironment) {
  const Environment environment = {{"GUICHET_CONFIG", File("model: {path: /file}\n")}};
  EXPECT_EQ(LoadServerConfig({}, environment)->model.path, "/file");
  EXPECT_EQ(
      LoadServerConfig({"--config", (folder_ / "absent").string()}, environment).status().code(),
      absl::StatusCode::kNotFound);
}

TEST_F(LoadServerConfigTest, EverySourcesMistakesAreReportedTogether) {
  const std::string file = File("pipeline:\n  workers: many\n  wrkers: 1\nlog:\n  level: loud\n");
  const absl::Status status =
      LoadServerConfig(
          {"--config", file, "--limits.texts_per_call", "0", "--nonsense", "--tls.keys=x"},
          {{"GUICHET_SERVER_DRAIN_NOTICE", "300"}, {"GUICHET_LOG_LEVLE", "info"}})
          .status();
  EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument);
  const std::string message(status.message());
  EXPECT_THAT(message, HasSubstr("9 errors"));
  EXPECT_THAT(message, HasSubstr(file + ":2: pipeline.workers: 'many' is not a whole number"));
  EXPECT_THAT(message, HasSubstr(file + ":3: there is no key pipeline.wrkers; did you mean"));
  EXPECT_THAT(message, HasSubstr(file + ":5: log.level: 'loud' is not one of trace, debug"));
  EXPECT_THAT(message, HasSubstr("GUICHET_SERVER_DRAIN_NOTICE: server.drain_notice: '300' is not a "
                                 "duration"));
  EXPECT_THAT(message, HasSubstr("GUICHET_LOG_LEVLE: there is no key log.levle"));
  EXPECT_THAT(message, HasSubstr("--limits.texts_per_call: 0 is out of range: it must be 1 to"));
  EXPECT_THAT(message, HasSubstr("--nonsense: unknown argument"));
  EXPECT_THAT(message, HasSubstr("--tls.keys: there is no key tls.keys; did you mean tls.key?"));
  EXPECT_THAT(message, HasSubstr("model.path: it must name a bundle folder"));
}

TEST_F(LoadServerConfigTest, FlagsNeedOneValue) {
  const auto error = [](const Arguments& arguments) {
    return std::string(LoadServerConfig(arguments, {}).status().message());
  };
  EXPECT_THAT(error({"--model.path"}), HasSubstr("--model.path: a value must follow"));
  EXPECT_THAT(error({"--model.path", "--log.level", "info"}),
              HasSubstr("--model.path: a value must follow"));
  EXPECT_THAT(error({"--model.path=/a", "--model.path=/b"}),
              HasSubstr("--model.path: it is given twice"));
  EXPECT_THAT(error({"--config"}), HasSubstr("--config: a file must follow"));
  EXPECT_THAT(error({"--config=" + File(""), "--config=b"}),
              HasSubstr("--config: it is given twice"));
  EXPECT_THAT(error({"bundle"}), HasSubstr("bundle: unknown argument"));
}

TEST_F(LoadServerConfigTest, VariablesOfOthersAreLeftAlone) {
  const Environment environment = {{"GUICHET_MODEL_PATH", "/m"},
                                   {"GUICHET_SERVER", "host:1"},
                                   {"GUICHET_DEPS", "x"},
                                   {"PATH", "/bin"},
                                   // What Kubernetes makes for a Service named guichet-server.
                                   {"GUICHET_SERVER_SERVICE_HOST", "10.0.0.1"},
                                   {"GUICHET_SERVER_SERVICE_PORT", "50051"},
                                   {"GUICHET_SERVER_SERVICE_PORT_GRPC", "50051"},
                                   {"GUICHET_SERVER_PORT", "tcp://10.0.0.1:50051"},
                                   {"GUICHET_SERVER_PORT_50051_TCP_ADDR", "10.0.0.1"}};
  const auto config = LoadServerConfig({}, environment);
  EXPECT_TRUE(config.ok()) << config.status();
}

TEST_F(LoadServerConfigTest, TheDefaultFileReadsBackAsTheDefaults) {
  const ConfigSource source = ParseConfigYaml(DefaultConfigYaml(), "default.yaml");
  EXPECT_TRUE(source.errors.lines().empty());
  EXPECT_EQ(source.assignments.size(), ConfigFields().size());
  ServerConfig config;
  // What is read must come from the file: start from values that are not the defaults.
  config.server.address = "elsewhere:1";
  config.pipeline.workers = 9;
  for (const ConfigAssignment& assignment : source.assignments) {
    EXPECT_TRUE(assignment.field->set(config, assignment.value).ok()) << assignment.where;
  }
  const ServerConfig defaults;
  for (const ConfigField& field : ConfigFields()) {
    EXPECT_EQ(field.get(config), field.get(defaults)) << field.path();
  }
}

TEST_F(LoadServerConfigTest, TheDefaultFileExplainsEveryKeyInShortLines) {
  const std::string yaml = DefaultConfigYaml();
  EXPECT_THAT(
      yaml, AllOf(HasSubstr("  max_batch_wait: 0\n"), HasSubstr("  message_bytes: 4MiB\n"),
                  HasSubstr("  drain_notice: 300ms\n"), HasSubstr("  address: \"0.0.0.0:50051\"\n"),
                  HasSubstr("(1 to 1000000)")));
  std::size_t start = 0;
  while (start < yaml.size()) {
    const std::size_t end = yaml.find('\n', start);
    EXPECT_LE(end - start, 100U) << yaml.substr(start, end - start);
    start = end + 1;
  }
}

TEST_F(LoadServerConfigTest, HelpNamesEveryFlag) {
  const std::string help = ServerHelp();
  for (const ConfigField& field : ConfigFields()) {
    EXPECT_THAT(help, HasSubstr("--" + field.path() + " "));
  }
}

TEST_F(LoadServerConfigTest, TheArgumentsChooseTheAction) {
  EXPECT_EQ(ServerActionOf({}), ServerAction::kRun);
  EXPECT_EQ(ServerActionOf({"--config", "a", "--check-config"}), ServerAction::kCheckConfig);
  EXPECT_EQ(ServerActionOf({"--print-default-config"}), ServerAction::kPrintDefaultConfig);
  EXPECT_EQ(ServerActionOf({"--check-config", "--help"}), ServerAction::kShowHelp);
  EXPECT_EQ(ServerActionOf({"--version", "nonsense"}), ServerAction::kShowVersion);
  EXPECT_EQ(ServerActionOf({"--model.name=--help"}), ServerAction::kRun);
}

}  // namespace
}  // namespace guichet
