#pragma once

#include <string>
#include <string_view>

namespace rest {

/// The OpenAPI 3.0 document of the routes (https://spec.openapis.org/oas/v3.0.3), made of the table that the
/// router follows. Schemas and examples of answers are those of rest/openapi/.
[[nodiscard]] std::string openapi_document(std::string_view sidecar_version);

}  // namespace rest
