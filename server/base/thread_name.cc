#include "server/base/thread_name.h"

#include <pthread.h>

namespace guichet {
namespace {

constexpr std::size_t kKernelNameBytes = 15;

}  // namespace

void SetThreadName(const std::string& name) {
  ::pthread_setname_np(::pthread_self(), name.substr(0, kKernelNameBytes).c_str());
}

}  // namespace guichet
