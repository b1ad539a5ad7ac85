#pragma once

#include <string>

#include "absl/status/statusor.h"
#include "base/clock.h"
#include "server/config/server_config.h"

namespace guichet {

// The server's key and certificate chain, and the authority whose clients it trusts (empty: any
// client), as PEM texts that were found to fit together.
struct CertificateSet {
  std::string key;
  std::string chain;
  std::string client_ca;
  WallTime expiry;  // of the server's own certificate
};

// Reads and checks the files of section `tls`. INVALID_ARGUMENT names the file that is no PEM, the
// key that is not the certificate's, or a certificate that has expired at `now`; NOT_FOUND: a file
// is absent.
absl::StatusOr<CertificateSet> ReadCertificates(const TlsOptions& options, WallTime now);

}  // namespace guichet
