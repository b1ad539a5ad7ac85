#pragma once

#include "guichet/v1/models.grpc.pb.h"
#include "server/rpc/operator_environment.h"
#include "server/telemetry/request_metrics.h"

namespace guichet {

// guichet.v1.Models on the callback API. What waits for the disk or a model's load runs on the
// environment's pools.
class ModelsService final : public v1::Models::CallbackService {
 public:
  // Both outlive the service.
  ModelsService(OperatorEnvironment& environment, prometheus::Registry& metrics);

  grpc::ServerUnaryReactor* ListVersions(grpc::CallbackServerContext* context,
                                         const v1::ListVersionsRequest* request,
                                         v1::ListVersionsResponse* response) override;
  grpc::ServerUnaryReactor* GetVersion(grpc::CallbackServerContext* context,
                                       const v1::GetVersionRequest* request,
                                       v1::ModelVersion* response) override;
  grpc::ServerUnaryReactor* Promote(grpc::CallbackServerContext* context,
                                    const v1::PromoteRequest* request,
                                    v1::ModelVersion* response) override;
  grpc::ServerUnaryReactor* Rollback(grpc::CallbackServerContext* context,
                                     const v1::RollbackRequest* request,
                                     v1::ModelVersion* response) override;
  grpc::ServerUnaryReactor* Pin(grpc::CallbackServerContext* context, const v1::PinRequest* request,
                                v1::ModelVersion* response) override;
  grpc::ServerUnaryReactor* DeleteVersion(grpc::CallbackServerContext* context,
                                          const v1::DeleteVersionRequest* request,
                                          v1::DeleteVersionResponse* response) override;
  grpc::ServerUnaryReactor* ListAuditEntries(grpc::CallbackServerContext* context,
                                             const v1::ListAuditEntriesRequest* request,
                                             v1::ListAuditEntriesResponse* response) override;

 private:
  OperatorEnvironment& environment_;
  MethodMetrics list_versions_;
  MethodMetrics get_version_;
  MethodMetrics promote_;
  MethodMetrics rollback_;
  MethodMetrics pin_;
  MethodMetrics delete_version_;
  MethodMetrics list_audit_entries_;
};

}  // namespace guichet
