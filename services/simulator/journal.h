// An append-only file of records, each on the disk before anyone is told of it.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <functional>
#include <mutex>
#include <stdexcept>
#include <string>
#include <string_view>

namespace simulator {

// The file can't be written any more. What it holds is whole; the process must be started again to go on.
class JournalBroken : public std::runtime_error {
public:
    using std::runtime_error::runtime_error;
};

// A record is a line: the CRC-32 of its text in hex, a blank, the text. Safe from several threads.
class Journal {
public:
    // Opens or makes the file, under a lock that keeps a second process out, and hands each record to `replay`. A last line that
    // is torn, as a crash leaves it, was never answered for and is cut off; a damaged one before it is not survived. Throws
    // std::runtime_error that names the file and the line.
    Journal(const std::string& path, const std::function<void(std::string_view)>& replay);
    ~Journal();
    Journal(const Journal&) = delete;
    Journal& operator=(const Journal&) = delete;

    // Puts a record (without line breaks) after the others; it is not on the disk yet. Returns its position.
    std::uint64_t append(std::string_view record);
    // Of the last record appended.
    std::uint64_t position() const;
    // Returns when everything up to that position is on the disk; those who wait at the same time share one fsync. Throws
    // JournalBroken.
    void wait_for(std::uint64_t position);

    bool broken() const;

private:
    void write_out(const std::string& lines);

    const std::string path_;
    int file_ = -1;
    mutable std::mutex mutex_;
    std::condition_variable written_;
    std::string waiting_;         // Lines that nobody writes yet.
    std::uint64_t appended_ = 0;  // Records.
    std::uint64_t durable_ = 0;
    bool writing_ = false;
    bool broken_ = false;
};

}  // namespace simulator
