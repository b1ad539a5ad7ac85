#include "server/telemetry/process_collector.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <string>
#include <system_error>

#include <sys/resource.h>
#include <unistd.h>

namespace guichet {
namespace {

using prometheus::MetricFamily;
using prometheus::MetricType;

MetricFamily Single(const std::string& name, const std::string& help, MetricType type,
                    double value) {
  prometheus::ClientMetric metric;
  if (type == MetricType::Counter) {
    metric.counter.value = value;
  } else {
    metric.gauge.value = value;
  }
  MetricFamily family;
  family.name = name;
  family.help = help;
  family.type = type;
  family.metric.push_back(metric);
  return family;
}

// Fields of /proc/self/stat (proc(5)), counted from 3 because the name before them may hold spaces.
struct ProcessStat {
  double cpu_seconds = 0;
  double threads = 0;
  double start_seconds = 0;  // after boot
  double virtual_bytes = 0;
  double resident_bytes = 0;
};

bool ReadStat(ProcessStat* stat) {
  std::ifstream file("/proc/self/stat");
  std::string line;
  if (!std::getline(file, line)) return false;
  const std::size_t name_end = line.rfind(')');
  if (name_end == std::string::npos) return false;
  std::istringstream fields(line.substr(name_end + 1));
  const auto ticks = static_cast<double>(::sysconf(_SC_CLK_TCK));
  std::string value;
  for (int field = 3; fields >> value && field <= 24; ++field) {
    switch (field) {
      case 14:  // utime
      case 15:  // stime
        stat->cpu_seconds += std::stod(value) / ticks;
        break;
      case 20:
        stat->threads = std::stod(value);
        break;
      case 22:
        stat->start_seconds = std::stod(value) / ticks;
        break;
      case 23:
        stat->virtual_bytes = std::stod(value);
        break;
      case 24:
        stat->resident_bytes = std::stod(value) * static_cast<double>(::sysconf(_SC_PAGESIZE));
        break;
      default:
        break;
    }
  }
  return true;
}

double BootTime() {
  std::ifstream file("/proc/stat");
  std::string line;
  while (std::getline(file, line)) {
    if (line.starts_with("btime ")) return std::stod(line.substr(6));
  }
  return 0;
}

double OpenFiles() {
  double count = 0;
  std::error_code error;
  for (std::filesystem::directory_iterator it("/proc/self/fd", error), end; !error && it != end;
       it.increment(error)) {
    ++count;
  }
  return count;
}

}  // namespace

std::vector<MetricFamily> ProcessCollector::Collect() const {
  std::vector<MetricFamily> families;
  ProcessStat stat;
  if (ReadStat(&stat)) {
    families.push_back(Single("process_cpu_seconds_total", "CPU time used, user and system.",
                              MetricType::Counter, stat.cpu_seconds));
    families.push_back(Single("process_resident_memory_bytes", "Resident memory.",
                              MetricType::Gauge, stat.resident_bytes));
    families.push_back(Single("process_virtual_memory_bytes", "Address space in use.",
                              MetricType::Gauge, stat.virtual_bytes));
    families.push_back(
        Single("process_threads", "Threads of the process.", MetricType::Gauge, stat.threads));
    families.push_back(Single("process_start_time_seconds", "Start of the process, Unix time.",
                              MetricType::Gauge, BootTime() + stat.start_seconds));
  }
  families.push_back(
      Single("process_open_fds", "Open file descriptors.", MetricType::Gauge, OpenFiles()));
  struct rlimit limit{};
  if (::getrlimit(RLIMIT_NOFILE, &limit) == 0) {
    families.push_back(Single("process_max_fds", "Limit of open file descriptors.",
                              MetricType::Gauge, static_cast<double>(limit.rlim_cur)));
  }
  return families;
}

}  // namespace guichet
