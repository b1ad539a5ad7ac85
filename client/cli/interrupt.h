#pragma once

namespace guichet {

// SIGINT and SIGTERM become a flag that long work looks at; a second one ends the process at once,
// as does the first one while nobody looks for it within a read from stdin.
void CatchInterrupts();
bool Interrupted();

// Ends the process the way the signal would have, once stdout holds whole lines: shells then see
// 130 for SIGINT and stop their loops too.
[[noreturn]] void EndInterrupted();

// Ends the process as a filter whose reader has enough (`| head`) ends: by SIGPIPE, without a word.
[[noreturn]] void EndByClosedPipe();

}  // namespace guichet
