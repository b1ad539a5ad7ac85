#include "client/cli/message_json.h"

#include <string>
#include <string_view>

#include <google/protobuf/timestamp.pb.h>
#include <google/protobuf/util/time_util.h>

#include "client/error_details.h"
#include "google/rpc/status.pb.h"

namespace guichet {
namespace {

using google::protobuf::FieldDescriptor;
using google::protobuf::Message;
using google::protobuf::Reflection;

constexpr std::string_view kJsonSuffix = "_json";

OrderedJson MessageValue(const Message& message) {
  if (message.GetDescriptor() == google::protobuf::Timestamp::descriptor()) {
    google::protobuf::Timestamp time;
    time.CopyFrom(message);
    return google::protobuf::util::TimeUtil::ToString(time);
  }
  if (message.GetDescriptor() == google::rpc::Status::descriptor()) {
    google::rpc::Status status;
    status.CopyFrom(message);
    return {{"code", StatusCodeName(static_cast<absl::StatusCode>(status.code()))},
            {"message", status.message()}};
  }
  return ToJson(message);
}

// The value of a singular field, or of the one at `index` of a repeated field.
OrderedJson FieldValue(const Message& message, const FieldDescriptor& field, int index) {
  const Reflection& read = *message.GetReflection();
  const bool repeated = field.is_repeated();
  switch (field.cpp_type()) {
    case FieldDescriptor::CPPTYPE_INT32:
      return repeated ? read.GetRepeatedInt32(message, &field, index)
                      : read.GetInt32(message, &field);
    case FieldDescriptor::CPPTYPE_INT64:
      return repeated ? read.GetRepeatedInt64(message, &field, index)
                      : read.GetInt64(message, &field);
    case FieldDescriptor::CPPTYPE_UINT32:
      return repeated ? read.GetRepeatedUInt32(message, &field, index)
                      : read.GetUInt32(message, &field);
    case FieldDescriptor::CPPTYPE_UINT64:
      return repeated ? read.GetRepeatedUInt64(message, &field, index)
                      : read.GetUInt64(message, &field);
    case FieldDescriptor::CPPTYPE_DOUBLE:
      return repeated ? read.GetRepeatedDouble(message, &field, index)
                      : read.GetDouble(message, &field);
    case FieldDescriptor::CPPTYPE_FLOAT:
      return ShortestDouble(repeated ? read.GetRepeatedFloat(message, &field, index)
                                     : read.GetFloat(message, &field));
    case FieldDescriptor::CPPTYPE_BOOL:
      return repeated ? read.GetRepeatedBool(message, &field, index)
                      : read.GetBool(message, &field);
    case FieldDescriptor::CPPTYPE_ENUM:
      return (repeated ? read.GetRepeatedEnum(message, &field, index)
                       : read.GetEnum(message, &field))
          ->name();
    case FieldDescriptor::CPPTYPE_STRING:
      return repeated ? read.GetRepeatedString(message, &field, index)
                      : read.GetString(message, &field);
    case FieldDescriptor::CPPTYPE_MESSAGE:
      break;
  }
  return MessageValue(repeated ? read.GetRepeatedMessage(message, &field, index)
                               : read.GetMessage(message, &field));
}

// Whether `field` holds JSON; then it is added by its shorter name.
bool AddEmbedded(const std::string& name, const OrderedJson& value, OrderedJson& object) {
  if (!value.is_string() || !name.ends_with(kJsonSuffix)) return false;
  OrderedJson parsed = OrderedJson::parse(value.get_ref<const std::string&>(), nullptr,
                                          /*allow_exceptions=*/false);
  if (parsed.is_discarded()) return false;
  if (!parsed.is_null()) object[name.substr(0, name.size() - kJsonSuffix.size())] = parsed;
  return true;
}

}  // namespace

OrderedJson ToJson(const Message& message) {
  const auto& descriptor = *message.GetDescriptor();
  const Reflection& read = *message.GetReflection();
  OrderedJson object = OrderedJson::object();
  for (int i = 0; i < descriptor.field_count(); ++i) {
    const FieldDescriptor& field = *descriptor.field(i);
    if (field.is_repeated()) {
      const int size = read.FieldSize(message, &field);
      for (int k = 0; k < size; ++k) object[field.name()].push_back(FieldValue(message, field, k));
      continue;
    }
    const bool always = field.cpp_type() == FieldDescriptor::CPPTYPE_BOOL && !field.has_presence();
    if (!always && !read.HasField(message, &field)) continue;
    OrderedJson value = FieldValue(message, field, 0);
    if (!AddEmbedded(field.name(), value, object)) object[field.name()] = std::move(value);
  }
  return object;
}

}  // namespace guichet
