#include "rest/openapi.h"

#include <algorithm>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <set>

#include "rest/parameters.h"
#include "rest/routes.h"
#include "support/json_schema.h"

namespace rest {
namespace {

using nlohmann::json;
using ::testing::IsEmpty;

class OpenApiTest : public ::testing::Test {
  protected:
    json document = json::parse(openapi_document("1.2.3"));
    support::JsonSchema schemas{document};

    const json& operation(const RouteRow& row) { return document["paths"][std::string(row.pattern)]["get"]; }
};

TEST_F(OpenApiTest, HasEveryRouteAndNothingElse) {
    std::set<std::string> documented;
    for (const auto& [path, ignored] : document["paths"].items()) documented.insert(path);
    std::set<std::string> served;
    for (const auto& row : routes()) served.insert(std::string(row.pattern));
    EXPECT_EQ(documented, served);
    EXPECT_EQ(document["info"]["version"], "1.2.3");
}

TEST_F(OpenApiTest, EveryPathNamesItsParametersInOrder) {
    for (const auto& row : routes()) {
        std::string path(row.pattern);
        for (const auto& parameter : operation(row)["parameters"]) {
            if (parameter["in"] != "path") continue;
            EXPECT_TRUE(parameter["required"]);
            const auto placeholder = "{" + parameter["name"].get<std::string>() + "}";
            ASSERT_NE(path.find(placeholder), std::string::npos) << row.pattern;
            path.replace(path.find(placeholder), placeholder.size(), "x");
        }
        EXPECT_EQ(path.find('{'), std::string::npos) << row.pattern << " has an undocumented parameter";
    }
}

TEST_F(OpenApiTest, EveryExampleIsAsItsSchemaSays) {
    std::size_t examples = 0;
    for (const auto& row : routes()) {
        for (const auto& [status, reference] : operation(row)["responses"].items()) {
            const auto& response = schemas.resolved(reference);
            EXPECT_FALSE(response["description"].get<std::string>().empty());
            if (!response.contains("content")) {
                EXPECT_EQ(status, "304");
                continue;
            }
            const auto& content = response["content"]["application/json"];
            EXPECT_THAT(schemas.problems(content["schema"], content["example"]), IsEmpty())
                << row.pattern << " " << status;
            ++examples;
        }
        for (const auto& parameter : operation(row)["parameters"]) {
            if (!parameter.contains("example")) continue;
            auto example = parameter["example"];
            if (parameter["schema"]["type"] == "integer") example = std::stoull(example.get<std::string>());
            EXPECT_THAT(schemas.problems(parameter["schema"], example), IsEmpty()) << parameter;
            ++examples;
        }
    }
    EXPECT_GT(examples, 50U);
}

TEST_F(OpenApiTest, ExamplesOfParametersAreAccepted) {
    for (const auto& row : routes()) {
        std::vector<std::string> path;
        for (const auto& parameter : row.parameters) {
            if (!parameter.in_path) continue;
            ASSERT_FALSE(parameter.example.empty()) << parameter.name;
            path.emplace_back(parameter.example);
        }
        EXPECT_TRUE(read_arguments(row, path, {}).has_value()) << row.pattern;
    }
}

TEST_F(OpenApiTest, EverySchemaIsUsed) {
    const auto text = document.dump();
    for (const auto& [name, ignored] : document["components"]["schemas"].items()) {
        EXPECT_NE(text.find("\"#/components/schemas/" + name + "\""), std::string::npos) << name;
    }
}

TEST_F(OpenApiTest, ACheckOfAWrongAnswerFindsWhatIsWrong) {
    const json schema{{"$ref", "#/components/schemas/Status"}};
    auto status =
        document["paths"]["/status"]["get"]["responses"]["200"]["content"]["application/json"]["example"];
    EXPECT_THAT(schemas.problems(schema, status), IsEmpty());
    status["newest_id"] = -1;
    status.erase("feed_id");
    status["height"] = "5";
    EXPECT_EQ(schemas.problems(schema, status).size(), 3U);
    EXPECT_EQ(schemas.problems({{"type", "string"}, {"maxLength", 3}}, "x").size(), 1U)
        << "an unknown keyword";
}

}  // namespace
}  // namespace rest
