#pragma once

#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <openssl/x509v3.h>

namespace guichet {

// A key and its certificate, as PEM texts.
struct TestIdentity {
  std::string key;
  std::string certificate;
};

// A certificate authority of one test: signs identities for localhost.
class TestAuthority {
 public:
  TestAuthority() : key_(NewKey()), certificate_(X509_new(), X509_free) {
    Fill(certificate_.get(), "test authority", key_.get(), certificate_.get(), 3600, 1, true);
  }

  std::string certificate() const { return PemOf(certificate_.get()); }

  // Valid for so many seconds from now; a negative number makes an expired one.
  TestIdentity Issue(const std::string& common_name, long valid_seconds = 3600) {
    const KeyPointer key = NewKey();
    const CertificatePointer certificate(X509_new(), X509_free);
    Fill(certificate.get(), common_name, key.get(), certificate_.get(), valid_seconds, ++serial_,
         false);
    return {PemOf(key.get()), PemOf(certificate.get())};
  }

 private:
  using KeyPointer = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;
  using CertificatePointer = std::unique_ptr<X509, decltype(&X509_free)>;

  static KeyPointer NewKey() { return {EVP_EC_gen("P-256"), EVP_PKEY_free}; }

  void Fill(X509* certificate, const std::string& name, EVP_PKEY* key, X509* issuer, long seconds,
            int serial, bool authority) {
    X509_set_version(certificate, 2);
    ASN1_INTEGER_set(X509_get_serialNumber(certificate), serial);
    X509_gmtime_adj(X509_getm_notBefore(certificate), -7200);
    X509_gmtime_adj(X509_getm_notAfter(certificate), seconds);
    X509_set_pubkey(certificate, key);
    X509_NAME_add_entry_by_txt(X509_get_subject_name(certificate), "CN", MBSTRING_UTF8,
                               reinterpret_cast<const unsigned char*>(name.c_str()), -1, -1, 0);
    X509_set_issuer_name(certificate, X509_get_subject_name(issuer));
    AddExtension(certificate, NID_basic_constraints, authority ? "critical,CA:TRUE" : "CA:FALSE");
    AddExtension(certificate, NID_subject_alt_name, "DNS:localhost,IP:127.0.0.1");
    if (X509_sign(certificate, key_.get(), EVP_sha256()) == 0) {
      throw std::runtime_error("cannot sign a test certificate");
    }
  }

  static void AddExtension(X509* certificate, int id, const char* value) {
    X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, nullptr, id, value);
    X509_add_ext(certificate, extension, -1);
    X509_EXTENSION_free(extension);
  }

  static std::string Contents(BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    std::string text(data, static_cast<std::size_t>(size));
    BIO_free(bio);
    return text;
  }
  static std::string PemOf(X509* certificate) {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_X509(bio, certificate);
    return Contents(bio);
  }
  static std::string PemOf(EVP_PKEY* key) {
    BIO* bio = BIO_new(BIO_s_mem());
    PEM_write_bio_PrivateKey(bio, key, nullptr, nullptr, 0, nullptr, nullptr);
    return Contents(bio);
  }

  KeyPointer key_;
  CertificatePointer certificate_;
  int serial_ = 1;
};

}  // namespace guichet
