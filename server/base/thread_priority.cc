#include "server/base/thread_priority.h"

#include <sched.h>
#include <sys/resource.h>

namespace guichet {

void SetThreadNice(int nice) {
  // To Linux, process 0 is the calling thread.
  if (nice != 0) (void)::setpriority(PRIO_PROCESS, 0, nice);
}

void ComputeWhenIdle() {
  const sched_param parameters{};
  (void)::sched_setscheduler(0, SCHED_IDLE, &parameters);
}

}  // namespace guichet
