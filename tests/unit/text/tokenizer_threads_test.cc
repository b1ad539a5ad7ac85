#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <gtest/gtest.h>

#include "model/text/built_in_tokenizer.h"
#include "model/text/tokenizer.h"

namespace guichet {
namespace {

TEST(TokenizerThreadsTest, OneTokenizerServesManyThreads) {
  const std::unique_ptr<const Tokenizer> tokenizer =
      LoadTokenizer(BuiltInFolder("barthez").value()).value();
  const std::string text = "Mon imprimante ne répond plus depuis ce matin, 漢字 <mask> merci !";
  const std::vector<TokenId> ids = tokenizer->Encode(text, {}).value().ids;
  const std::string decoded = tokenizer->Decode(ids, {}).value();
  std::vector<int> wrong(4, 0);
  std::vector<std::thread> threads;
  threads.reserve(wrong.size());
  for (std::size_t i = 0; i < wrong.size(); ++i) {
    threads.emplace_back([&, i] {
      for (int round = 0; round < 200; ++round) {
        if (tokenizer->Encode(text, {}).value().ids != ids) ++wrong[i];
        if (tokenizer->Decode(ids, {}).value() != decoded) ++wrong[i];
      }
    });
  }
  for (std::thread& thread : threads) thread.join();
  for (const int count : wrong) EXPECT_EQ(count, 0);
}

}  // namespace
}  // namespace guichet
