#pragma once

#include <grpcpp/impl/codegen/proto_utils.h>
#include <grpcpp/support/byte_buffer.h>

#include "server/rpc/call_error.h"

namespace guichet {

// Messages to and from the bytes of a call. The services take raw bytes, because gRPC's own parsing
// answers UNIMPLEMENTED to a unary request that it cannot read and calls such a stream ended.

template <typename Message>
bool ParseMessage(const grpc::ByteBuffer& bytes, Message* message) {
  grpc::ByteBuffer shared = bytes;  // a reference: parsing consumes its buffer
  return grpc::SerializationTraits<Message>::Deserialize(&shared, message).ok();
}

template <typename Message>
bool SerializeMessage(const Message& message, grpc::ByteBuffer* bytes) {
  bool own_buffer = false;
  return grpc::SerializationTraits<Message>::Serialize(message, bytes, &own_buffer).ok();
}

inline CallError MalformedRequest() {
  return InvalidField("MALFORMED_REQUEST", "request",
                      "is not a message of this method, or a string in it is not UTF-8");
}

}  // namespace guichet
