#pragma once

namespace guichet {

// Of the calling thread and of those that it starts later. Best effort: where the system forbids
// it, the thread only competes more.

// 0 is as the process, 19 the least that still competes.
void SetThreadNice(int nice);
// It computes while no other thread of the machine wants to, and gives way at once.
void ComputeWhenIdle();

}  // namespace guichet
