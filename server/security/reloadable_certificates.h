#pragma once

#include <memory>

#include <grpcpp/security/server_credentials.h>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/clock.h"
#include "server/config/server_config.h"
#include "server/security/certificate_set.h"

namespace guichet {

struct ServedCertificates;

// The certificates new connections are met with. Reload replaces them only by files that fit
// together: with gRPC's own file watcher a half-written key makes the server refuse every new
// connection. Thread-safe.
class ReloadableCertificates {
 public:
  // An error of ReadCertificates.
  static absl::StatusOr<std::unique_ptr<ReloadableCertificates>> Open(const TlsOptions& options,
                                                                      const Clock& clock);
  ~ReloadableCertificates();

  // Reads the files again. On error the old certificates stay in use.
  absl::Status Reload();
  WallTime expiry() const;

  // For ServerBuilder::AddListeningPort; the server must end before this object. With a client_ca,
  // clients must show a certificate that it signed.
  std::shared_ptr<grpc::ServerCredentials> Credentials() const;

 private:
  explicit ReloadableCertificates(std::unique_ptr<ServedCertificates> served);

  const std::unique_ptr<ServedCertificates> served_;
};

}  // namespace guichet
