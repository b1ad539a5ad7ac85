#include "server/security/reloadable_certificates.h"

#include <cstdint>
#include <string>
#include <utility>

#include <grpc/grpc.h>
#include <grpc/grpc_security.h>

#include "base/mutex.h"
#include "base/status_macros.h"

namespace guichet {

struct ServedCertificates {
  ServedCertificates(const TlsOptions& given_options, const Clock& given_clock)
      : options(given_options), clock(given_clock) {}

  const TlsOptions options;
  const Clock& clock;
  mutable Mutex mutex;
  CertificateSet current GUICHET_GUARDED_BY(mutex);
  std::uint64_t generation GUICHET_GUARDED_BY(mutex) = 0;  // counts loads
  std::uint64_t fetched GUICHET_GUARDED_BY(mutex) = 0;     // the one gRPC has
};

namespace {

// gRPC asks before every handshake.
grpc_ssl_certificate_config_reload_status Fetch(void* user_data,
                                                grpc_ssl_server_certificate_config** config) {
  auto& served = *static_cast<ServedCertificates*>(user_data);
  const MutexLock lock(served.mutex);
  if (served.fetched == served.generation) return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_UNCHANGED;
  const grpc_ssl_pem_key_cert_pair pair = {served.current.key.c_str(),
                                           served.current.chain.c_str()};
  // gRPC aborts without roots, although it reads them only when it asks for client certificates.
  const std::string& roots =
      served.current.client_ca.empty() ? served.current.chain : served.current.client_ca;
  *config = grpc_ssl_server_certificate_config_create(roots.c_str(), &pair, 1);
  served.fetched = served.generation;
  return GRPC_SSL_CERTIFICATE_CONFIG_RELOAD_NEW;
}

// The C++ API has no credentials that reload; the C API's have.
class FetchingCredentials final : public grpc::ServerCredentials {
 public:
  explicit FetchingCredentials(ServedCertificates& served)
      : credentials_(grpc_ssl_server_credentials_create_with_options(
            grpc_ssl_server_credentials_create_options_using_config_fetcher(
                served.options.client_ca.empty()
                    ? GRPC_SSL_DONT_REQUEST_CLIENT_CERTIFICATE
                    : GRPC_SSL_REQUEST_AND_REQUIRE_CLIENT_CERTIFICATE_AND_VERIFY,
                Fetch, &served))) {}
  ~FetchingCredentials() override { grpc_server_credentials_release(credentials_); }

  // Callers are told apart by their certificates alone.
  void SetAuthMetadataProcessor(const std::shared_ptr<grpc::AuthMetadataProcessor>&) override {}

 private:
  int AddPortToServer(const std::string& address, grpc_server* server) override {
    return grpc_server_add_http2_port(server, address.c_str(), credentials_);
  }

  grpc_server_credentials* const credentials_;
};

}  // namespace

absl::StatusOr<std::unique_ptr<ReloadableCertificates>> ReloadableCertificates::Open(
    const TlsOptions& options, const Clock& clock) {
  std::unique_ptr<ReloadableCertificates> certificates(
      new ReloadableCertificates(std::make_unique<ServedCertificates>(options, clock)));
  GUICHET_RETURN_IF_ERROR(certificates->Reload());
  return certificates;
}

ReloadableCertificates::ReloadableCertificates(std::unique_ptr<ServedCertificates> served)
    : served_(std::move(served)) {}

ReloadableCertificates::~ReloadableCertificates() = default;

absl::Status ReloadableCertificates::Reload() {
  GUICHET_ASSIGN_OR_RETURN(CertificateSet set,
                           ReadCertificates(served_->options, served_->clock.WallNow()));
  const MutexLock lock(served_->mutex);
  served_->current = std::move(set);
  ++served_->generation;
  return absl::OkStatus();
}

WallTime ReloadableCertificates::expiry() const {
  const MutexLock lock(served_->mutex);
  return served_->current.expiry;
}

std::shared_ptr<grpc::ServerCredentials> ReloadableCertificates::Credentials() const {
  return std::make_shared<FetchingCredentials>(*served_);
}

}  // namespace guichet
