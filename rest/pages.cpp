#include "rest/pages.h"

#include <memory>
#include <utility>

#include "base/text_hash.h"
#include "rest/content.h"
#include "rest/swagger_files.h"

namespace rest {
namespace {

/// Scripts, styles and answers of the sidecar itself only. Swagger UI sets styles on elements and has its
/// icons in data: addresses.
constexpr const char* kContentSecurityPolicy =
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

}  // namespace

Pages::Pages(std::string api_document)
    : api_document_(std::make_shared<const std::string>(std::move(api_document))),
      api_etag_(EntityTag(base::hash_of(*api_document_)).text()),
      swagger_files_(rest::swagger_files(), kContentSecurityPolicy) {}

net::Response Pages::api_document() const {
    auto response = net::json_response(200, {});
    response.headers.emplace_back("cache-control", "no-cache");
    response.headers.emplace_back("etag", api_etag_);
    response.body = net::SharedBody{api_document_, *api_document_};
    return response;
}

net::Response Pages::redirect_to_swagger() {
    return {302, {{"location", "/swagger-ui/"}}, std::string{}, false};
}

net::Response Pages::swagger_file(const net::Request& request, std::string_view name) {
    auto found = swagger_files_.find(request, name.empty() ? "index.html" : name);
    if (found) return std::move(*found);
    return net::json_refusal({404, "Swagger UI has no such file", {}}, request);
}

}  // namespace rest
