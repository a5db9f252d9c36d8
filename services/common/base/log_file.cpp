#include "common/base/log_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <utility>

namespace base {

LogFile::LogFile(std::ostream& first, std::string path, std::size_t most)
    : first_(first), alarm_(first), path_(std::move(path)), most_(most) {}

LogFile::~LogFile() {
    close();
}

std::streamsize LogFile::xsputn(const char* text, std::streamsize size) {
    first_.write(text, size);
    const auto length = static_cast<std::size_t>(size);
    make_room(length);
    if (file_ >= 0 || open()) append(text, length);
    return size;
}

LogFile::int_type LogFile::overflow(int_type one) {
    if (traits_type::eq_int_type(one, traits_type::eof())) return traits_type::not_eof(one);
    const char character = traits_type::to_char_type(one);
    xsputn(&character, 1);
    return one;
}

int LogFile::sync() {
    first_.flush();
    return 0;
}

bool LogFile::open() {
    file_ = ::open(path_.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    struct stat found {};
    if (file_ < 0 || ::fstat(file_, &found) != 0) {
        fail();
        return false;
    }
    size_ = static_cast<std::size_t>(found.st_size);
    return true;
}

void LogFile::make_room(std::size_t size) {
    if (file_ < 0 || size_ == 0 || size_ + size <= most_) return;
    // Where it cannot be renamed it goes, or it would grow for ever.
    if (std::rename(path_.c_str(), (path_ + ".1").c_str()) != 0) ::unlink(path_.c_str());
    close();
}

void LogFile::append(const char* text, std::size_t size) {
    if (torn_ && ::write(file_, "\n", 1) != 1) return fail();
    torn_ = false;
    std::size_t done = 0;
    while (done < size) {
        const ssize_t written = ::write(file_, text + done, size - done);
        if (written < 0 && errno == EINTR) continue;
        if (written <= 0) {
            torn_ = done > 0;
            return fail();
        }
        done += static_cast<std::size_t>(written);
        size_ += static_cast<std::size_t>(written);
    }
    failing_ = false;
}

void LogFile::fail() {
    const int error = errno;
    close();
    if (std::exchange(failing_, true)) return;
    alarm_.warn("the log file can't be written", {{"file", path_}, {"error", std::strerror(error)}});
}

void LogFile::close() {
    if (file_ >= 0) ::close(file_);
    file_ = -1;
}

}  // namespace base
