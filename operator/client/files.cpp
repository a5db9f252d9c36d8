#include "client/files.h"

#include <cerrno>
#include <filesystem>
#include <fstream>
#include <stdexcept>
#include <system_error>

namespace client {

std::optional<std::string> read_file(const std::string& path) {
    static constexpr std::size_t kLargest = 4u << 20;
    std::error_code error;
    const std::filesystem::file_status status = std::filesystem::status(path, error);
    if (status.type() == std::filesystem::file_type::not_found) return std::nullopt;
    if (error) throw std::runtime_error(path + ": " + error.message());
    if (status.type() == std::filesystem::file_type::directory) throw std::runtime_error(path + ": is a folder");

    errno = 0;
    std::ifstream in(path, std::ios::binary);
    if (!in) throw std::runtime_error(path + ": " + std::generic_category().message(errno));
    // Piece by piece: one buffer for the largest file would stay with the allocator for ever.
    std::string text;
    char piece[4096];
    while (in.read(piece, sizeof piece), in.gcount() > 0) {
        text.append(piece, static_cast<std::size_t>(in.gcount()));
        if (text.size() > kLargest) throw std::runtime_error(path + ": is larger than 4 MiB");
    }
    if (in.bad()) throw std::runtime_error(path + ": can't be read");
    return text;
}

std::string trimmed(const std::string& text) {
    const std::size_t begin = text.find_first_not_of(" \t\r\n");
    if (begin == std::string::npos) return "";
    return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

}  // namespace client
