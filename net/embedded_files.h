#pragma once

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "net/http_message.h"

namespace net {

/// A file that is part of the program, see cmake/embedded_files.cmake.
struct EmbeddedFile {
    std::string_view name;  ///< without a folder, for instance "index.html"
    std::string_view gzipped;
};

/// Serves files that are part of the program: in gzip where the client prefers it, with an entity tag, and
/// with a policy of what a page may do. One thread only.
class EmbeddedFiles {
  public:
    /// `content_security_policy`: sent with each file (https://www.w3.org/TR/CSP3/).
    EmbeddedFiles(std::span<const EmbeddedFile> files, std::string content_security_policy);

    /// 200, or nothing where there is no such file. 304 is left to negotiate().
    [[nodiscard]] std::optional<Response> find(const Request& request, std::string_view name);

  private:
    struct Entry {
        EmbeddedFile file;
        std::string_view content_type;
        std::string etag;
        std::shared_ptr<const std::string> plain;  ///< made for the first client without gzip
    };
    [[nodiscard]] static SharedBody plain_form(Entry& entry);

    const std::string content_security_policy_;
    std::vector<Entry> entries_;
};

}  // namespace net
