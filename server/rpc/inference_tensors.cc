#include "server/rpc/inference_tensors.h"

#include <cstdint>
#include <cstring>
#include <utility>

#include <fmt/format.h>

namespace guichet {
namespace {

constexpr std::size_t kLengthBytes = 4;

CallError BadTensor(std::string field, std::string description) {
  return InvalidField("INVALID_TENSOR", std::move(field), std::move(description));
}

std::uint32_t ReadLength(std::string_view bytes) {
  std::uint32_t length = 0;
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    length |= std::uint32_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return length;
}

void AppendLength(std::size_t length, std::string* bytes) {
  for (std::size_t i = 0; i < kLengthBytes; ++i) {
    bytes->push_back(static_cast<char>((length >> (8 * i)) & 0xFFU));
  }
}

std::optional<CallError> ReadRaw(std::string_view bytes, std::vector<std::string_view>* texts) {
  while (!bytes.empty()) {
    if (bytes.size() < kLengthBytes) {
      return BadTensor("raw_input_contents[0]", "ends inside the length of an element");
    }
    const std::uint32_t length = ReadLength(bytes);
    bytes.remove_prefix(kLengthBytes);
    if (length > bytes.size()) {
      return BadTensor("raw_input_contents[0]",
                       fmt::format("element {} says {} bytes, but {} are left", texts->size(),
                                   length, bytes.size()));
    }
    texts->push_back(bytes.substr(0, length));
    bytes.remove_prefix(length);
  }
  return std::nullopt;
}

// Rows of shape [N] or [N, 1]; nothing for another shape.
std::optional<std::int64_t> RowsOf(const inference::ModelInferRequest::InferInputTensor& input) {
  const bool column = input.shape_size() == 2 && input.shape(1) == 1;
  if ((input.shape_size() != 1 && !column) || input.shape(0) < 0) return std::nullopt;
  return input.shape(0);
}

// The protocol wants little-endian numbers, which is this machine's own order on every platform
// that libtorch supports.
template <typename Number>
void AppendRaw(const std::vector<Number>& numbers, std::string* raw) {
  raw->append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(Number));
}

}  // namespace

std::optional<CallError> ReadTextTensor(const inference::ModelInferRequest& request,
                                        std::vector<std::string_view>* texts) {
  if (request.inputs_size() != 1 || request.inputs(0).name() != "text") {
    return BadTensor("inputs", "must be one tensor named \"text\"");
  }
  const auto& input = request.inputs(0);
  if (input.datatype() != "BYTES") return BadTensor("inputs[0].datatype", "must be BYTES");
  const std::optional<std::int64_t> rows = RowsOf(input);
  if (!rows.has_value()) return BadTensor("inputs[0].shape", "must be [N] or [N, 1]");
  if (request.raw_input_contents_size() > 1) {
    return BadTensor("raw_input_contents", "must hold one entry for each input");
  }
  if (request.raw_input_contents_size() == 1) {
    if (input.has_contents()) {
      return BadTensor("inputs[0].contents", "must be absent when raw_input_contents is used");
    }
    if (std::optional<CallError> error = ReadRaw(request.raw_input_contents(0), texts)) {
      return error;
    }
  } else {
    for (const std::string& text : input.contents().bytes_contents()) texts->push_back(text);
  }
  if (static_cast<std::int64_t>(texts->size()) == *rows) return std::nullopt;
  return BadTensor("inputs[0].shape",
                   fmt::format("says {} texts, but {} were sent", *rows, texts->size()));
}

inference::ModelInferResponse::InferOutputTensor* TensorWriter::AddOutput(
    const std::string& name, const char* datatype, const std::vector<std::int64_t>& shape) {
  auto* output = response_->add_outputs();
  output->set_name(name);
  output->set_datatype(datatype);
  for (const std::int64_t size : shape) output->add_shape(size);
  return output;
}

void TensorWriter::AddBytes(const std::string& name, const std::vector<std::int64_t>& shape,
                            const std::vector<std::string_view>& elements) {
  auto* output = AddOutput(name, "BYTES", shape);
  if (raw_) {
    std::string* raw = response_->add_raw_output_contents();
    for (const std::string_view element : elements) {
      AppendLength(element.size(), raw);
      raw->append(element);
    }
    return;
  }
  for (const std::string_view element : elements) {
    output->mutable_contents()->add_bytes_contents(element.data(), element.size());
  }
}

void TensorWriter::AddFloats(const std::string& name, const std::vector<std::int64_t>& shape,
                             const std::vector<float>& elements) {
  auto* output = AddOutput(name, "FP32", shape);
  if (raw_) {
    AppendRaw(elements, response_->add_raw_output_contents());
    return;
  }
  for (const float element : elements) output->mutable_contents()->add_fp32_contents(element);
}

void TensorWriter::AddIntegers(const std::string& name, const std::vector<std::int64_t>& shape,
                               const std::vector<std::int32_t>& elements) {
  auto* output = AddOutput(name, "INT32", shape);
  if (raw_) {
    AppendRaw(elements, response_->add_raw_output_contents());
    return;
  }
  for (const std::int32_t element : elements) output->mutable_contents()->add_int_contents(element);
}

void TensorWriter::AddBools(const std::string& name, const std::vector<std::int64_t>& shape,
                            const std::vector<bool>& elements) {
  auto* output = AddOutput(name, "BOOL", shape);
  if (raw_) {
    std::string* raw = response_->add_raw_output_contents();
    for (const bool element : elements) raw->push_back(element ? '\1' : '\0');
    return;
  }
  for (const bool element : elements) output->mutable_contents()->add_bool_contents(element);
}

}  // namespace guichet
