// Reads and rewrites quantities as k8s.io/apimachinery does, and reads durations as Go does.
#include "kube/quantity.h"

#include <algorithm>
#include <array>
#include <limits>

namespace kube {
namespace {

// Quantities are integers of 10^-9, the finest scale that Kubernetes keeps; 128 bits hold the largest of them.
__extension__ using Wide = unsigned __int128;

constexpr Wide kNano = 1'000'000'000;
constexpr Wide kMax = static_cast<Wide>(std::numeric_limits<std::int64_t>::max()) * kNano;  // Larger ones are cut to it.
constexpr std::size_t kMaxDigits = 28;        // Of a canonical form; ten times as much still fits into 128 bits.
constexpr std::size_t kMaxBinaryDigits = 20;  // Before a suffix like Ei, which adds 60 bits.

enum class Format { Decimal, Binary, Exponent };

struct Quantity {
    bool negative = false;
    Wide nanos = 0;
    Format format = Format::Decimal;
    bool kept = false;  // The API server leaves it as it is written.
};

struct Suffix {
    std::string_view text;
    int power;  // Of ten, or of two.
};
constexpr std::array<Suffix, 10> kDecimal{
    {{"n", -9}, {"u", -6}, {"m", -3}, {"", 0}, {"k", 3}, {"M", 6}, {"G", 9}, {"T", 12}, {"P", 15}, {"E", 18}}};
constexpr std::array<Suffix, 6> kBinary{{{"Ki", 10}, {"Mi", 20}, {"Gi", 30}, {"Ti", 40}, {"Pi", 50}, {"Ei", 60}}};

bool is_digit(char c) {
    return c >= '0' && c <= '9';
}

// Takes digits off the front of the text.
std::string_view take_digits(std::string_view& text) {
    const auto end = std::find_if_not(text.begin(), text.end(), is_digit);
    const std::string_view digits = text.substr(0, static_cast<std::size_t>(end - text.begin()));
    text.remove_prefix(digits.size());
    return digits;
}

// value * 10^power, cut to kMax; what is finer than one is rounded up, as the API server does.
Wide scaled(Wide value, int power) {
    for (; power > 0 && value != 0; --power) {
        if (value > kMax) return kMax;
        value *= 10;
    }
    bool inexact = false;
    for (; power < 0 && value != 0; ++power) {
        inexact = inexact || value % 10 != 0;
        value /= 10;
    }
    return std::min(value + (inexact ? 1 : 0), kMax);
}

// The exponent of "e3" or "E-2"; nothing if the text is none. "E" alone is the suffix of 10^18.
std::optional<int> exponent_of(std::string_view text) {
    if (text.size() < 2 || (text.front() != 'e' && text.front() != 'E')) return std::nullopt;
    text.remove_prefix(1);
    const bool negative = text.front() == '-';
    if (negative || text.front() == '+') text.remove_prefix(1);
    const std::string_view digits = take_digits(text);
    if (digits.empty() || !text.empty()) return std::nullopt;
    int exponent = 0;
    for (char digit : digits) exponent = std::min(exponent * 10 + (digit - '0'), 1000);
    return negative ? -exponent : exponent;
}

// Whether apimachinery's ParseQuantity takes the text for canonical already: "1.125" stays, although "1125m" would be canonical.
bool kept_decimal(std::string_view whole, std::string_view fraction, int power) {
    const std::string digits = (whole.empty() ? "0" : std::string(whole)) + std::string(fraction);
    const int scale = power - static_cast<int>(fraction.size());
    return digits.size() <= 18 && scale >= -9 && scale % 3 == 0 && !digits.ends_with("000") && digits.front() != '0';
}

bool kept_binary(std::string_view whole, std::string_view fraction, int power, Wide value) {
    return fraction.empty() && static_cast<int>(whole.size()) + power * 3 / 10 <= 14 && value % 8 != 0;
}

std::optional<Quantity> parse(std::string_view text) {
    Quantity quantity;
    if (!text.empty() && (text.front() == '-' || text.front() == '+')) {
        quantity.negative = text.front() == '-';
        text.remove_prefix(1);
    }
    std::string_view whole = take_digits(text);
    std::string_view fraction;
    const bool has_whole = !whole.empty();
    if (!text.empty() && text.front() == '.') {
        text.remove_prefix(1);
        fraction = take_digits(text);
    }
    if (!has_whole && fraction.empty()) return std::nullopt;
    whole.remove_prefix(std::min(whole.find_first_not_of('0'), whole.size()));
    const std::string_view written_fraction = fraction;
    fraction = fraction.substr(0, fraction.find_last_not_of('0') + 1);
    if (whole.size() + fraction.size() > kMaxDigits) return std::nullopt;

    Wide digits = 0;
    for (char digit : whole) digits = digits * 10 + static_cast<Wide>(digit - '0');
    for (char digit : fraction) digits = digits * 10 + static_cast<Wide>(digit - '0');
    const int nano_power = 9 - static_cast<int>(fraction.size());

    const auto has_text = [&](const Suffix& suffix) { return suffix.text == text; };
    if (const auto decimal = std::ranges::find_if(kDecimal, has_text); decimal != kDecimal.end()) {
        quantity.nanos = scaled(digits, nano_power + decimal->power);
        quantity.kept = kept_decimal(whole, written_fraction, decimal->power);
    } else if (const auto binary = std::ranges::find_if(kBinary, has_text); binary != kBinary.end()) {
        if (whole.size() + fraction.size() > kMaxBinaryDigits) return std::nullopt;
        quantity.format = Format::Binary;
        quantity.nanos = scaled(digits << binary->power, nano_power);
        quantity.kept = kept_binary(whole, written_fraction, binary->power, digits);
    } else if (const auto exponent = exponent_of(text)) {
        quantity.format = Format::Exponent;
        quantity.nanos = scaled(digits, nano_power + *exponent);
        quantity.kept = kept_decimal(whole, written_fraction, *exponent);
    } else {
        return std::nullopt;
    }
    return quantity;
}

std::string text_of(Wide value) {
    std::string digits;
    do {
        digits.insert(digits.begin(), static_cast<char>('0' + static_cast<int>(value % 10)));
        value /= 10;
    } while (value != 0);
    return digits;
}

std::string binary_text(Wide units) {
    int power = 0;
    while (units % 1024 == 0) {
        units /= 1024;
        power += 10;
    }
    return text_of(units) + std::string(power == 0 ? "" : kBinary.at(static_cast<std::size_t>(power / 10 - 1)).text);
}

std::string decimal_text(Wide nanos, Format format) {
    int power = -9;
    while (nanos % 1000 == 0 && power < 18) {
        nanos /= 1000;
        power += 3;
    }
    if (format == Format::Exponent) return text_of(nanos) + (power == 0 ? "" : "e" + std::to_string(power));
    return text_of(nanos) + std::string(kDecimal.at(static_cast<std::size_t>((power + 9) / 3)).text);
}

}  // namespace

std::optional<std::string> canonical_quantity(std::string_view text) {
    const std::optional<Quantity> quantity = parse(text);
    if (!quantity) return std::nullopt;
    if (quantity->nanos == 0) return "0";
    if (quantity->kept) return std::string(text);
    // Below 1024, and where a fraction is left, powers of two say less than powers of ten.
    const bool binary = quantity->format == Format::Binary && quantity->nanos >= 1024 * kNano && quantity->nanos % kNano == 0;
    const Format format = quantity->format == Format::Exponent ? Format::Exponent : Format::Decimal;
    const std::string sign = quantity->negative ? "-" : "";
    return sign + (binary ? binary_text(quantity->nanos / kNano) : decimal_text(quantity->nanos, format));
}

std::optional<std::int64_t> quantity_millis(std::string_view text) {
    const std::optional<Quantity> quantity = parse(text);
    if (!quantity) return std::nullopt;
    constexpr Wide limit = std::numeric_limits<std::int64_t>::max();
    const Wide millis = std::min((quantity->nanos + 999'999) / 1'000'000, limit);
    return quantity->negative ? -static_cast<std::int64_t>(millis) : static_cast<std::int64_t>(millis);
}

std::optional<std::int64_t> duration_millis(std::string_view text) {
    struct Unit {
        std::string_view text;
        std::int64_t millis;
    };
    constexpr std::array<Unit, 4> units{{{"ms", 1}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}}};
    constexpr std::size_t max_digits = 9;  // Of each number: what is longer is no sensible duration, and nothing overflows.
    if (text == "0") return 0;
    if (text.empty() || text.size() > 64) return std::nullopt;
    std::int64_t total = 0;
    while (!text.empty()) {
        const std::string_view whole = take_digits(text);
        std::string_view fraction;
        if (!text.empty() && text.front() == '.') {
            text.remove_prefix(1);
            fraction = take_digits(text);
        }
        if (whole.size() + fraction.size() == 0 || whole.size() > max_digits || fraction.size() > max_digits) return std::nullopt;
        const auto unit = std::ranges::find_if(units, [&](const Unit& each) { return text.starts_with(each.text); });
        if (unit == units.end()) return std::nullopt;
        text.remove_prefix(unit->text.size());

        std::int64_t number = 0;
        for (char digit : whole) number = number * 10 + (digit - '0');
        total += number * unit->millis;
        std::int64_t rest = 0;
        std::int64_t divisor = 1;
        for (char digit : fraction) {
            rest = rest * 10 + (digit - '0');
            divisor *= 10;
        }
        total += rest * unit->millis / divisor;
    }
    return total;
}

}  // namespace kube
