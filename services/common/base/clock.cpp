// The system's clocks, and RFC 3339 as Kubernetes reads and writes it.
#include "common/base/clock.h"

#include <array>
#include <charconv>
#include <cstdio>
#include <optional>
#include <string_view>

namespace base {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;

std::string date_and_time(WallTime time) {
    const auto day = std::chrono::floor<std::chrono::days>(time);
    const std::chrono::year_month_day date{day};
    const std::chrono::hh_mm_ss clock{std::chrono::floor<seconds>(time - day)};
    std::array<char, 64> text{};
    std::snprintf(text.data(), text.size(), "%04d-%02u-%02uT%02d:%02d:%02d", static_cast<int>(date.year()),
                  static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), static_cast<int>(clock.hours().count()),
                  static_cast<int>(clock.minutes().count()), static_cast<int>(clock.seconds().count()));
    return text.data();
}

// Takes digits and marks from the front of a text; after the first that does not fit, everything fails.
class Scanner {
public:
    explicit Scanner(std::string_view text) : rest_(text) {}

    int number(std::size_t digits) {
        if (rest_.size() < digits || rest_.substr(0, digits).find_first_not_of("0123456789") != rest_.npos) return fail();
        int value = 0;
        std::from_chars(rest_.data(), rest_.data() + digits, value);
        rest_.remove_prefix(digits);
        return value;
    }

    char one_of(std::string_view marks) {
        if (rest_.empty() || marks.find(rest_.front()) == marks.npos) return static_cast<char>(fail());
        const char mark = rest_.front();
        rest_.remove_prefix(1);
        return mark;
    }

    // Digits after a decimal point, if there is one; what is finer than a microsecond is cut off.
    microseconds fraction() {
        if (rest_.empty() || rest_.front() != '.') return {};
        rest_.remove_prefix(1);
        const std::size_t digits = std::min(rest_.find_first_not_of("0123456789"), rest_.size());
        if (digits == 0) return microseconds{fail()};
        int value = 0;
        for (std::size_t i = 0; i < 6; ++i) value = value * 10 + (i < digits ? rest_[i] - '0' : 0);
        rest_.remove_prefix(digits);
        return microseconds{value};
    }

    bool done() const { return !failed_ && rest_.empty(); }

private:
    int fail() {
        failed_ = true;
        rest_ = {};
        return 0;
    }

    std::string_view rest_;
    bool failed_ = false;
};

std::optional<WallTime> parse(std::string_view text) {
    Scanner scan{text};
    const int year = scan.number(4);
    scan.one_of("-");
    const int month = scan.number(2);
    scan.one_of("-");
    const int day = scan.number(2);
    scan.one_of("Tt ");
    const int hour = scan.number(2);
    scan.one_of(":");
    const int minute = scan.number(2);
    scan.one_of(":");
    const int second = scan.number(2);
    const microseconds fraction = scan.fraction();
    const char zone = scan.one_of("Zz+-");
    std::chrono::minutes offset{};
    if (zone == '+' || zone == '-') {
        const int hours = scan.number(2);
        scan.one_of(":");
        const int minutes = scan.number(2);
        if (hours > 23 || minutes > 59) return {};
        offset = std::chrono::minutes{(zone == '-' ? -1 : 1) * (hours * 60 + minutes)};
    }
    const std::chrono::year_month_day date{std::chrono::year{year}, std::chrono::month{static_cast<unsigned>(month)},
                                           std::chrono::day{static_cast<unsigned>(day)}};
    if (!scan.done() || !date.ok() || hour > 23 || minute > 59 || second > 60) return {};
    return WallTime{std::chrono::sys_days{date}} + std::chrono::hours{hour} + std::chrono::minutes{minute} + seconds{second} +
           fraction - offset;
}

}  // namespace

SteadyTime SystemClock::now() const {
    return std::chrono::time_point_cast<Duration>(std::chrono::steady_clock::now());
}

WallTime SystemClock::wall() const {
    return std::chrono::time_point_cast<microseconds>(std::chrono::system_clock::now());
}

std::string rfc3339(WallTime time) {
    return date_and_time(time) + "Z";
}

std::string rfc3339_micro(WallTime time) {
    std::array<char, 16> fraction{};
    const auto micros = (time - std::chrono::floor<seconds>(time)).count();
    std::snprintf(fraction.data(), fraction.size(), ".%06dZ", static_cast<int>(micros));
    return date_and_time(time) + fraction.data();
}

WallTime wall_time_from(const std::string& text) {
    return parse(text).value_or(WallTime{});
}

}  // namespace base
