// The machine's own fp32 matrix-multiplication rate at BARThez's encoder shapes, and its memory of
// it: the yardstick of the serving path. Prints one JSON object.
//
//   gemm_rate [--threads N] [--tokens N] [--d-model N] [--ffn N] [--layers N]

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <map>
#include <string>
#include <thread>
#include <vector>

#include <ATen/Parallel.h>
#include <ATen/ops/addmm.h>
#include <ATen/ops/randn.h>
#include <ATen/ops/zeros.h>
#include <c10/core/InferenceMode.h>

namespace {

double Seconds() {
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

// The fastest of several runs, after one to warm up.
double BestSeconds(const std::function<void()>& work) {
  work();
  double best = 1e9;
  for (int i = 0; i < 5; ++i) {
    const double start = Seconds();
    work();
    best = std::min(best, Seconds() - start);
  }
  return best;
}

double LinearSeconds(long tokens, long in, long out) {
  const at::Tensor x = at::randn({tokens, in});
  const at::Tensor weight = at::randn({out, in});
  const at::Tensor bias = at::zeros({out});
  return BestSeconds([&] { at::addmm(bias, x, weight.t()); });
}

}  // namespace

int main(int argc, char** argv) {
  std::map<std::string, long> options = {{"--threads", std::thread::hardware_concurrency()},
                                         {"--tokens", 1024},
                                         {"--d-model", 768},
                                         {"--ffn", 3072},
                                         {"--layers", 6}};
  for (int i = 1; i + 1 < argc; i += 2) {
    if (!options.contains(argv[i])) {
      std::fprintf(stderr, "gemm_rate: unknown option %s\n", argv[i]);
      return 2;
    }
    options[argv[i]] = std::atol(argv[i + 1]);
  }
  at::set_num_threads(static_cast<int>(options["--threads"]));
  const c10::InferenceMode no_autograd;
  const long tokens = options["--tokens"];
  const long d = options["--d-model"];
  const long ffn = options["--ffn"];
  const double seconds = LinearSeconds(tokens, d, 3 * d) + LinearSeconds(tokens, d, d) +
                         LinearSeconds(tokens, d, ffn) + LinearSeconds(tokens, ffn, d);
  const double flops = 2.0 * static_cast<double>(tokens) * static_cast<double>(d) *
                       static_cast<double>(4 * d + 2 * ffn);
  std::printf(
      "{\"threads\":%ld,\"tokens\":%ld,\"gflops\":%.2f,\"flops_per_token\":%.0f,"
      "\"tokens_per_second\":%.1f}\n",
      options["--threads"], tokens, flops / seconds / 1e9,
      flops / static_cast<double>(tokens) * static_cast<double>(options["--layers"]),
      static_cast<double>(tokens) / (seconds * static_cast<double>(options["--layers"])));
  return 0;
}
