#include "server/security/certificate_set.h"

#include <ctime>
#include <memory>

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include "base/durable_file.h"
#include "base/status_macros.h"

namespace guichet {
namespace {

constexpr std::size_t kMaxPemBytes = std::size_t{1} << 20;

template <auto kFree>
struct Freer {
  template <typename T>
  void operator()(T* object) const {
    kFree(object);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using PrivateKey = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

Bio Reader(const std::string& pem) {
  return Bio(BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size())));
}

absl::StatusOr<Certificate> FirstCertificate(const std::string& pem, const char* field,
                                             const std::string& path) {
  Certificate certificate(PEM_read_bio_X509(Reader(pem).get(), nullptr, nullptr, nullptr));
  if (certificate == nullptr) {
    return absl::InvalidArgumentError(
        fmt::format("{}: {} holds no PEM certificate (-----BEGIN CERTIFICATE-----)", field, path));
  }
  return certificate;
}

WallTime ExpiryOf(const X509& certificate) {
  std::tm time{};
  ASN1_TIME_to_tm(X509_get0_notAfter(&certificate), &time);
  return std::chrono::system_clock::from_time_t(::timegm(&time));
}

// An encrypted key must not ask for its passphrase on the terminal.
int NoPassphrase(char*, int, int, void*) { return -1; }

}  // namespace

absl::StatusOr<CertificateSet> ReadCertificates(const TlsOptions& options, WallTime now) {
  CertificateSet set;
  GUICHET_ASSIGN_OR_RETURN(set.chain, ReadFile(options.certificate, kMaxPemBytes));
  GUICHET_ASSIGN_OR_RETURN(set.key, ReadFile(options.key, kMaxPemBytes));
  GUICHET_ASSIGN_OR_RETURN(const Certificate certificate,
                           FirstCertificate(set.chain, "tls.certificate", options.certificate));
  const PrivateKey key(
      PEM_read_bio_PrivateKey(Reader(set.key).get(), nullptr, NoPassphrase, nullptr));
  if (key == nullptr) {
    return absl::InvalidArgumentError(
        fmt::format("tls.key: {} holds no unencrypted PEM private key", options.key));
  }
  if (X509_check_private_key(certificate.get(), key.get()) != 1) {
    return absl::InvalidArgumentError(fmt::format(
        "tls.key: {} is not the key of the certificate {}", options.key, options.certificate));
  }
  set.expiry = ExpiryOf(*certificate);
  if (set.expiry <= now) {
    return absl::InvalidArgumentError(fmt::format(
        "tls.certificate: {} has expired; put a valid one in its place", options.certificate));
  }
  if (!options.client_ca.empty()) {
    GUICHET_ASSIGN_OR_RETURN(set.client_ca, ReadFile(options.client_ca, kMaxPemBytes));
    GUICHET_RETURN_IF_ERROR(
        FirstCertificate(set.client_ca, "tls.client_ca", options.client_ca).status());
  }
  return set;
}

}  // namespace guichet
