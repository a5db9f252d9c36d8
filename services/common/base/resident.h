// The memory of this process that its start alone needed.
#pragma once

namespace base {

// Before the first thread: few arenas for malloc, which makes one for each thread else, and keeps what each of them freed.
void use_few_arenas();

// Forgets the pages of programs and libraries that were read but not written: finding the symbols of a few dozen libraries
// touches most of their tables, of which the kernel maps 64 KiB at a time, and nothing reads them again. What is needed comes
// back from the page cache. About 11 MiB for a service.
void forget_loading();

}  // namespace base
