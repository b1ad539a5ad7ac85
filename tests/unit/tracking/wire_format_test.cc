#include <limits>
#include <string>

#include <gtest/gtest.h>

#include "model/tracking/crc32c.h"
#include "model/tracking/tracked_json.h"
#include "model/tracking/wire_reader.h"
#include "model/tracking/wire_writer.h"

namespace guichet {
namespace {

using namespace std::string_literals;

TEST(WireWriterTest, WritesTheExamplesOfProtobufsDocumentation) {
  EXPECT_EQ(WireWriter().Varint(1, 150).bytes(), "\x08\x96\x01"s);
  EXPECT_EQ(WireWriter().Text(2, "testing").bytes(), "\x12\x07testing"s);
  EXPECT_EQ(WireWriter().Message(3, WireWriter().Varint(1, 150)).bytes(), "\x1a\x03\x08\x96\x01"s);
  EXPECT_EQ(WireWriter().Integer(1, -2).bytes(), "\x08\xfe\xff\xff\xff\xff\xff\xff\xff\xff\x01"s);
  EXPECT_EQ(WireWriter().Double(1, 1.0).bytes(), "\x09\0\0\0\0\0\0\xf0\x3f"s);
  EXPECT_EQ(WireWriter().Float(2, 1.0F).bytes(), "\x15\0\0\x80\x3f"s);
  EXPECT_EQ(WireWriter().Varint(200, 0).bytes(), "\xc0\x0c\0"s);
}

TEST(WireReaderTest, ReadsWhatTheWriterWrites) {
  const std::string bytes = WireWriter()
                                .Varint(16, std::numeric_limits<std::uint64_t>::max())
                                .Double(2, 0.5)
                                .Float(3, 0.5F)
                                .Text(4, "été")
                                .bytes();
  WireReader reader(bytes);
  const auto number = reader.Next();
  ASSERT_TRUE(number);
  EXPECT_EQ(number->number, 16U);
  EXPECT_EQ(number->value, std::numeric_limits<std::uint64_t>::max());
  EXPECT_EQ(reader.Next()->bytes.size(), 8U);
  EXPECT_EQ(reader.Next()->bytes.size(), 4U);
  EXPECT_EQ(reader.Next()->bytes, "été");
  EXPECT_FALSE(reader.Next());
}

TEST(WireReaderTest, EndsAtEveryCutAndAtNonsense) {
  const std::string bytes = WireWriter().Varint(1, 300).Text(2, "abc").Double(3, 1).bytes();
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    WireReader reader(std::string_view(bytes).substr(0, size));
    int fields = 0;
    while (reader.Next()) ++fields;
    EXPECT_LT(fields, 3) << size;
  }
  EXPECT_FALSE(WireReader("\x0b").Next());                      // a group
  EXPECT_FALSE(WireReader("\x12\xff\xff\xff\xff\x0f").Next());  // longer than there is
  EXPECT_FALSE(WireReader(std::string(20, '\xff')).Next());     // never ends
}

TEST(Crc32cTest, IsThatOfTheRfc) {
  // RFC 3720, B.4, and the usual check value.
  EXPECT_EQ(Crc32c("123456789"), 0xE3069283U);
  EXPECT_EQ(Crc32c(std::string(32, '\0')), 0x8A9136AAU);
  EXPECT_EQ(Crc32c(std::string(32, '\xff')), 0x62A8AB43U);
  EXPECT_EQ(MaskedCrc32c("123456789"), ((0xE3069283U >> 15U) | (0xE3069283U << 17U)) + 0xA282EAD8U);
}

TEST(TrackedJsonTest, NumbersAreReadBackExactlyAndTextIsQuoted) {
  EXPECT_EQ(JsonNumber(5e-05), "5e-05");
  EXPECT_EQ(std::stod(JsonNumber(0.1 + 0.2)), 0.1 + 0.2);
  EXPECT_EQ(JsonNumber(std::numeric_limits<double>::quiet_NaN()), "NaN");
  EXPECT_EQ(JsonNumber(-std::numeric_limits<double>::infinity()), "-Infinity");
  EXPECT_EQ(JsonText("a \"b\"\n"), R"("a \"b\"\n")");
  EXPECT_EQ(JsonText("\xff"), "\"\xEF\xBF\xBD\"");
  EXPECT_EQ(PlainText({"key", "\"cpu\""}), "cpu");
  EXPECT_EQ(PlainText({"key", "0.5"}), "0.5");
}

}  // namespace
}  // namespace guichet
