// Threads for event loops that are there before any other of the process, because of malloc.
#pragma once

#include <cstddef>
#include <functional>
#include <future>
#include <thread>
#include <vector>

namespace base {

// glibc gives each thread an arena at its first allocation: a new one while there are fewer than allowed, then those of others.
// Two busy loops with one arena between them wait for each other's lock many times a request. So these threads are started, and
// allocate, before all others; they wait until they are told what to run.
class EarlyThreads {
public:
    explicit EarlyThreads(std::size_t count);
    ~EarlyThreads();  // Those that were told nothing end; others must have been joined, as std::thread wants it.
    EarlyThreads(const EarlyThreads&) = delete;
    EarlyThreads& operator=(const EarlyThreads&) = delete;

    void run(std::size_t index, std::function<void()> work);  // Once a thread, before join().
    void join();                                              // Waits for what runs.

private:
    struct Early {
        std::promise<std::function<void()>> work;
        std::thread thread;
        bool told = false;
    };
    std::vector<Early> threads_;
};

}  // namespace base
