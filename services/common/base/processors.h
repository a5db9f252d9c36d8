// The processors that a thread may run on.
#pragma once

#include <cstddef>

namespace base {

// Of `count` threads that each keep to theirs, no two share a processor: out of those that the calling thread may use now, it
// keeps every `count`th from the one at `index` on. For event loops, which a scheduler likes to leave on one processor, where
// they wait for one another up to its next tick, 4 ms with most kernels. Where there are fewer processors than threads, or the
// system refuses, nothing changes. Threads that the calling one starts later inherit what it has.
void keep_to_share(std::size_t index, std::size_t count);

}  // namespace base
