#pragma once

#include <string_view>

namespace rest {

/// rest/openapi/schemas.json: the schemas of answers by name.
[[nodiscard]] std::string_view openapi_schemas();

/// rest/openapi/examples.json: an answer for each schema that a route names.
[[nodiscard]] std::string_view openapi_examples();

}  // namespace rest
