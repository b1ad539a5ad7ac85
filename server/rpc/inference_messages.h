#pragma once

#include <optional>

#include "inference/open_inference.pb.h"
#include "server/rpc/classify_call.h"
#include "server/rpc/unary_classify_reactor.h"

namespace guichet {

// ModelInfer's messages, to and from calls: pure functions. The protocol has no status for one
// element, so a text that fails fails the call. Outputs: "label" and "score" unless others are
// asked for by name ("labels", "scores", "abstained" beside them). Contents come raw when they went
// raw.
struct InferenceProtocol {
  using Request = inference::ModelInferRequest;
  using Response = inference::ModelInferResponse;

  static std::optional<CallError> Read(const Request& request, ClassifyParams* params);
  static void Write(const Request& request, const ClassifyAnswer& answer, const CallStamp& stamp,
                    Response* response);
};

// The protocol writes versions as text; empty: the version in service. INVALID_ARGUMENT for what is
// not a positive number.
std::optional<CallError> ReadVersion(const std::string& text, std::int64_t* version);

}  // namespace guichet
