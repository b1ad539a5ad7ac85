#include "server/store/database.h"

#include <chrono>
#include <utility>

#include <fmt/format.h>
#include <sqlite3.h>

#include "base/status_macros.h"
#include "server/store/schema.h"

namespace guichet {
namespace {

// How long a statement waits for another process that reads the file, a backup for instance.
constexpr int kBusyMilliseconds = 5000;

sqlite3* Connection(void* connection) { return static_cast<sqlite3*>(connection); }
sqlite3_stmt* Statement(void* statement) { return static_cast<sqlite3_stmt*>(statement); }

absl::Status ErrorOf(sqlite3* connection, int result) {
  const std::string message = fmt::format("the database: {}", sqlite3_errmsg(connection));
  switch (result & 0xFF) {
    case SQLITE_CONSTRAINT:
      return absl::AlreadyExistsError(message);
    case SQLITE_FULL:
      return absl::ResourceExhaustedError(message + "; free some space on its disk");
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return absl::FailedPreconditionError(message + "; another process uses this folder");
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
      return absl::DataLossError(message + "; put a backup in its place or move the file away");
    default:
      return absl::InternalError(message);
  }
}

// A prepared statement with its values.
class Prepared {
 public:
  static absl::StatusOr<Prepared> Make(sqlite3* connection, std::string_view sql,
                                       const std::vector<SqlValue>& values) {
    sqlite3_stmt* statement = nullptr;
    const int result = sqlite3_prepare_v2(connection, sql.data(), static_cast<int>(sql.size()),
                                          &statement, nullptr);
    if (result != SQLITE_OK) return ErrorOf(connection, result);
    Prepared prepared(connection, statement);
    for (std::size_t i = 0; i < values.size(); ++i) {
      const int bound = prepared.Bind(static_cast<int>(i) + 1, values[i]);
      if (bound != SQLITE_OK) return ErrorOf(connection, bound);
    }
    return prepared;
  }
  Prepared(Prepared&& other) noexcept
      : connection_(other.connection_), statement_(std::exchange(other.statement_, nullptr)) {}
  Prepared& operator=(Prepared&&) = delete;
  ~Prepared() { sqlite3_finalize(statement_); }

  // True: a row is there; false: the statement is done.
  absl::StatusOr<bool> Step() {
    const int result = sqlite3_step(statement_);
    if (result == SQLITE_ROW) return true;
    if (result == SQLITE_DONE) return false;
    return ErrorOf(connection_, result);
  }

  SqlRow row() const { return SqlRow(statement_); }

 private:
  Prepared(sqlite3* connection, sqlite3_stmt* statement)
      : connection_(connection), statement_(statement) {}

  int Bind(int index, const SqlValue& value) {
    if (const auto* number = std::get_if<std::int64_t>(&value)) {
      return sqlite3_bind_int64(statement_, index, *number);
    }
    if (const auto* real = std::get_if<double>(&value)) {
      return sqlite3_bind_double(statement_, index, *real);
    }
    if (const auto* text = std::get_if<std::string>(&value)) {
      return sqlite3_bind_text(statement_, index, text->data(), static_cast<int>(text->size()),
                               SQLITE_TRANSIENT);
    }
    return sqlite3_bind_null(statement_, index);
  }

