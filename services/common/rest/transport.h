// One exchange over cpprestsdk, without any policy. Internal to rest.
#pragma once

#include <cstddef>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "common/base/deadline.h"

namespace rest {

inline constexpr std::size_t kMaxAnswer = std::size_t{8} * 1024 * 1024;

struct Message {
    std::string method;
    std::string path;
    std::vector<std::pair<std::string, std::string>> headers;
    std::optional<std::string> body = {};
    std::string content_type = "application/json";  // Of the body.
    bool repeatable = false;
};

struct Exchange {
    enum class End { Answered, NotSent, NoAnswer, TooLarge } end = End::NoAnswer;  // NoAnswer: perhaps sent.
    std::string failure = {};                                                      // Of all but Answered.
    int status = 0;
    std::vector<std::pair<std::string, std::string>> headers = {};
    std::string body = {};
};

class Transport {
public:
    // Throws std::invalid_argument where the URL is none.
    Transport(const std::string& base_url, base::Duration timeout);
    ~Transport();

    // Blocks until `deadline` at most. Safe from several threads.
    Exchange send(const Message& message, const base::Deadline& deadline);

private:
    struct Impl;
    std::unique_ptr<Impl> impl_;
};

}  // namespace rest
