#include "model/text/built_in_tokenizer.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/durable_file.h"
#include "base/sha256.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

using testing::HasSubstr;

TEST(BuiltInTokenizerTest, IsTheRealBarthezModel) {
  const std::filesystem::path folder = BuiltInFolder("barthez").value();
  const std::string model = ReadFile(folder / "sentencepiece.bpe.model", 1 << 23).value();
  EXPECT_EQ(Sha256Hex(model), "582403da7cb525c4cac90b495e553cb766b818be71755e6bd885072a1067314a");
  EXPECT_TRUE(std::filesystem::exists(folder / "config.json"));
}

TEST(BuiltInTokenizerTest, LooksFirstWhereTheEnvironmentSays) {
  const TempFolder data;
  ::setenv("GUICHET_DATA_DIR", data.path().c_str(), 1);
  EXPECT_NE(BuiltInFolder("barthez").value(), data.path() / "barthez");
  std::filesystem::create_directory(data.path() / "barthez");
  std::ofstream(data.path() / "barthez" / "sentencepiece.bpe.model") << "x";
  EXPECT_EQ(BuiltInFolder("barthez").value(), data.path() / "barthez");
  ::unsetenv("GUICHET_DATA_DIR");
}

TEST(BuiltInTokenizerTest, RefusesOtherNames) {
  for (const char* name : {"camembert", "", "../barthez", "barthez/"}) {
    const absl::Status status = BuiltInFolder(name).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kNotFound);
    EXPECT_THAT(std::string(status.message()), HasSubstr("\"barthez\", \"guichet-mini\""));
  }
}

}  // namespace
}  // namespace guichet
