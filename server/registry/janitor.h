#pragma once

#include <memory>
#include <thread>

namespace guichet {

// Destroys large objects on a thread of its own, so that freeing gigabytes never delays the
// request that held the last reference. Thread-safe. Wrap may outlive the janitor: objects dropped
// after its end are destroyed where they are dropped.
class Janitor {
 public:
  Janitor();
  ~Janitor();  // destroys what waits, then stops
  Janitor(const Janitor&) = delete;
  Janitor& operator=(const Janitor&) = delete;

  // A pointer to `object` whose last release hands it to this janitor.
  template <typename T>
  std::shared_ptr<T> Wrap(std::unique_ptr<T> object) {
    std::shared_ptr<T> owned = std::move(object);
    T* address = owned.get();
    return std::shared_ptr<T>(address, Release{queue_, std::move(owned)});
  }

 private:
  struct Queue;
  // The deleter: owns the object until it is called.
  struct Release {
    std::shared_ptr<Queue> queue;
    std::shared_ptr<const void> object;
    void operator()(const void*);
  };

  static void Run(Queue& queue);

  const std::shared_ptr<Queue> queue_;
  std::thread thread_;
};

}  // namespace guichet
