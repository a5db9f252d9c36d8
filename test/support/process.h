// Runs programs: to their end with their output, or beside the test until it ends them.
#pragma once

#include <sys/types.h>

#include <string>
#include <vector>

namespace support {

struct Finished {
    int status = -1;     // Exit status; 128 + signal where one ended it.
    std::string output;  // Standard output and error as they came.
};

// Throws std::runtime_error if the program can't be started.
Finished run(const std::vector<std::string>& command, const std::string& input = "");

// Started by the constructor with its output in `log_file`; killed by the destructor if it still runs.
class Background {
public:
    Background(const std::vector<std::string>& command, const std::string& log_file);
    ~Background();
    Background(const Background&) = delete;
    Background& operator=(const Background&) = delete;

    void signal(int number) const;
    int wait();  // For its exit status, as in Finished.
    bool running();
    pid_t pid() const { return pid_; }

private:
    pid_t pid_ = -1;
    int status_ = -1;
    bool ended_ = false;
};

std::string read_file(const std::string& path);
void write_file(const std::string& path, const std::string& text);

}  // namespace support
