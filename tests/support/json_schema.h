#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

namespace support {

/// Checks values against the schemas of an OpenAPI 3.0 document: `$ref`, `allOf`, `type`, `nullable`, `enum`,
/// `pattern`, `minimum`, `maximum`, `properties`, `required`, `minProperties`, `maxProperties` and `items`.
/// A keyword that it does not know is a problem too, so that no schema is thought to be checked which is not.
class JsonSchema {
  public:
    explicit JsonSchema(const nlohmann::json& document) : document_(document) {}

    /// What is wrong with the value, with where it stands; none: it is as the schema says.
    [[nodiscard]] std::vector<std::string> problems(const nlohmann::json& schema,
                                                    const nlohmann::json& value) const;

    /// What `{"$ref":"#/…"}` stands for, or the object itself.
    [[nodiscard]] const nlohmann::json& resolved(const nlohmann::json& object) const;

  private:
    const nlohmann::json& document_;
};

}  // namespace support
