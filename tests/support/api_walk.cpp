#include "support/api_walk.h"

#include <boost/algorithm/string/predicate.hpp>
#include <fmt/format.h>
#include <gtest/gtest.h>

#include "support/raw_client.h"

namespace support {

std::string ApiAnswer::header(std::string_view name) const {
    std::size_t begin = 0;
    for (auto end = head.find("\r\n"); end != std::string::npos; end = head.find("\r\n", begin)) {
        const auto line = head.substr(begin, end - begin);
        if (boost::algorithm::istarts_with(line, std::string(name) + ": "))
            return line.substr(name.size() + 2);
        begin = end + 2;
    }
    return {};
}

ApiAnswer api_get(std::uint16_t port, const std::string& target, std::string_view headers) {
    const auto response = fetch(port, fmt::format("GET {} HTTP/1.1\r\n{}", target, headers));
    ApiAnswer answer{.head = head_of(response), .body = body_of(response)};
    if (response.starts_with("HTTP/1.1 "))
        answer.status = static_cast<unsigned>(std::stoul(response.substr(9, 3)));
    return answer;
}

ApiWalk::ApiWalk(std::uint16_t port)
    : port_(port),
      document_(nlohmann::json::parse(api_get(port, "/api-doc.json").body)),
      schemas_(document_) {}

std::vector<std::string> ApiWalk::paths() const {
    std::vector<std::string> all;
    for (const auto& [path, ignored] : document_["paths"].items()) all.push_back(path);
    return all;
}

std::string ApiWalk::filled(std::string path, const std::vector<std::string>& values) {
    for (const auto& value : values) {
        const auto begin = path.find('{');
        path.replace(begin, path.find('}') + 1 - begin, value);
    }
    return path;
}

std::string ApiWalk::example(const std::string& path) const {
    std::vector<std::string> values;
    for (const auto& parameter : operation(path)["parameters"]) {
        if (parameter["in"] == "path") values.push_back(parameter["example"]);
    }
    return filled(path, values);
}

std::size_t ApiWalk::parameter_count(const std::string& path) {
    return static_cast<std::size_t>(std::ranges::count(path, '{'));
}

ApiAnswer ApiWalk::visit(const std::string& path, const std::string& target, unsigned status,
                         std::string_view headers) {
    auto answer = api_get(port_, target, headers);
    SCOPED_TRACE(target);
    check(path, answer, status);
    return answer;
}

void ApiWalk::check(const std::string& path, const ApiAnswer& answer, unsigned status) {
    EXPECT_EQ(answer.status, status) << answer.head << answer.body.substr(0, 500);
    const auto& responses = operation(path)["responses"];
    const auto name = std::to_string(answer.status);
    ASSERT_TRUE(responses.contains(name)) << path << " does not declare " << name;
    seen_.emplace(path, name);

    const auto& response = schemas_.resolved(responses[name]);
    const auto headers = response.value("headers", nlohmann::json::object());
    for (const auto& [header, ignored] : headers.items()) {
        EXPECT_NE(answer.header(header), "") << path << " " << name << " has no " << header;
    }
    if (!response.contains("content")) {
        EXPECT_EQ(answer.body, "");
        return;
    }
    EXPECT_EQ(answer.header("content-type"), "application/json");
    const auto body = nlohmann::json::parse(answer.body, nullptr, false);
    ASSERT_FALSE(body.is_discarded()) << answer.body.substr(0, 500);
    for (const auto& problem : schemas_.problems(response["content"]["application/json"]["schema"], body)) {
        ADD_FAILURE() << path << " " << name << ": " << problem;
    }
}

std::vector<std::string> ApiWalk::unseen() const {
    std::vector<std::string> missing;
    for (const auto& path : paths()) {
        for (const auto& [status, ignored] : operation(path)["responses"].items()) {
            if (!seen_.contains({path, status})) missing.push_back(path + " " + status);
        }
    }
    return missing;
}

const nlohmann::json& ApiWalk::operation(const std::string& path) const {
    return document_["paths"][path]["get"];
}

}  // namespace support
