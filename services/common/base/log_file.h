// A copy of the log in a file, for an agent beside the process that takes it elsewhere.
#pragma once

#include <cstddef>
#include <ostream>
#include <streambuf>
#include <string>

#include "common/base/log.h"

namespace base {

// Writes what comes to `first`, and to the file as well. A file that is full is renamed to PATH.1 in place of the one before, so
// that both together stay below twice `most` bytes. Where the file can't be written, because the disk is full or the folder is
// not there, its lines are left out and `first` hears of it once; the next line tries again.
class LogFile : private std::streambuf {
public:
    // Of lines of 300 bytes, 50,000: an agent may be that far behind, and what is in PATH.1 besides.
    static constexpr std::size_t kMost = 16U << 20U;

    LogFile(std::ostream& first, std::string path, std::size_t most = kMost);
    ~LogFile() override;
    LogFile(const LogFile&) = delete;
    LogFile& operator=(const LogFile&) = delete;

    std::ostream& stream() { return stream_; }

private:
    std::streamsize xsputn(const char* text, std::streamsize size) override;
    int_type overflow(int_type one) override;
    int sync() override;

    bool open();
    void make_room(std::size_t size);
    void append(const char* text, std::size_t size);
    void fail();
    void close();

    std::ostream& first_;
    Log alarm_;
    std::string path_;
    std::size_t most_;
    int file_ = -1;
    std::size_t size_ = 0;
    bool torn_ = false;     // The last line was written in part.
    bool failing_ = false;  // And that was told.
    std::ostream stream_{this};
};

}  // namespace base
