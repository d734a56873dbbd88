#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "net/embedded_files.h"
#include "net/http_message.h"

namespace rest {

/// What is the same for everybody: the OpenAPI document and the files of Swagger UI. One thread only.
class Pages {
  public:
    explicit Pages(std::string api_document);

    [[nodiscard]] net::Response api_document() const;

    /// 302 from `/swagger-ui` to the folder, whose page has relative links.
    [[nodiscard]] static net::Response redirect_to_swagger();

    /// `name` is what stands behind `/swagger-ui/`; none: the page itself. 404 for a file that there is not.
    [[nodiscard]] net::Response swagger_file(const net::Request& request, std::string_view name);

  private:
    std::shared_ptr<const std::string> api_document_;
    std::string api_etag_;
    net::EmbeddedFiles swagger_files_;
};

}  // namespace rest