  sqlite3* connection_;
  sqlite3_stmt* statement_;
};

absl::Status RunScript(sqlite3* connection, const char* sql) {
  const int result = sqlite3_exec(connection, sql, nullptr, nullptr, nullptr);
  return result == SQLITE_OK ? absl::OkStatus() : ErrorOf(connection, result);
}

// A new file becomes one with a write-ahead log. Where two connections do that at once SQLite does
// not wait, since each may hold what the other wants: one is told "busy" and comes again.
absl::Status KeepAWriteAheadLog(sqlite3* connection) {
  const auto give_up =
      std::chrono::steady_clock::now() + std::chrono::milliseconds(kBusyMilliseconds);
  while (true) {
    absl::Status status = RunScript(connection, "PRAGMA journal_mode=WAL");
    const bool busy = (sqlite3_extended_errcode(connection) & 0xFF) == SQLITE_BUSY;
    if (!busy || std::chrono::steady_clock::now() > give_up) return status;
    sqlite3_sleep(1);
  }
}

}  // namespace

std::int64_t SqlRow::Integer(int column) const {
  return sqlite3_column_int64(Statement(statement_), column);
}

double SqlRow::Real(int column) const {
  return sqlite3_column_double(Statement(statement_), column);
}

std::string SqlRow::Text(int column) const {
  const unsigned char* text = sqlite3_column_text(Statement(statement_), column);
  if (text == nullptr) return {};
  const int size = sqlite3_column_bytes(Statement(statement_), column);
  return std::string(reinterpret_cast<const char*>(text), static_cast<std::size_t>(size));
}

absl::StatusOr<std::int64_t> SqlTransaction::Execute(std::string_view sql,
                                                     const std::vector<SqlValue>& values) {
  sqlite3* connection = Connection(connection_);
  GUICHET_ASSIGN_OR_RETURN(Prepared statement, Prepared::Make(connection, sql, values));
  GUICHET_RETURN_IF_ERROR(statement.Step().status());
  return sqlite3_changes64(connection);
}

absl::Status SqlTransaction::Query(std::string_view sql, const std::vector<SqlValue>& values,
                                   const std::function<void(const SqlRow&)>& take) {
  GUICHET_ASSIGN_OR_RETURN(Prepared statement,
                           Prepared::Make(Connection(connection_), sql, values));
  while (true) {
    GUICHET_ASSIGN_OR_RETURN(const bool has_row, statement.Step());
    if (!has_row) return absl::OkStatus();
    take(statement.row());
  }
}

std::int64_t SqlTransaction::last_row_id() const {
  return sqlite3_last_insert_rowid(Connection(connection_));
}

absl::StatusOr<std::unique_ptr<Database>> Database::Open(const std::filesystem::path& file) {
  sqlite3* connection = nullptr;
  const std::string name = file.empty() ? ":memory:" : file.string();
  const int result = sqlite3_open_v2(
      name.c_str(), &connection,
      SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE,
      nullptr);
  if (result != SQLITE_OK) {
    const std::string reason = connection == nullptr ? "no memory" : sqlite3_errmsg(connection);
    sqlite3_close(connection);
    return absl::FailedPreconditionError(fmt::format("cannot open {}: {}", name, reason));
  }
  std::unique_ptr<Database> database(new Database(connection));
  const absl::Status status = database->SetUp();
  if (!status.ok()) {
    return absl::Status(status.code(), fmt::format("{}: {}", name, std::string(status.message())));
  }
  return database;
}

Database::~Database() {
  const MutexLock lock(mutex_);
  sqlite3_close(Connection(connection_));
}

absl::Status Database::SetUp() {
  {
    const MutexLock lock(mutex_);
    sqlite3* connection = Connection(connection_);
    sqlite3_busy_timeout(connection, kBusyMilliseconds);
    GUICHET_RETURN_IF_ERROR(KeepAWriteAheadLog(connection));
    GUICHET_RETURN_IF_ERROR(RunScript(connection,
                                      "PRAGMA synchronous=FULL;"
                                      "PRAGMA foreign_keys=ON;"));
  }
  return Migrate();
}

absl::Status Database::Migrate() {
  return Transact([this](SqlTransaction& transaction) GUICHET_REQUIRES(mutex_) {
    std::int64_t version = 0;
    GUICHET_RETURN_IF_ERROR(transaction.Query(
        "PRAGMA user_version", {}, [&](const SqlRow& row) { version = row.Integer(0); }));
    const auto steps = SchemaSteps();
    const auto newest = static_cast<std::int64_t>(steps.size());
    if (version > newest) {
      return absl::FailedPreconditionError(
          fmt::format("its tables are of version {}, this guichet knows {}; run the guichet that "
                      "wrote it, or a newer one",
                      version, newest));
    }
    sqlite3* connection = Connection(connection_);
    for (; version < newest; ++version) {
      GUICHET_RETURN_IF_ERROR(RunScript(connection, steps[static_cast<std::size_t>(version)]));
    }
    return RunScript(connection, fmt::format("PRAGMA user_version={}", newest).c_str());
  });
}

absl::Status Database::Transact(const std::function<absl::Status(SqlTransaction&)>& work) {
  const MutexLock lock(mutex_);
  sqlite3* connection = Connection(connection_);
  GUICHET_RETURN_IF_ERROR(RunScript(connection, "BEGIN IMMEDIATE"));
  SqlTransaction transaction(connection);
  absl::Status status = work(transaction);
  if (status.ok()) status = RunScript(connection, "COMMIT");
  // Some failures have rolled back already; then this one says so, which is no news.
  if (!status.ok()) (void)RunScript(connection, "ROLLBACK");
  return status;
}

}  // namespace guichet
