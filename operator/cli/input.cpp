#include "cli/input.h"

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <system_error>
#include <variant>

#include "api/document.h"
#include "api/validation.h"

namespace cli {

namespace {

// A byte more than any document may have, so that an endless file is refused as too long and not read to its end.
constexpr std::size_t kEnough = (1 << 20) + 1;

std::string text_of(std::istream& in) {
    std::string text(kEnough, '\0');
    in.read(text.data(), static_cast<std::streamsize>(text.size()));
    text.resize(static_cast<std::size_t>(in.gcount()));
    return text;
}

std::string text_of_file(const std::string& file) {
    if (file == "-") return text_of(std::cin);
    std::error_code no_such_file;
    if (std::filesystem::is_directory(file, no_such_file)) throw std::runtime_error("cannot read " + file + ": it is a folder");
    std::ifstream in(file, std::ios::binary);
    if (!in) throw std::runtime_error("cannot read " + file + ": " + std::strerror(errno));
    std::string text = text_of(in);
    if (in.bad()) throw std::runtime_error("cannot read " + file + ": " + std::strerror(errno));
    return text;
}

}  // namespace

std::string source_name(const std::string& file) {
    return file == "-" ? "standard input" : file;
}

std::optional<kube::Json> read_valid(const std::string& file, const std::string& default_ns, std::ostream& err) {
    std::variant<kube::Json, std::vector<api::Problem>> read = api::read_document(text_of_file(file));
    std::vector<api::Problem> problems;
    if (auto* found = std::get_if<std::vector<api::Problem>>(&read)) {
        problems = std::move(*found);
    } else {
        problems = api::validate(std::get<kube::Json>(read));
    }
    for (const api::Problem& problem : problems) err << source_name(file) << ": " << to_string(problem) << "\n";
    if (!problems.empty()) return std::nullopt;
    kube::Json document = std::get<kube::Json>(std::move(read));
    if (kube::string_at(document, {"metadata", "namespace"}).empty()) document["metadata"]["namespace"] = default_ns;
    return document;
}

}  // namespace cli
