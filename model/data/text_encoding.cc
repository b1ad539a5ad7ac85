#include "model/data/text_encoding.h"

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <utility>

#include <fmt/format.h>

#include "base/status_macros.h"
#include "model/cleaning/windows1252.h"
#include "model/text/utf8.h"

namespace guichet {
namespace {

constexpr std::size_t kUnitsAtOnce = 4096;

// Hands out a string before the rest; keeps what did not fit.
class ResumedSource : public ByteSource {
 public:
  ResumedSource(std::string first, std::unique_ptr<ByteSource> source)
      : first_(std::move(first)), source_(std::move(source)) {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    if (given_ == first_.size()) return source_->Read(buffer);
    const std::size_t count = std::min(buffer.size(), first_.size() - given_);
    std::memcpy(buffer.data(), first_.data() + given_, count);
    given_ += count;
    return count;
  }

 private:
  const std::string first_;
  std::size_t given_ = 0;
  const std::unique_ptr<ByteSource> source_;
};

class Utf16Source : public ByteSource {
 public:
  Utf16Source(std::unique_ptr<ByteSource> source, bool big_end_first)
      : source_(std::move(source)), big_end_first_(big_end_first) {}

  absl::StatusOr<std::size_t> Read(std::span<char> buffer) override {
    while (given_ == ready_.size() && !ended_) GUICHET_RETURN_IF_ERROR(Decode());
    const std::size_t count = std::min(buffer.size(), ready_.size() - given_);
    std::memcpy(buffer.data(), ready_.data() + given_, count);
    given_ += count;
    return count;
  }

 private:
  absl::Status Decode() {
    ready_.clear();
    given_ = 0;
    std::array<char, 2 * kUnitsAtOnce> bytes;
    GUICHET_ASSIGN_OR_RETURN(const std::size_t count, source_->Read(bytes));
    for (std::size_t i = 0; i < count; ++i) {
      const auto byte = static_cast<unsigned char>(bytes[i]);
      if (!half_) {
        half_ = byte;
        continue;
      }
      const auto [high, low] = big_end_first_ ? std::pair(*half_, byte) : std::pair(byte, *half_);
      half_.reset();
      TakeUnit((std::uint32_t{high} << 8U) | low);
    }
    if (count > 0) return absl::OkStatus();
    ended_ = true;
    if (lead_ != 0) AppendUtf8(std::exchange(lead_, 0U), ready_);
    if (half_) ready_ += '\xFF';
    return absl::OkStatus();
  }

  void TakeUnit(std::uint32_t unit) {
    const bool trails = unit >= 0xDC00U && unit < 0xE000U;
    if (lead_ != 0 && trails) {
      AppendUtf8(0x10000U + ((std::exchange(lead_, 0U) - 0xD800U) << 10U) + (unit - 0xDC00U),
                 ready_);
      return;
    }
    if (lead_ != 0) AppendUtf8(std::exchange(lead_, 0U), ready_);
    if (unit >= 0xD800U && unit < 0xDC00U) {
      lead_ = unit;
    } else {
      AppendUtf8(unit, ready_);
    }
  }

  const std::unique_ptr<ByteSource> source_;
  const bool big_end_first_;
  std::string ready_;
  std::size_t given_ = 0;              // bytes of ready_
  std::optional<unsigned char> half_;  // the first byte of a unit
  std::uint32_t lead_ = 0;             // the first unit of a surrogate pair
  bool ended_ = false;
};

}  // namespace

absl::StatusOr<TextEncoding> ParseTextEncoding(std::string_view name) {
  if (name == "auto") return TextEncoding::kAuto;
  if (name == "utf-8") return TextEncoding::kUtf8;
  if (name == "windows-1252") return TextEncoding::kWindows1252;
  if (name == "utf-16") return TextEncoding::kUtf16;
  return absl::InvalidArgumentError(fmt::format(
      "unknown encoding '{}'; the encodings are auto, utf-8, windows-1252 and utf-16", name));
}

std::optional<std::size_t> FindInvalidWindows1252(std::string_view bytes) {
  for (std::size_t i = 0; i < bytes.size(); ++i) {
    const auto byte = static_cast<unsigned char>(bytes[i]);
    if (byte >= 0x80U && byte < 0xA0U && kWindows1252[byte - 0x80U] == byte) return i;
  }
  return std::nullopt;
}

std::string Windows1252ToUtf8(std::string_view bytes) {
  std::string text;
  text.reserve(bytes.size() + bytes.size() / 8);
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const bool mapped = byte >= 0x80U && byte < 0xA0U;
    AppendUtf8(mapped ? kWindows1252[byte - 0x80U] : char32_t{byte}, text);
  }
  return text;
}

std::unique_ptr<ByteSource> MakeUtf16Source(std::unique_ptr<ByteSource> source,
                                            bool big_end_first) {
  return std::make_unique<Utf16Source>(std::move(source), big_end_first);
}

std::unique_ptr<ByteSource> MakeResumedSource(std::string first,
                                              std::unique_ptr<ByteSource> source) {
  return std::make_unique<ResumedSource>(std::move(first), std::move(source));
}

}  // namespace guichet
