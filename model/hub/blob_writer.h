#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string_view>
#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/message_digest.h"
#include "model/http/http_client.h"
#include "model/hub/hub_listing.h"

namespace guichet {

// One blob on its way from a server into a file, which may hold its beginning from an earlier try.
// Never takes more than the listing says, and is not done before size and digest agree with it.
// Alone with its file under a FileLock; used by one thread.
class BlobWriter : public HttpSink {
 public:
  using OnBytes = std::function<void(std::uint64_t done)>;

  static absl::StatusOr<std::unique_ptr<BlobWriter>> Open(const std::filesystem::path& path,
                                                          const HubFile& file);
  ~BlobWriter() override;

  void set_on_bytes(OnBytes on_bytes) { on_bytes_ = std::move(on_bytes); }

  std::uint64_t done() const { return done_; }          // bytes that are there
  std::uint64_t received() const { return received_; }  // of them from the server
  bool resumed() const { return kept_ > 0; }            // some were there before

  // 206 must go on where the file ends; 200 begins anew. DATA_LOSS: the server means another file.
  absl::Status Begin(const HttpAnswer& head) override;
  absl::Status Take(std::string_view bytes) override;

  // Forgets what is there.
  absl::Status Restart();
  // UNAVAILABLE: bytes are lacking. DATA_LOSS: they are not what the listing says. OK: on disk.
  absl::Status Finish();

 private:
  BlobWriter(std::filesystem::path path, HubFile file);
  absl::Status Prepare();

  const std::filesystem::path path_;
  const HubFile file_;
  OnBytes on_bytes_;
  int descriptor_ = -1;
  MessageDigest digest_;  // of the bytes that are there
  std::uint64_t done_ = 0;
  std::uint64_t kept_ = 0;
  std::uint64_t received_ = 0;
};

}  // namespace guichet
