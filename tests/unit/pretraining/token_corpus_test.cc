#include "model/pretraining/token_corpus.h"

#include <algorithm>
#include <fstream>
#include <memory>
#include <set>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/text/built_in_tokenizer.h"
#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;
using Part = TokenCorpus::Part;

class TokenCorpusTest : public ::testing::Test {
 protected:
  void Write(const std::string& text) { std::ofstream(files_.front()) << text; }
  CorpusSource Source(int max_tokens = 16, double share = 0.0) const {
    return {.files = files_,
            .tokenizer = *tokenizer_,
            .tokenizer_sha256 = "t",
            .max_tokens = max_tokens,
            .heldout_share = share};
  }
  absl::StatusOr<TokenCorpus> Open(const CorpusSource& source) const {
    return TokenCorpus::Open(folder_.path() / "tokens", source, {});
  }
  std::string Read(const TokenCorpus& corpus, std::size_t text) const {
    return tokenizer_->Decode(corpus.Text(Part::kTraining, text).tokens, {}).value();
  }

  TempFolder folder_;
  const std::vector<fs::path> files_ = {folder_.path() / "corpus.txt"};
  const std::shared_ptr<const Tokenizer> tokenizer_ = OpenTokenizer("barthez").value();
};

TEST_F(TokenCorpusTest, WholeSentencesOfADocumentThatFitAreOneText) {
  Write("Le VPN est coupé. Que faire maintenant ?\nMerci de votre aide.\n\nUn autre document.\n");
  const auto corpus = Open(Source(32));
  ASSERT_TRUE(corpus.ok()) << corpus.status();
  ASSERT_EQ(corpus->size(Part::kTraining), 2U);
  EXPECT_EQ(Read(*corpus, 0), "Le VPN est coupé. Que faire maintenant ? Merci de votre aide.");
  EXPECT_EQ(Read(*corpus, 1), "Un autre document.");
  const SentenceTokens text = corpus->Text(Part::kTraining, 0);
  ASSERT_EQ(text.starts.size(), 3U);
  EXPECT_EQ(text.starts[0], 0U);
  const std::vector<TokenId> second(text.tokens.begin() + text.starts[1],
                                    text.tokens.begin() + text.starts[2]);
  EXPECT_EQ(tokenizer_->Decode(second, {}).value(), "Que faire maintenant ?");
  EXPECT_EQ(corpus->length(Part::kTraining, 0), static_cast<int>(text.tokens.size()));
  EXPECT_EQ(corpus->figures().documents, 2);
}

TEST_F(TokenCorpusTest, NoTextIsLongerThanTheBudgetAndNothingIsLost) {
  std::string text;
  for (int i = 0; i < 40; ++i) text += "Le serveur numéro " + std::to_string(i) + " est en panne. ";
  for (int i = 0; i < 60; ++i) text += "mot ";  // a sentence longer than the budget
  Write(text);
  const auto corpus = Open(Source(16));
  ASSERT_TRUE(corpus.ok()) << corpus.status();
  std::vector<TokenId> all;
  for (std::size_t i = 0; i < corpus->size(Part::kTraining); ++i) {
    const SentenceTokens part = corpus->Text(Part::kTraining, i);
    EXPECT_LE(part.tokens.size(), 14U);
    EXPECT_EQ(part.starts.front(), 0U);
    all.insert(all.end(), part.tokens.begin(), part.tokens.end());
  }
  const auto whole = tokenizer_->Encode(text, {.add_special_tokens = false}).value().ids;
  EXPECT_GE(all.size() + 3, whole.size());  // at most a tail too short to learn from
  EXPECT_TRUE(std::equal(all.begin(), all.end(), whole.begin()));
}

TEST_F(TokenCorpusTest, SpecialStringsInTheTextAreText) {
  Write("La balise </s> et le mot <mask> sont du texte.\n");
  const auto corpus = Open(Source(64));
  ASSERT_TRUE(corpus.ok()) << corpus.status();
  const auto& ids = tokenizer_->special_ids();
  for (const TokenId id : corpus->Text(Part::kTraining, 0).tokens) {
    EXPECT_NE(id, ids.end);
    EXPECT_NE(id, ids.mask);
  }
  EXPECT_GT(corpus->figures().unknown_tokens, 0);
}

TEST_F(TokenCorpusTest, HoldsOutWholeDocumentsByTheirContent) {
  std::string text;
  for (int i = 0; i < 300; ++i) {
    text += "Document numéro " + std::to_string(i) + ".\nIl a deux paragraphes.\n\n";
  }
  Write(text + text);  // each twice
  const auto corpus = Open(Source(64, 0.2));
  ASSERT_TRUE(corpus.ok()) << corpus.status();
  EXPECT_NEAR(static_cast<double>(corpus->figures().heldout_documents), 120, 50);
  const auto texts = [&](Part part) {
    std::set<std::vector<TokenId>> found;
    for (std::size_t i = 0; i < corpus->size(part); ++i) found.insert(corpus->Text(part, i).tokens);
    return found;
  };
  const auto trained = texts(Part::kTraining);
  const auto held_out = texts(Part::kHeldOut);
  EXPECT_EQ(trained.size() + held_out.size(), 300U);
  for (const auto& document : held_out) EXPECT_FALSE(trained.contains(document));
}

TEST_F(TokenCorpusTest, IsMadeOnceAndOnlyOfWhatItSays) {
  Write("Le VPN est coupé ce matin.\n");
  ASSERT_TRUE(Open(Source()).ok());
  const auto figures = folder_.path() / "tokens/corpus.json";
  const auto written = fs::last_write_time(figures);
  ASSERT_TRUE(Open(Source()).ok());
  EXPECT_EQ(fs::last_write_time(figures), written);
  EXPECT_EQ(Open(Source(20)).status().code(), absl::StatusCode::kFailedPrecondition);
  EXPECT_EQ(Open(Source(16, 0.5)).status().code(), absl::StatusCode::kFailedPrecondition);
  Write("Un autre texte que celui-là.\n");
  EXPECT_EQ(Open(Source()).status().code(), absl::StatusCode::kFailedPrecondition);
}

TEST_F(TokenCorpusTest, DamageIsFound) {
  Write("Le VPN est coupé ce matin.\n");
  ASSERT_TRUE(Open(Source()).ok());
  const fs::path tokens = folder_.path() / "tokens/tokens.u32";
  fs::resize_file(tokens, fs::file_size(tokens) - 4);
  const auto corpus = Open(Source());
  EXPECT_EQ(corpus.status().code(), absl::StatusCode::kDataLoss) << corpus.status();
  EXPECT_THAT(std::string(corpus.status().message()), HasSubstr("tokens.u32 holds"));
}

TEST_F(TokenCorpusTest, NothingToTrainOnIsRefusedAndNothingIsLeft) {
  Write("Un\n\nDeux\n");
  const auto corpus = Open(Source());
  EXPECT_EQ(corpus.status().code(), absl::StatusCode::kInvalidArgument) << corpus.status();
  EXPECT_FALSE(fs::exists(folder_.path() / "tokens"));
}

TEST_F(TokenCorpusTest, AnInterruptionLeavesNothing) {
  Write("Le VPN est coupé ce matin.\n");
  const auto corpus =
      TokenCorpus::Open(folder_.path() / "tokens", Source(), [](std::int64_t) { return false; });
  EXPECT_EQ(corpus.status().code(), absl::StatusCode::kCancelled);
  EXPECT_FALSE(fs::exists(folder_.path() / "tokens"));
}

}  // namespace
}  // namespace guichet
