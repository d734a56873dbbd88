#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "support/json_schema.h"

namespace support {

/// An HTTP answer, taken apart.
struct ApiAnswer {
    unsigned status = 0;
    std::string head;
    std::string body;
    [[nodiscard]] std::string header(std::string_view name) const;
};

/// One GET over a connection of its own.
[[nodiscard]] ApiAnswer api_get(std::uint16_t port, const std::string& target, std::string_view headers = {});

/// Walks along an OpenAPI document: sends requests, and checks that each answer is one that the document
/// declares. What is wrong is a failure of the test that runs.
class ApiWalk {
  public:
    /// Reads the document from the server.
    explicit ApiWalk(std::uint16_t port);

    [[nodiscard]] std::vector<std::string> paths() const;

    /// The path with these texts in place of its parameters, in their order.
    [[nodiscard]] static std::string filled(std::string path, const std::vector<std::string>& values);
    /// The path with its parameters' examples.
    [[nodiscard]] std::string example(const std::string& path) const;
    [[nodiscard]] static std::size_t parameter_count(const std::string& path);

    /// Asks for the target, which is one of `path`; the answer is to have this status, and to be as declared.
    ApiAnswer visit(const std::string& path, const std::string& target, unsigned status,
                    std::string_view headers = {});
    /// An answer that was had otherwise.
    void check(const std::string& path, const ApiAnswer& answer, unsigned status);

    /// What is declared and was not seen.
    [[nodiscard]] std::vector<std::string> unseen() const;

  private:
    [[nodiscard]] const nlohmann::json& operation(const std::string& path) const;

    std::uint16_t port_;
    nlohmann::json document_;
    JsonSchema schemas_;
    std::set<std::pair<std::string, std::string>> seen_;  ///< path, status
};

}  // namespace support
