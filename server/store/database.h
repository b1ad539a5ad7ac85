#pragma once

#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "absl/status/status.h"
#include "absl/status/statusor.h"
#include "base/mutex.h"

namespace guichet {

// NULL, INTEGER, REAL or TEXT.
using SqlValue = std::variant<std::monostate, std::int64_t, double, std::string>;

// One row of an answer. NULL reads as 0 or "".
class SqlRow {
 public:
  explicit SqlRow(void* statement) : statement_(statement) {}
  std::int64_t Integer(int column) const;
  double Real(int column) const;
  std::string Text(int column) const;

 private:
  void* statement_;  // sqlite3_stmt
};

// Statements of one open transaction.
class SqlTransaction {
 public:
  // Runs one statement; returns how many rows it changed. ALREADY_EXISTS: a UNIQUE constraint;
  // RESOURCE_EXHAUSTED: the disk is full; else INTERNAL.
  absl::StatusOr<std::int64_t> Execute(std::string_view sql, const std::vector<SqlValue>& values);
  // Calls `take` for each row. Errors as above.
  absl::Status Query(std::string_view sql, const std::vector<SqlValue>& values,
                     const std::function<void(const SqlRow&)>& take);
  std::int64_t last_row_id() const;

 private:
  friend class Database;
  explicit SqlTransaction(void* connection) : connection_(connection) {}
  void* connection_;  // sqlite3
};

// The service's memory: one SQLite file in WAL mode with synchronous=FULL, so that what a
// transaction wrote is on disk when it returns. Transactions are serialised; thread-safe. Never
// called from a callback thread: a transaction waits for the disk.
class Database {
 public:
  // Creates the file where there is none and brings its tables up to date. Empty: in memory.
  // FAILED_PRECONDITION: a newer guichet wrote it, or another process has it; DATA_LOSS: it is
  // damaged.
  static absl::StatusOr<std::unique_ptr<Database>> Open(const std::filesystem::path& file);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  // All that `work` writes, or, when it or the commit fails, nothing.
  absl::Status Transact(const std::function<absl::Status(SqlTransaction&)>& work);

 private:
  explicit Database(void* connection) : connection_(connection) {}
  absl::Status SetUp();
  absl::Status Migrate();

  Mutex mutex_;
  void* const connection_ GUICHET_GUARDED_BY(mutex_);  // sqlite3
};

}  // namespace guichet
