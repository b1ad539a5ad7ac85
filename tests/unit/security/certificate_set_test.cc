#include "server/security/certificate_set.h"

#include <fstream>
#include <string>

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temp_folder.h"
#include "tests/support/test_certificates.h"

namespace guichet {
namespace {

using ::testing::HasSubstr;

class CertificateSetTest : public ::testing::Test {
 protected:
  CertificateSetTest() {
    options_.certificate = Write("server.pem", identity_.certificate);
    options_.key = Write("server.key", identity_.key);
  }

  std::string Write(const std::string& name, const std::string& text) {
    const auto path = temp_.path() / name;
    std::ofstream(path) << text;
    return path.string();
  }
  absl::StatusOr<CertificateSet> Read() {
    return ReadCertificates(options_, Clock::System().WallNow());
  }
  void ExpectRefused(const std::string& words) {
    const auto set = Read();
    ASSERT_FALSE(set.ok());
    EXPECT_EQ(set.status().code(), absl::StatusCode::kInvalidArgument);
    EXPECT_THAT(std::string(set.status().message()), HasSubstr(words));
  }

  const TempFolder temp_;
  TestAuthority authority_;
  const TestIdentity identity_ = authority_.Issue("localhost");
  TlsOptions options_;
};

TEST_F(CertificateSetTest, ReadsFilesThatFit) {
  options_.client_ca = Write("ca.pem", authority_.certificate());
  const auto set = Read();
  ASSERT_TRUE(set.ok()) << set.status();
  EXPECT_EQ(set->key, identity_.key);
  EXPECT_EQ(set->chain, identity_.certificate);
  EXPECT_EQ(set->client_ca, authority_.certificate());
  const auto left = set->expiry - Clock::System().WallNow();
  EXPECT_GT(left, std::chrono::minutes(50));
  EXPECT_LE(left, std::chrono::minutes(60));
}

TEST_F(CertificateSetTest, RefusesAKeyOfAnotherCertificate) {
  Write("server.key", authority_.Issue("other").key);
  ExpectRefused("is not the key of the certificate");
}

TEST_F(CertificateSetTest, RefusesHalfWrittenFiles) {
  Write("server.key", identity_.key.substr(0, identity_.key.size() / 2));
  ExpectRefused("tls.key");
  Write("server.key", identity_.key);
  Write("server.pem", identity_.certificate.substr(0, 100));
  ExpectRefused("tls.certificate");
  Write("server.pem", identity_.certificate);
  options_.client_ca = Write("ca.pem", "");
  ExpectRefused("tls.client_ca");
}

TEST_F(CertificateSetTest, RefusesAnExpiredCertificate) {
  const TestIdentity expired = authority_.Issue("localhost", -60);
  Write("server.pem", expired.certificate);
  Write("server.key", expired.key);
  ExpectRefused("has expired");
}

TEST_F(CertificateSetTest, NamesAnAbsentFile) {
  options_.key = (temp_.path() / "absent.key").string();
  const auto set = Read();
  EXPECT_EQ(set.status().code(), absl::StatusCode::kNotFound);
  EXPECT_THAT(std::string(set.status().message()), HasSubstr("absent.key"));
}

TEST_F(CertificateSetTest, MessagesHoldNoKey) {
  Write("server.key", "-----BEGIN PRIVATE KEY-----\nsecretsecret\n-----END PRIVATE KEY-----\n");
  const auto set = Read();
  ASSERT_FALSE(set.ok());
  EXPECT_EQ(set.status().message().find("secretsecret"), absl::string_view::npos);
}

}  // namespace
}  // namespace guichet
