#include "cli/input.h"

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iostream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <variant>

#include "api/document.h"
#include "api/validation.h"

namespace cli {

namespace {

std::string text_of(std::istream& in) { return {std::istreambuf_iterator<char>(in), {}}; }

std::string text_of_file(const std::string& file) {
    if (file == "-") return text_of(std::cin);
    std::ifstream in(file, std::ios::binary);
    std::string text;
    if (in) text = text_of(in);
    if (!in) throw std::runtime_error("cannot read " + file + ": " + std::strerror(errno));
    return text;
}

}  // namespace

std::optional<kube::Json> read_valid(const std::string& file, const std::string& default_ns, std::ostream& err) {
    std::variant<kube::Json, std::vector<api::Problem>> read = api::read_document(text_of_file(file));
    std::vector<api::Problem> problems;
    if (auto* found = std::get_if<std::vector<api::Problem>>(&read)) {
        problems = std::move(*found);
    } else {
        problems = api::validate(std::get<kube::Json>(read));
    }
    for (const api::Problem& problem : problems) err << file << ": " << to_string(problem) << "\n";
    if (!problems.empty()) return std::nullopt;
    kube::Json document = std::get<kube::Json>(std::move(read));
    if (kube::string_at(document, {"metadata", "namespace"}).empty()) document["metadata"]["namespace"] = default_ns;
    return document;
}

}  // namespace cli
