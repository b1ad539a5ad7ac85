#include "server/rpc/models_service.h"

#include <algorithm>

#include <fmt/format.h>
#include <google/protobuf/util/time_util.h>

#include "base/status_macros.h"
#include "model/bundle/model_bundle.h"
#include "server/rpc/operator_call.h"
#include "server/rpc/paging.h"
#include "server/rpc/training_messages.h"

namespace guichet {
namespace {

using google::protobuf::util::TimeUtil;

v1::VersionState StateOf(const OperatorEnvironment& environment, const VersionRecord& version,
                         const ServicePointer& pointer) {
  if (version.version == pointer.version) return v1::IN_SERVICE;
  return environment.versions.IsLoaded(version.version) ? v1::LOADED : v1::STORED;
}

void Describe(const OperatorEnvironment& environment, const VersionRecord& version,
              const ServicePointer& pointer, v1::ModelVersion* message) {
  message->set_model(version.model);
  message->set_version(version.version);
  message->set_state(StateOf(environment, version, pointer));
  message->set_pinned(version.pinned);
  *message->mutable_create_time() = TimeUtil::MicrosecondsToTimestamp(version.created);
  message->set_origin(version.origin);
  message->set_job_id(version.job_id);
  message->set_parent_version(version.parent_version);
  message->set_verdict(version.verdict);
  message->set_manifest_sha256(version.manifest_sha256);
  message->set_failure(version.failure);
  const auto text = ReadBundleManifestText(version.folder);
  const auto manifest = text.ok() ? ParseBundleManifest(*text) : text.status();
  if (!manifest.ok()) {
    if (version.failure.empty()) message->set_failure(manifest.status().ToString());
    return;
  }
  message->set_base_model(manifest->base_model);
  for (const std::string& label : manifest->labels) message->add_labels(label);
  message->set_metrics_json(manifest->metrics_json);
}

// 0: the version in service.
absl::Status DescribeOne(const OperatorEnvironment& environment, std::int64_t version,
                         v1::ModelVersion* message) {
  if (version < 0) {
    return absl::InvalidArgumentError(
        fmt::format("version is {}; it must be 0, the one in service, or from 1", version));
  }
  GUICHET_ASSIGN_OR_RETURN(const VersionList list, environment.versions.List());
  const std::int64_t wanted = version == 0 ? list.pointer.version : version;
  for (const VersionRecord& record : list.versions) {
    if (record.version != wanted) continue;
    Describe(environment, record, list.pointer, message);
    return absl::OkStatus();
  }
  return absl::NotFoundError(
      fmt::format("no version {} of model \"{}\"; ListVersions shows those "
                  "there are",
                  wanted, environment.versions.model()));
}

absl::Status List(const OperatorEnvironment& environment, v1::ListVersionsResponse* response) {
  GUICHET_ASSIGN_OR_RETURN(const VersionList list, environment.versions.List());
  for (const VersionRecord& version : list.versions) {
    Describe(environment, version, list.pointer, response->add_versions());
  }
  response->set_version_in_service(list.pointer.version);
  response->set_previous_version(list.pointer.previous);
  return absl::OkStatus();
}

void ToMessage(const AuditRow& row, v1::AuditEntry* message) {
  message->set_number(row.number);
  *message->mutable_time() = TimeUtil::MicrosecondsToTimestamp(row.time);
  message->set_actor(row.entry.actor);
  message->set_action(row.entry.action);
  message->set_subject(row.entry.subject);
  message->set_details(row.entry.details);
  message->set_sha256(row.sha256);
}

absl::Status ListAuditOf(const OperatorEnvironment& environment,
                         const v1::ListAuditEntriesRequest& request,
                         v1::ListAuditEntriesResponse* response) {
  GUICHET_ASSIGN_OR_RETURN(const std::int32_t size, PageSize(request.page_size()));
  GUICHET_ASSIGN_OR_RETURN(const std::int64_t before, NumberBefore(request.page_token()));
  std::vector<AuditRow> rows;
  absl::Status verified;
  GUICHET_RETURN_IF_ERROR(
      environment.database.Transact([&](SqlTransaction& transaction) -> absl::Status {
        if (request.verify()) verified = VerifyAudit(transaction);
        if (!verified.ok() && !absl::IsDataLoss(verified)) return verified;
        // One more than asked for tells whether there is another page.
        GUICHET_ASSIGN_OR_RETURN(rows, ListAudit(transaction, before, size + 1));
        return absl::OkStatus();
      }));
  if (rows.size() > static_cast<std::size_t>(size)) {
    rows.pop_back();
    response->set_next_page_token(std::to_string(rows.back().number));
  }
  for (const AuditRow& row : rows) ToMessage(row, response->add_entries());
  if (request.verify()) response->set_intact(verified.ok());
  if (!verified.ok()) response->set_damage(std::string(verified.message()));
  return absl::OkStatus();
}

}  // namespace

ModelsService::ModelsService(OperatorEnvironment& environment, prometheus::Registry& metrics)
    : environment_(environment),
      list_versions_(metrics, v1::Models::service_full_name(), "ListVersions"),
      get_version_(metrics, v1::Models::service_full_name(), "GetVersion"),
      promote_(metrics, v1::Models::service_full_name(), "Promote"),
      rollback_(metrics, v1::Models::service_full_name(), "Rollback"),
      pin_(metrics, v1::Models::service_full_name(), "Pin"),
      delete_version_(metrics, v1::Models::service_full_name(), "DeleteVersion"),
      list_audit_entries_(metrics, v1::Models::service_full_name(), "ListAuditEntries") {}

grpc::ServerUnaryReactor* ModelsService::ListVersions(grpc::CallbackServerContext* context,
                                                      const v1::ListVersionsRequest* request,
                                                      v1::ListVersionsResponse* response) {
  return OperatorCall::Start(
      environment_.rpc, environment_.reads, list_versions_, *context,
      [this, request, response]() -> absl::Status {
        GUICHET_RETURN_IF_ERROR(environment_.versions.CheckModel(request->model()));
        return List(environment_, response);
      });
}

grpc::ServerUnaryReactor* ModelsService::GetVersion(grpc::CallbackServerContext* context,
                                                    const v1::GetVersionRequest* request,
                                                    v1::ModelVersion* response) {
  return OperatorCall::Start(
      environment_.rpc, environment_.reads, get_version_, *context,
      [this, request, response]() -> absl::Status {
        GUICHET_RETURN_IF_ERROR(environment_.versions.CheckModel(request->model()));
        return DescribeOne(environment_, request->version(), response);
      });
}

grpc::ServerUnaryReactor* ModelsService::Promote(grpc::CallbackServerContext* context,
                                                 const v1::PromoteRequest* request,
                                                 v1::ModelVersion* response) {
  return OperatorCall::Start(
      environment_.rpc, environment_.changes, promote_, *context,
      [this, actor = context->peer(), request, response]() -> absl::Status {
        VersionControl& versions = environment_.versions;
        GUICHET_RETURN_IF_ERROR(versions.CheckModel(request->model()));
        GUICHET_RETURN_IF_ERROR(versions.Promote(
            request->version(),
            {.expected = request->expected_version_in_service(), .force = request->force()},
            actor));
        return DescribeOne(environment_, request->version(), response);
      });
}

grpc::ServerUnaryReactor* ModelsService::Rollback(grpc::CallbackServerContext* context,
                                                  const v1::RollbackRequest* request,
                                                  v1::ModelVersion* response) {
  return OperatorCall::Start(
      environment_.rpc, environment_.changes, rollback_, *context,
      [this, actor = context->peer(), request, response]() -> absl::Status {
        VersionControl& versions = environment_.versions;
        GUICHET_RETURN_IF_ERROR(versions.CheckModel(request->model()));
        GUICHET_RETURN_IF_ERROR(versions.Rollback(request->expected_version_in_service(), actor));
        return DescribeOne(environment_, 0, response);
      });
}

grpc::ServerUnaryReactor* ModelsService::Pin(grpc::CallbackServerContext* context,
                                             const v1::PinRequest* request,
                                             v1::ModelVersion* response) {
  return OperatorCall::Start(
      environment_.rpc, environment_.changes, pin_, *context,
      [this, actor = context->peer(), request, response]() -> absl::Status {
        VersionControl& versions = environment_.versions;
        GUICHET_RETURN_IF_ERROR(versions.CheckModel(request->model()));
        GUICHET_RETURN_IF_ERROR(versions.Pin(request->version(), request->pinned(), actor));
        return DescribeOne(environment_, request->version(), response);
      });
}

grpc::ServerUnaryReactor* ModelsService::DeleteVersion(grpc::CallbackServerContext* context,
                                                       const v1::DeleteVersionRequest* request,
                                                       v1::DeleteVersionResponse*) {
  return OperatorCall::Start(environment_.rpc, environment_.changes, delete_version_, *context,
                             [this, actor = context->peer(), request]() -> absl::Status {
                               VersionControl& versions = environment_.versions;
                               GUICHET_RETURN_IF_ERROR(versions.CheckModel(request->model()));
                               return versions.Delete(request->version(), actor);
                             });
}

grpc::ServerUnaryReactor* ModelsService::ListAuditEntries(
    grpc::CallbackServerContext* context, const v1::ListAuditEntriesRequest* request,
    v1::ListAuditEntriesResponse* response) {
  // To verify is to read all rows.
  WorkPool& pool = request->verify() ? environment_.scans : environment_.reads;
  return OperatorCall::Start(
      environment_.rpc, pool, list_audit_entries_, *context,
      [this, request, response] { return ListAuditOf(environment_, *request, response); });
}

}  // namespace guichet
