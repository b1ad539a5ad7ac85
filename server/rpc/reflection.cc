#include "server/rpc/reflection.h"

#include <algorithm>
#include <memory>
#include <vector>

#include <grpcpp/ext/proto_server_reflection_plugin.h>
#include <grpcpp/impl/server_builder_option.h>

namespace guichet {
namespace {

class ReflectionOption : public grpc::ServerBuilderOption {
 public:
  explicit ReflectionOption(bool enabled) : enabled_(enabled) {}

  void UpdateArguments(grpc::ChannelArguments*) override {}

  void UpdatePlugins(std::vector<std::unique_ptr<grpc::ServerBuilderPlugin>>* plugins) override {
    auto own = std::make_unique<grpc::reflection::ProtoServerReflectionPlugin>();
    std::erase_if(*plugins, [&own](const std::unique_ptr<grpc::ServerBuilderPlugin>& plugin) {
      return plugin->name() == own->name();
    });
    if (enabled_) plugins->push_back(std::move(own));
  }

 private:
  const bool enabled_;
};

}  // namespace

void SetReflection(grpc::ServerBuilder& builder, bool enabled) {
  builder.SetOption(std::make_unique<ReflectionOption>(enabled));
}

}  // namespace guichet
