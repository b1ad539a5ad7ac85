#include <fstream>
#include <memory>
#include <string>

#include <grpcpp/create_channel.h>
#include <grpcpp/security/credentials.h>
#include <gtest/gtest.h>

#include "grpc/health/v1/health.grpc.pb.h"
#include "server/server.h"
#include "tests/support/fake_classifier.h"
#include "tests/support/temp_folder.h"
#include "tests/support/test_certificates.h"

namespace guichet {
namespace {

// A server with TLS on a free port; clients connect anew for each check.
class TlsServerTest : public ::testing::Test {
 protected:
  TlsServerTest() {
    config_.server.address = "127.0.0.1:0";
    config_.server.http_address.clear();
    config_.model.path = temp_.path().string();  // only the manifest is read
    std::ofstream(temp_.path() / "manifest.json") << ToJson(FakeClassifier().manifest());
    config_.tls.certificate = (temp_.path() / "server.pem").string();
    config_.tls.key = (temp_.path() / "server.key").string();
    WriteIdentity(authority_.Issue("localhost"));
  }

  void Write(const std::string& path, const std::string& text) { std::ofstream(path) << text; }
  void WriteIdentity(const TestIdentity& identity) {
    Write(config_.tls.certificate, identity.certificate);
    Write(config_.tls.key, identity.key);
  }
  absl::Status Start() {
    ServerParts parts;
    parts.loader =
        [](const std::filesystem::path&) -> absl::StatusOr<std::shared_ptr<const TextClassifier>> {
      return std::make_shared<FakeClassifier>();
    };
    server_ = std::make_unique<Server>(config_, std::move(parts));
    return server_->Start();
  }

  // Whether a client that trusts `roots` and shows `identity` gets an answer.
  bool Reaches(const std::string& roots, const TestIdentity& identity = {}) {
    grpc::SslCredentialsOptions tls;
    tls.pem_root_certs = roots;
    tls.pem_private_key = identity.key;
    tls.pem_cert_chain = identity.certificate;
    return Check(grpc::SslCredentials(tls));
  }
  bool Check(const std::shared_ptr<grpc::ChannelCredentials>& credentials) {
    grpc::ChannelArguments arguments;
    arguments.SetInt(GRPC_ARG_USE_LOCAL_SUBCHANNEL_POOL, 1);
    const auto health = grpc::health::v1::Health::NewStub(grpc::CreateCustomChannel(
        "localhost:" + std::to_string(server_->grpc_port()), credentials, arguments));
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(30));
    grpc::health::v1::HealthCheckResponse response;
    return health->Check(&context, {}, &response).ok();
  }

  const TempFolder temp_;
  TestAuthority authority_;
  ServerConfig config_;
  std::unique_ptr<Server> server_;
};

TEST_F(TlsServerTest, ServesClientsThatTrustItsAuthority) {
  ASSERT_TRUE(Start().ok());
  EXPECT_TRUE(Reaches(authority_.certificate()));
  EXPECT_FALSE(Reaches(TestAuthority().certificate()));
  EXPECT_FALSE(Check(grpc::InsecureChannelCredentials()));
}

TEST_F(TlsServerTest, AsksForClientCertificatesWhenAnAuthorityIsGiven) {
  config_.tls.client_ca = (temp_.path() / "clients.pem").string();
  TestAuthority clients;
  Write(config_.tls.client_ca, clients.certificate());
  ASSERT_TRUE(Start().ok());
  EXPECT_TRUE(Reaches(authority_.certificate(), clients.Issue("helpdesk")));
  EXPECT_FALSE(Reaches(authority_.certificate())) << "without a certificate";
  EXPECT_FALSE(Reaches(authority_.certificate(), TestAuthority().Issue("stranger")));
}

TEST_F(TlsServerTest, AReloadServesTheNewCertificateToNewConnections) {
  ASSERT_TRUE(Start().ok());
  TestAuthority next;
  EXPECT_FALSE(Reaches(next.certificate()));
  WriteIdentity(next.Issue("localhost"));
  EXPECT_FALSE(Reaches(next.certificate())) << "not before the reload";
  ASSERT_TRUE(server_->ReloadCertificates().ok());
  EXPECT_TRUE(Reaches(next.certificate()));
  EXPECT_FALSE(Reaches(authority_.certificate()));
}

TEST_F(TlsServerTest, AFailedReloadKeepsTheOldCertificate) {
  ASSERT_TRUE(Start().ok());
  Write(config_.tls.key, "half a ke");
  EXPECT_EQ(server_->ReloadCertificates().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_TRUE(Reaches(authority_.certificate()));
}

TEST_F(TlsServerTest, DoesNotStartWithFilesThatDoNotFit) {
  Write(config_.tls.key, authority_.Issue("other").key);
  EXPECT_EQ(Start().code(), absl::StatusCode::kInvalidArgument);
  EXPECT_EQ(server_->grpc_port(), 0);
}

}  // namespace
}  // namespace guichet
