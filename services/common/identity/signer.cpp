// Signs tokens with keys of a folder.
#include <openssl/pem.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <stdexcept>

#include "common/identity/key.h"

namespace identity {
namespace {

// A file in which anyone could read along is the deployment's to judge: mounted Secrets have modes that look so.
EvpKey read_key(const std::string& path) {
    const std::unique_ptr<std::FILE, int (*)(std::FILE*)> file(std::fopen(path.c_str(), "re"), std::fclose);
    if (!file) throw std::runtime_error("token key " + path + ": can't be opened");
    // Never asks at the terminal for a password.
    const auto no_password = [](char*, int, int, void*) { return -1; };
    EvpKey key(PEM_read_PrivateKey(file.get(), nullptr, no_password, nullptr));
    if (!key) throw std::runtime_error("token key " + path + ": no private key in PEM");
    return key;
}

base::WallTime written(const std::string& path) {
    struct stat status {};
    if (stat(path.c_str(), &status) != 0) throw std::runtime_error("token key " + path + ": is gone");
    return base::WallTime{std::chrono::seconds{status.st_mtim.tv_sec}};
}

std::vector<std::string> key_files(const std::string& folder) {
    std::vector<std::string> files;
    std::error_code error;
    for (std::filesystem::directory_iterator entry(folder, error), end; !error && entry != end; entry.increment(error)) {
        if (entry->path().extension() == ".pem") files.push_back(entry->path().string());
    }
    if (error) throw std::runtime_error("token keys " + folder + ": " + error.message());
    if (files.empty()) throw std::runtime_error("token keys " + folder + ": no *.pem there");
    std::sort(files.begin(), files.end());
    return files;
}

// The file that is to sign; empty where the folder does not say.
std::string named_in(const std::string& folder) {
    std::ifstream file(folder + "/" + Signer::kNamesSigningKey);
    std::string name;
    file >> name;
    return name.empty() ? name : folder + "/" + name;
}

}  // namespace

Signer Signer::from_folder(const std::string& folder, base::WallTime now) {
    Signer signer;
    const std::string named = named_in(folder);
    for (const std::string& file : key_files(folder)) {
        std::shared_ptr<const KeySet::Key> key;
        try {
            key = KeySet::Key::from_private(read_key(file));
        } catch (const std::runtime_error& error) {
            if (std::string_view(error.what()).starts_with("token key ")) throw;
            throw std::runtime_error("token key " + file + ": " + error.what());
        }
        const bool signs = named.empty() ? !signer.key_ || now - written(file) >= kPublishedFirst : file == named;
        if (signs) signer.key_ = key;
        if (!signer.public_keys_.has(key->kid)) signer.public_keys_.keys_.push_back(std::move(key));
    }
    if (!signer.key_) throw std::runtime_error("token keys " + folder + ": no " + named + ", which is to sign");
    return signer;
}

std::string Signer::sign(const Claims& claims) const {
    const nlohmann::json header{{"alg", to_string(key_->algorithm)}, {"kid", key_->kid}, {"typ", "JWT"}};
    const nlohmann::json body{{"iss", claims.issuer},  {"aud", claims.audience},  {"sub", claims.subject},
                              {"sid", claims.session}, {"iat", claims.issued_at}, {"nbf", claims.not_before},
                              {"exp", claims.expires}};
    const std::string text = base64url(header.dump()) + '.' + base64url(body.dump());
    return text + '.' + base64url(key_->signature_of(text));
}

const std::string& Signer::key_id() const {
    return key_->kid;
}

}  // namespace identity
