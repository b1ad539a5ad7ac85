#include "model/checkpoint/restricted_unpickler.h"

#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace guichet {
namespace {

using Kind = PickleValues::Kind;
using ::testing::HasSubstr;
using namespace std::string_literals;  // pickles hold NULs

absl::StatusOr<Unpickled> Unpickle(const std::string& body) {
  static std::string pickle;  // the values borrow from it
  pickle = "\x80\x02" + body;
  return UnpickleStateDict(std::as_bytes(std::span(pickle)));
}

std::string ErrorOf(const std::string& body) {
  const auto value = Unpickle(body);
  EXPECT_FALSE(value.ok());
  return std::string(value.status().message());
}

std::int64_t Integer(const std::string& body) {
  const auto value = Unpickle(body + ".");
  EXPECT_TRUE(value.ok()) << value.status();
  EXPECT_EQ(value->values.kind(value->root), Kind::kInteger);
  return value->values.integer(value->root);
}

TEST(RestrictedUnpicklerTest, WholeNumbersOfEveryLength) {
  EXPECT_EQ(Integer("K\xff"), 255);
  EXPECT_EQ(Integer("M\x01\x80"s), 0x8001);
  EXPECT_EQ(Integer("J\xff\xff\xff\xff"s), -1);
  EXPECT_EQ(Integer("\x8a\x00"s), 0);
  EXPECT_EQ(Integer("\x8a\x01\xfe"s), -2);
  EXPECT_EQ(Integer("\x8a\x03\x00\x00\x01"s), 65536);
  EXPECT_EQ(Integer("\x8a\x08\xff\xff\xff\xff\xff\xff\xff\x7f"s), INT64_MAX);
  EXPECT_THAT(ErrorOf("\x8a\x09" + std::string(9, '\1') + "."), HasSubstr("more than 64 bits"));
}

TEST(RestrictedUnpicklerTest, DictionariesListsAndTheMemo) {
  // {"a": [1, 2], "b": the same list}
  const std::string body = "}(X\1\0\0\0a](K\1K\2eq\5X\1\0\0\0bh\5u."s;
  const auto value = Unpickle(body + "more");
  ASSERT_TRUE(value.ok()) << value.status();
  const PickleValues& values = value->values;
  ASSERT_TRUE(values.is_dict(value->root));
  const auto* a = values.Find(value->root, "a");
  const auto* b = values.Find(value->root, "b");
  ASSERT_NE(a, nullptr);
  ASSERT_NE(b, nullptr);
  EXPECT_EQ(*a, *b);
  ASSERT_EQ(values.list(*a).size(), 2U);
  EXPECT_EQ(values.integer(values.list(*a)[1]), 2);
  EXPECT_EQ(values.Find(value->root, "c"), nullptr);
  EXPECT_EQ(value->bytes_read, 2 + body.size());
}

TEST(RestrictedUnpicklerTest, TuplesKeepTheOrderOfTheirItems) {
  const auto value = Unpickle("K\1K\2K\3\x87.");
  ASSERT_TRUE(value.ok()) << value.status();
  const auto items = value->values.tuple(value->root);
  ASSERT_EQ(items.size(), 3U);
  EXPECT_EQ(value->values.integer(items[0]), 1);
  EXPECT_EQ(value->values.integer(items[2]), 3);
}

TEST(RestrictedUnpicklerTest, ReadsATensorAndItsStorage) {
  const auto value = Unpickle(
      "ctorch._utils\n_rebuild_tensor_v2\n((X\7\0\0\0storagectorch\nHalfStorage\nX\1\0\0\0"
      "7X\3\0\0\0cpuK\6tQK\1K\2K\2\x86K\2K\1\x86\x89"
      "ccollections\nOrderedDict\n)RtR."s);
  ASSERT_TRUE(value.ok()) << value.status();
  ASSERT_EQ(value->values.kind(value->root), Kind::kTensor);
  const PickledTensor& tensor = value->values.tensor(value->root);
  EXPECT_EQ(tensor.offset, 1);
  EXPECT_EQ(tensor.sizes, (std::vector<std::int64_t>{2, 2}));
  EXPECT_EQ(tensor.strides, (std::vector<std::int64_t>{2, 1}));
  const PickledStorage& storage = value->values.storages()[tensor.storage];
  EXPECT_EQ(storage.dtype, DType::kF16);
  EXPECT_EQ(storage.key, "7");
  EXPECT_EQ(storage.elements, 6);
}

TEST(RestrictedUnpicklerTest, ErrorsNameTheOpcodeTheGlobalOrTheLimit) {
  EXPECT_THAT(ErrorOf("cos\nsystem\n."), HasSubstr("the global os.system is not allowed"));
  EXPECT_THAT(ErrorOf("\x93."), HasSubstr("opcode 0x93"));
  EXPECT_THAT(ErrorOf("K\1"), HasSubstr("cut off"));
  EXPECT_THAT(ErrorOf("K\1K\2."), HasSubstr("values are left"));
  EXPECT_THAT(ErrorOf("K\1(\x85."), HasSubstr("an empty stack"));  // must not reach below a mark
  EXPECT_THAT(ErrorOf(std::string(100, '(')), HasSubstr("too many open marks"));
  EXPECT_THAT(ErrorOf(std::string(30'000, 'N')), HasSubstr("the stack is too high"));
  EXPECT_THAT(ErrorOf("}X\1\0\0\0\xffK\1s."s), HasSubstr("not UTF-8"));
}

}  // namespace
}  // namespace guichet
