#pragma once

#include <utility>

#include "absl/status/status.h"
#include "absl/status/statusor.h"

// Evaluates an expression of type absl::Status and returns it from the enclosing function unless it
// is OK.
#define GUICHET_RETURN_IF_ERROR(expression) \
  GUICHET_RETURN_IF_ERROR_IMPL(GUICHET_CONCATENATE(guichet_status_, __COUNTER__), expression)
// NOLINTBEGIN(bugprone-macro-parentheses): a name that is declared cannot stand in parentheses.
#define GUICHET_RETURN_IF_ERROR_IMPL(status, expression)                 \
  do {                                                                   \
    if (absl::Status status = (expression); !status.ok()) return status; \
  } while (false)
// NOLINTEND(bugprone-macro-parentheses)

// Each use names its temporary after a number of its own, so that one may stand in another's
// argument.
#define GUICHET_CONCATENATE_INNER(a, b) a##b
#define GUICHET_CONCATENATE(a, b) GUICHET_CONCATENATE_INNER(a, b)

// GUICHET_ASSIGN_OR_RETURN(auto value, MakeValue()): assigns the value of an absl::StatusOr, or
// returns its error.
#define GUICHET_ASSIGN_OR_RETURN(declaration, expression)                                   \
  GUICHET_ASSIGN_OR_RETURN_IMPL(GUICHET_CONCATENATE(guichet_or_, __COUNTER__), declaration, \
                                expression)
// NOLINTBEGIN(bugprone-macro-parentheses): a declaration cannot stand in parentheses.
#define GUICHET_ASSIGN_OR_RETURN_IMPL(temporary, declaration, expression) \
  auto temporary = (expression);                                          \
  if (!temporary.ok()) return std::move(temporary).status();              \
  declaration = std::move(temporary).value()
// NOLINTEND(bugprone-macro-parentheses)
