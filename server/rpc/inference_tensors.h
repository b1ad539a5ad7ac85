#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "inference/open_inference.pb.h"
#include "server/rpc/call_error.h"

namespace guichet {

// Tensors of the Open Inference Protocol: pure functions.

// The elements of the request's only input, "text" of BYTES with shape [N] or [N, 1], from
// raw_input_contents (a 4-byte little-endian length before each element) or from contents; views
// into the request. INVALID_ARGUMENT when names, types, shapes or lengths do not agree.
std::optional<CallError> ReadTextTensor(const inference::ModelInferRequest& request,
                                        std::vector<std::string_view>* texts);

// Appends an output: into raw_output_contents when `raw`, else into its typed contents.
class TensorWriter {
 public:
  TensorWriter(inference::ModelInferResponse* response, bool raw)
      : response_(response), raw_(raw) {}

  void AddBytes(const std::string& name, const std::vector<std::int64_t>& shape,
                const std::vector<std::string_view>& elements);
  void AddFloats(const std::string& name, const std::vector<std::int64_t>& shape,
                 const std::vector<float>& elements);
  void AddIntegers(const std::string& name, const std::vector<std::int64_t>& shape,
                   const std::vector<std::int32_t>& elements);
  void AddBools(const std::string& name, const std::vector<std::int64_t>& shape,
                const std::vector<bool>& elements);

 private:
  inference::ModelInferResponse::InferOutputTensor* AddOutput(
      const std::string& name, const char* datatype, const std::vector<std::int64_t>& shape);

  inference::ModelInferResponse* response_;
  bool raw_;
};

}  // namespace guichet
