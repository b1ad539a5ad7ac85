#pragma once

#include <span>

namespace guichet {

// The tables, as the steps that led to them: step n takes a database of version n-1 to version n.
// A step that was released is never changed; new ones are added.
std::span<const char* const> SchemaSteps();

}  // namespace guichet
