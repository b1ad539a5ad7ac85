#include "client/token_file.h"

#include <utility>

#include <fmt/format.h>

#include "base/durable_file.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

// As much as a request's metadata may hold (8 KiB) leaves room for.
constexpr std::size_t kMaxTokenBytes = 4096;
constexpr const char* kWhiteSpace = " \t\r\n";

absl::StatusOr<std::string> ReadToken(const std::filesystem::path& path) {
  GUICHET_ASSIGN_OR_RETURN(std::string token, ReadFile(path, kMaxTokenBytes));
  token.erase(token.find_last_not_of(kWhiteSpace) + 1);
  token.erase(0, token.find_first_not_of(kWhiteSpace));
  if (token.empty()) {
    return absl::InvalidArgumentError(fmt::format("{} holds no token", path.string()));
  }
  for (const char c : token) {
    if (c <= ' ' || c > '~') {
      return absl::InvalidArgumentError(
          fmt::format("{}: a token is one line of printable ASCII without spaces", path.string()));
    }
  }
  return token;
}

}  // namespace

TokenFile::TokenFile(std::filesystem::path path, const Clock& clock)
    : path_(std::move(path)), clock_(clock) {}

absl::StatusOr<std::string> TokenFile::Token() {
  MutexLock lock(mutex_);
  const SteadyTime now = clock_.Now();
  if (token_.empty() || now - checked_ >= kCheckInterval) {
    absl::StatusOr<std::string> token = ReadToken(path_);
    if (!token.ok() && token_.empty()) return token;
    if (token.ok()) token_ = *std::move(token);
    checked_ = now;
  }
  return token_;
}

absl::StatusOr<std::unique_ptr<TokenFile>> OpenTokenFile(const std::string& path) {
  if (path.empty()) return nullptr;
  auto file = std::make_unique<TokenFile>(path);
  GUICHET_RETURN_IF_ERROR(file->Token().status());
  return file;
}

}  // namespace guichet
