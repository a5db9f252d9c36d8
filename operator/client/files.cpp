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
    std::string text(kLargest + 1, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    if (in.bad()) throw std::runtime_error(path + ": can't be read");
    text.resize(static_cast<std::size_t>(in.gcount()));
    text.shrink_to_fit();
    if (text.size() > kLargest) throw std::runtime_error(path + ": is larger than 4 MiB");
    return text;
}

}  // namespace client
