#include "support/process.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <stdexcept>

namespace support {

namespace {

std::vector<char*> arguments(const std::vector<std::string>& command) {
    std::vector<char*> pointers;
    for (const std::string& part : command) pointers.push_back(const_cast<char*>(part.c_str()));
    pointers.push_back(nullptr);
    return pointers;
}

int status_of(int raw) {
    return WIFSIGNALED(raw) ? 128 + WTERMSIG(raw) : WEXITSTATUS(raw);
}

// In a child, where another thread of the parent may have held the allocator's lock at the fork: nothing here may allocate.
[[noreturn]] void become(const std::vector<char*>& argv) {
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // A test that crashes leaves nothing behind.
    // Nor may a port that the test listens on stay open in a program that it started.
    ::close_range(STDERR_FILENO + 1, ~0U, CLOSE_RANGE_CLOEXEC);
    ::execvp(argv[0], argv.data());
    for (const char* part : std::initializer_list<const char*>{argv[0], ": ", ::strerrordesc_np(errno), "\n"}) {
        if (part != nullptr && ::write(STDERR_FILENO, part, std::strlen(part)) < 0) ::_exit(126);
    }
    ::_exit(127);
}

std::string drain(int descriptor) {
    std::string text;
    std::array<char, 4096> buffer{};
    while (true) {
        const ssize_t count = ::read(descriptor, buffer.data(), buffer.size());
        if (count < 0 && errno == EINTR) continue;
        if (count <= 0) return text;
        text.append(buffer.data(), static_cast<std::size_t>(count));
    }
}

}  // namespace

Finished run(const std::vector<std::string>& command, const std::string& input) {
    std::array<int, 2> out{};
    std::array<int, 2> in{};
    if (::pipe2(out.data(), O_CLOEXEC) != 0 || ::pipe2(in.data(), O_CLOEXEC) != 0) throw std::runtime_error("pipe failed");
    const std::vector<char*> argv = arguments(command);
    const pid_t pid = ::fork();
    if (pid < 0) throw std::runtime_error("fork failed");
    if (pid == 0) {
        ::dup2(in[0], STDIN_FILENO);
        ::dup2(out[1], STDOUT_FILENO);
        ::dup2(out[1], STDERR_FILENO);
        become(argv);
    }
    ::close(out[1]);
    ::close(in[0]);
    // Inputs of tests fit into a pipe's buffer, so that writing before reading can't block.
    if (::write(in[1], input.data(), input.size()) != static_cast<ssize_t>(input.size()))
        throw std::runtime_error("write failed");
    ::close(in[1]);
    Finished finished;
    finished.output = drain(out[0]);
    ::close(out[0]);
    int raw = 0;
    while (::waitpid(pid, &raw, 0) < 0 && errno == EINTR) {
    }
    finished.status = status_of(raw);
    return finished;
}

Background::Background(const std::vector<std::string>& command, const std::string& log_file) {
    const std::vector<char*> argv = arguments(command);
    pid_ = ::fork();
    if (pid_ < 0) throw std::runtime_error("fork failed");
    if (pid_ == 0) {
        const int log = ::open(log_file.c_str(), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        ::dup2(log, STDOUT_FILENO);
        ::dup2(log, STDERR_FILENO);
        become(argv);
    }
}

Background::~Background() {
    if (!running()) return;
    signal(SIGKILL);
    wait();
}

void Background::signal(int number) const {
    ::kill(pid_, number);
}

int Background::wait() {
    int raw = 0;
    while (!ended_) {
        if (::waitpid(pid_, &raw, 0) < 0 && errno == EINTR) continue;
        status_ = status_of(raw);
        ended_ = true;
    }
    return status_;
}

bool Background::running() {
    int raw = 0;
    if (!ended_ && ::waitpid(pid_, &raw, WNOHANG) == pid_) {
        status_ = status_of(raw);
        ended_ = true;
    }
    return !ended_;
}

std::string read_file(const std::string& path) {
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + path);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::string& path, const std::string& text) {
    std::ofstream out(path, std::ios::binary);
    out << text;
    if (!out.flush()) throw std::runtime_error("cannot write " + path);
}

}  // namespace support
