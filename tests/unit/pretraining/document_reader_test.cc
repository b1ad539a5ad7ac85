#include "model/pretraining/document_reader.h"

#include <fstream>

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zlib.h>

#include "tests/support/temp_folder.h"

namespace guichet {
namespace {

namespace fs = std::filesystem;
using ::testing::ElementsAre;
using ::testing::HasSubstr;

class DocumentReaderTest : public ::testing::Test {
 protected:
  fs::path Write(const std::string& name, const std::string& text) {
    std::ofstream(folder_.path() / name, std::ios::binary) << text;
    return folder_.path() / name;
  }

  static std::vector<std::vector<std::string>> ReadAll(const std::vector<fs::path>& files) {
    DocumentReader reader(files);
    std::vector<std::vector<std::string>> documents;
    while (true) {
      auto document = reader.Next();
      EXPECT_TRUE(document.ok()) << document.status();
      if (!document.ok() || !document->has_value()) return documents;
      documents.push_back((*document)->paragraphs);
    }
  }

  TempFolder folder_;
};

TEST_F(DocumentReaderTest, BlankLinesAndFilesEndDocuments) {
  const auto one = Write("one.txt", "a\nb\n\n \nc");
  const auto two = Write("two.txt", "\n\nd\r\ne\n");
  EXPECT_THAT(ReadAll({one, two}),
              ElementsAre(ElementsAre("a", "b"), ElementsAre("c"), ElementsAre("d", "e")));
}

TEST_F(DocumentReaderTest, GzipIsUnpacked) {
  const fs::path file = folder_.path() / "packed.txt";
  const gzFile packed = gzopen(file.c_str(), "wb");
  ASSERT_EQ(gzputs(packed, "a\n\nb\n"), 5);
  gzclose(packed);
  EXPECT_THAT(ReadAll({file}), ElementsAre(ElementsAre("a"), ElementsAre("b")));
}

TEST_F(DocumentReaderTest, AFileWithoutBlankLinesIsCut) {
  const std::string line(1000, 'x');
  std::string text;
  for (int i = 0; i < 200; ++i) text += line + "\n";
  const auto documents = ReadAll({Write("long.txt", text)});
  ASSERT_EQ(documents.size(), 4U);
  EXPECT_EQ(documents[0].size(), (kMaxDocumentBytes + 999) / 1000);
}

TEST_F(DocumentReaderTest, AnErrorNamesFileAndLine) {
  DocumentReader reader({Write("bad.txt", "a\n\nb\xFFz\n")});
  ASSERT_TRUE(reader.Next().ok());
  const auto document = reader.Next();
  EXPECT_EQ(document.status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_THAT(std::string(document.status().message()), HasSubstr("bad.txt: line 3"));
}

TEST_F(DocumentReaderTest, APlaceDependsOnTheContentAlone) {
  const Document a{{"un", "deux"}};
  EXPECT_EQ(a.Place(), (Document{{"un", "deux"}}).Place());
  EXPECT_NE(a.Place(), (Document{{"un deux"}}).Place());
  int below = 0;
  for (int i = 0; i < 2000; ++i) {
    const double place = Document{{std::to_string(i)}}.Place();
    ASSERT_GE(place, 0.0);
    ASSERT_LT(place, 1.0);
    if (place < 0.1) ++below;
  }
  EXPECT_NEAR(below, 200, 60);
}

TEST_F(DocumentReaderTest, InspectHashesFilesAndRefusesWhatIsNoText) {
  const auto found = InspectFiles({Write("abc.txt", "abc")});
  ASSERT_TRUE(found.ok()) << found.status();
  EXPECT_EQ(found->front().bytes, 3);
  EXPECT_EQ(found->front().sha256,
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
  const auto refusal = [](const fs::path& file) {
    const auto status = InspectFiles({file}).status();
    EXPECT_EQ(status.code(), absl::StatusCode::kInvalidArgument) << status;
    return std::string(status.message());
  };
  EXPECT_THAT(refusal(Write("empty.txt", "")), HasSubstr("empty"));
  EXPECT_THAT(refusal(Write("a.xz",
                            "\xFD"
                            "7zXZ\x00")),
              HasSubstr("xz -dk"));
  EXPECT_THAT(refusal(Write("a.zst", "\x28\xB5\x2F\xFD.")), HasSubstr("zstd -dk"));
  EXPECT_EQ(InspectFiles({}).status().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(InspectFiles({folder_.path() / "none"}).status().code(), absl::StatusCode::kNotFound);
}

}  // namespace
}  // namespace guichet
