// Generate calls one after the other for so many seconds; prints what was generated as JSON.
//   generation_load HOST:PORT SECONDS BEAMS MAX_LENGTH

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>

#include <grpcpp/create_channel.h>

#include "guichet/v1/generation.grpc.pb.h"

namespace {

namespace v1 = guichet::v1;
using Clock = std::chrono::steady_clock;

int Run(const std::string& target, double seconds, int beams, int max_length) {
  const auto channel = grpc::CreateChannel(target, grpc::InsecureChannelCredentials());
  const auto stub = v1::Generation::NewStub(channel);
  v1::GenerateRequest request;
  request.set_text("Bonjour, mon <mask> ne s'allume plus depuis ce matin, merci de m'aider.");
  request.mutable_options()->set_num_beams(beams);
  request.mutable_options()->set_max_length(max_length);
  request.mutable_options()->set_min_length(max_length);
  const auto begin = Clock::now();
  const auto end =
      begin + std::chrono::duration_cast<Clock::duration>(std::chrono::duration<double>(seconds));
  int calls = 0;
  std::int64_t tokens = 0;
  while (Clock::now() < end) {
    grpc::ClientContext context;
    context.set_deadline(std::chrono::system_clock::now() + std::chrono::seconds(120));
    const auto stream = stub->Generate(&context, request);
    for (v1::GenerateResponse response; stream->Read(&response);) {
      tokens += response.result().generated_tokens();
    }
    if (const grpc::Status status = stream->Finish(); !status.ok()) {
      std::fprintf(stderr, "generation_load: %s\n", status.error_message().c_str());
      return 1;
    }
    ++calls;
  }
  const double took = std::chrono::duration<double>(Clock::now() - begin).count();
  std::printf("{\"calls\": %d, \"tokens\": %lld, \"seconds\": %.2f, \"tokens_per_second\": %.2f}\n",
              calls, static_cast<long long>(tokens), took, static_cast<double>(tokens) / took);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 5) {
    std::fprintf(stderr, "usage: generation_load HOST:PORT SECONDS BEAMS MAX_LENGTH\n");
    return 2;
  }
  return Run(argv[1], std::atof(argv[2]), std::atoi(argv[3]), std::atoi(argv[4]));
}
