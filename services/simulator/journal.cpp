// Writes, syncs and replays the journal.
#include "simulator/journal.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <array>
#include <boost/crc.hpp>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <system_error>

namespace simulator {

namespace {

constexpr std::size_t kPrefix = 9;  // Eight hex digits and a blank.

std::uint32_t checksum(std::string_view text) {
    boost::crc_32_type crc;
    crc.process_bytes(text.data(), text.size());
    return crc.checksum();
}

std::string line_of(std::string_view record) {
    std::array<char, kPrefix + 1> prefix{};
    std::snprintf(prefix.data(), prefix.size(), "%08x ", checksum(record));
    return prefix.data() + std::string(record) + "\n";
}

bool is_whole(std::string_view line) {
    std::uint32_t expected = 0;
    if (line.size() < kPrefix || line[kPrefix - 1] != ' ') return false;
    const auto [end, error] = std::from_chars(line.data(), line.data() + kPrefix - 1, expected, 16);
    return error == std::errc{} && end == line.data() + kPrefix - 1 && checksum(line.substr(kPrefix)) == expected;
}

std::runtime_error failure(const std::string& what, const std::string& path) {
    return std::runtime_error(what + " " + path + ": " + std::generic_category().message(errno));
}

// A file's name is on the disk when its folder is.
void sync_folder_of(const std::string& path) {
    const std::filesystem::path folder = std::filesystem::absolute(path).parent_path();
    const int file = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (file < 0) throw failure("open", folder);
    const int result = ::fsync(file);
    ::close(file);
    if (result != 0) throw failure("sync", folder);
}

// Where the last whole line ends. Hands every line to `replay`.
std::size_t replay_lines(const std::string& text, const std::string& path, const std::function<void(std::string_view)>& replay) {
    std::size_t at = 0;
    for (std::size_t number = 1; at < text.size(); ++number) {
        const std::size_t end = text.find('\n', at);
        const std::string_view line = std::string_view(text).substr(at, end == text.npos ? text.npos : end - at);
        const bool last = end == text.npos || end + 1 == text.size();
        if (end == text.npos || !is_whole(line)) {
            if (last) return at;
            throw std::runtime_error("journal " + path + ": line " + std::to_string(number) + " is damaged");
        }
        replay(line.substr(kPrefix));
        at = end + 1;
    }
    return at;
}

}  // namespace

Journal::Journal(const std::string& path, const std::function<void(std::string_view)>& replay) : path_(path) {
    file_ = ::open(path.c_str(), O_RDWR | O_APPEND | O_CREAT | O_CLOEXEC, 0600);
    if (file_ < 0) throw failure("open journal", path);
    try {
        if (::flock(file_, LOCK_EX | LOCK_NB) != 0) throw failure("lock journal", path);
        std::ifstream in(path, std::ios::binary);
        const std::string text(std::istreambuf_iterator<char>(in), {});
        if (!in) throw failure("read journal", path);
        const std::size_t whole = replay_lines(text, path, replay);
        if (whole != text.size() && ::ftruncate(file_, static_cast<off_t>(whole)) != 0) throw failure("cut journal", path);
        if (::fsync(file_) != 0) throw failure("sync journal", path);
        sync_folder_of(path);
    } catch (...) {
        ::close(file_);
        throw;
    }
}

Journal::~Journal() {
    ::close(file_);
}

std::uint64_t Journal::append(std::string_view record) {
    const std::string line = line_of(record);
    const std::lock_guard lock(mutex_);
    waiting_ += line;
    return ++appended_;
}

std::uint64_t Journal::position() const {
    const std::lock_guard lock(mutex_);
    return appended_;
}

void Journal::wait_for(std::uint64_t position) {
    std::unique_lock lock(mutex_);
    while (durable_ < position) {
        if (broken_) throw JournalBroken("journal " + path_ + " can't be written");
        if (writing_) {
            written_.wait(lock);
            continue;
        }
        writing_ = true;
        const std::string lines = std::exchange(waiting_, {});
        const std::uint64_t upto = appended_;
        lock.unlock();
        bool kept = true;
        try {
            write_out(lines);
        } catch (const std::system_error&) {
            kept = false;
        }
        lock.lock();
        writing_ = false;
        broken_ = broken_ || !kept;
        if (kept) durable_ = upto;
        written_.notify_all();
    }
}

bool Journal::broken() const {
    const std::lock_guard lock(mutex_);
    return broken_;
}

void Journal::write_out(const std::string& lines) {
    std::string_view left = lines;
    while (!left.empty()) {
        const ssize_t written = ::write(file_, left.data(), left.size());
        if (written < 0 && errno == EINTR) continue;
        if (written < 0) throw std::system_error(errno, std::generic_category());
        left.remove_prefix(static_cast<std::size_t>(written));
    }
    if (::fdatasync(file_) != 0) throw std::system_error(errno, std::generic_category());
}

}  // namespace simulator
