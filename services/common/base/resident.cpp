// Through glibc and the dynamic loader.
#include "common/base/resident.h"

#include <link.h>
#include <malloc.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cstddef>
#include <cstdint>

namespace base {
namespace {

constexpr int kArenas = 2;  // As many as there are event loops; the others' work is short, or waits for a database.

// Segments that can't be written are as their files are, whenever they are read again; relocations are in the others. The last
// page stays, as do all where a segment does not begin with a page: they might belong to a neighbour too.
int forget_object(dl_phdr_info* object, std::size_t, void*) {
    const auto page = static_cast<std::uintptr_t>(sysconf(_SC_PAGESIZE));
    for (int i = 0; i < object->dlpi_phnum; ++i) {
        const ElfW(Phdr)& segment = object->dlpi_phdr[i];
        const std::uintptr_t from = object->dlpi_addr + segment.p_vaddr;
        const std::uintptr_t size = segment.p_memsz & ~(page - 1);
        if (segment.p_type != PT_LOAD || (segment.p_flags & PF_W) != 0 || from % page != 0 || size == 0) continue;
        void* const pages = reinterpret_cast<void*>(from);  // NOLINT(performance-no-int-to-ptr): a number is what a loader gives.
        madvise(pages, size, MADV_DONTNEED);
    }
    return 0;
}

}  // namespace

void use_few_arenas() {
    mallopt(M_ARENA_MAX, kArenas);
}

void forget_read_pages() {
    dl_iterate_phdr(forget_object, nullptr);
}

}  // namespace base
