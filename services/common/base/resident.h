// The memory of this process that it needed once.
#pragma once

namespace base {

// Before the first thread: few arenas for malloc, which makes one for each thread else, and keeps what each of them freed.
void use_few_arenas();

// Forgets the pages of programs and libraries that were read but not written; what is needed comes back from the page cache. At
// the start the loader's search for symbols touches most of their tables, of which the kernel maps 64 KiB at a time and nothing
// reads again: about 11 MiB for a service. Work that comes seldom leaves its code behind likewise.
void forget_read_pages();

}  // namespace base
