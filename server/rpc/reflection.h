#pragma once

#include <grpcpp/server_builder.h>

namespace guichet {

// Turns server reflection on or off for this builder alone. Linking gRPC's reflection library would
// otherwise switch it on for every server of the process.
void SetReflection(grpc::ServerBuilder& builder, bool enabled);

}  // namespace guichet
