#include "rest/openapi.h"

#include <fmt/format.h>
#include <nlohmann/json.hpp>

#include "rest/openapi_parts.h"
#include "rest/parameters.h"
#include "rest/refusals.h"
#include "rest/routes.h"

namespace rest {
namespace {

using Json = nlohmann::ordered_json;

constexpr std::string_view kAbout =
    "Queries over the events that this sidecar has stored. What a node sent is given byte for byte.\n\n"
    "Every path also answers HEAD, and OPTIONS from pages of other origins; another method gets 405 with "
    "`Allow`. Answers are compressed for clients that send `Accept-Encoding: gzip`. Errors are "
    "`{\"code\":N,\"message\":\"…\"}`; what is no path here gets 400.";

Json text_schema(std::string_view pattern) {
    return {{"type", "string"}, {"pattern", pattern}};
}

Json words_schema(ParameterType type) {
    Json schema{{"type", "string"}, {"enum", Json::array()}};
    for (const auto choice : choices_of(type)) schema["enum"].push_back(choice);
    return schema;
}

Json schema_of(const ParameterRow& row) {
    switch (row.type) {
        case ParameterType::Hash:
            return text_schema("^[0-9a-fA-F]{64}$");
        case ParameterType::HashOrHeight:
            return text_schema("^([0-9a-fA-F]{64}|[0-9]{1,63})$");
        case ParameterType::PublicKey:
            return text_schema("^([0-9a-fA-F]{66}|[0-9a-fA-F]{68})$");
        case ParameterType::PublicKeyOrEra:
            return text_schema("^([0-9a-fA-F]{66}|[0-9a-fA-F]{68}|[0-9]{1,63})$");
        case ParameterType::Number:
            return {{"type", "integer"}, {"format", "int64"}, {"minimum", 0}};
        case ParameterType::Limit:
            return {{"type", "integer"}, {"minimum", 1}, {"maximum", row.most}, {"default", kDefaultLimit}};
        case ParameterType::Cursor:
            return {{"type", "string"}};
        case ParameterType::Kind:
        case ParameterType::DeployStatus:
            return words_schema(row.type);
        case ParameterType::Order: {
            auto schema = words_schema(row.type);
            schema["default"] = choices_of(row.type).front();
            return schema;
        }
        case ParameterType::Switch:
            return {{"type", "boolean"}, {"enum", {true}}};
    }
    return {};
}

Json parameter_of(const ParameterRow& row) {
    Json parameter{{"name", row.name},
                   {"in", row.in_path ? "path" : "query"},
                   {"required", row.in_path},
                   {"description", row.help},
                   {"schema", schema_of(row)}};
    if (row.type == ParameterType::Switch) parameter["allowEmptyValue"] = true;
    if (!row.example.empty()) parameter["example"] = row.example;
    return parameter;
}

Json json_content(Json schema, Json example) {
    return {{"application/json", {{"schema", std::move(schema)}, {"example", std::move(example)}}}};
}

Json schema_reference(std::string_view name) {
    return {{"$ref", fmt::format("#/components/schemas/{}", name)}};
}

Json response_reference(std::string_view name) {
    return {{"$ref", fmt::format("#/components/responses/{}", name)}};
}

Json answer_of(const RouteRow& row, const Json& examples) {
    Json headers{{"Cache-Control",
                  {{"description", "How long the answer may be kept."}, {"schema", {{"type", "string"}}}}}};
    if (row.caching != Caching::None) {
        headers["ETag"] = {{"description", "For `If-None-Match`."}, {"schema", {{"type", "string"}}}};
    }
    return {{"description", row.summary},
            {"headers", std::move(headers)},
            {"content", json_content(schema_reference(row.schema), examples.at(row.schema))}};
}

Json responses_of(const RouteRow& row, const Json& examples) {
    Json responses{{"200", answer_of(row, examples)}};
    if (row.caching != Caching::None) responses["304"] = response_reference("NotModified");
    responses["400"] = response_reference("Invalid");
    if (row.may_be_missing) responses["404"] = response_reference("NotFound");
    responses["429"] = response_reference("TooManyRequests");
    responses["503"] = response_reference("Unavailable");
    return responses;
}

Json operation_of(const RouteRow& row, const Json& examples) {
    Json parameters = Json::array();
    for (const auto& parameter : row.parameters) parameters.push_back(parameter_of(parameter));
    return {{"tags", {row.tag}},
            {"summary", row.summary},
            {"description", row.help},
            {"parameters", std::move(parameters)},
            {"responses", responses_of(row, examples)}};
}

Json error_response(std::string_view when, const net::Refusal& example, bool has_retry_after = false) {
    Json response{{"description", when},
                  {"content", json_content(schema_reference("Error"),
                                           {{"code", example.status}, {"message", example.message}})}};
    if (has_retry_after) {
        response["headers"] = {{"Retry-After",
                                {{"description", "Seconds until it is worth another try."},
                                 {"schema", {{"type", "integer"}, {"minimum", 0}}}}}};
    }
    return response;
}

Json error_responses() {
    const net::Refusal busy{
        429, "too many requests: the server answers 50 at a time and 50 a second; try again later", {}};
    return {
        {"NotModified", {{"description", "What `If-None-Match` names is what would be sent."}}},
        {"Invalid", error_response("A parameter or the query is not what is expected.",
                                   invalid_parameter("hex-encoded hash (64 chars)", "abc"))},
        {"NotFound", error_response("Nothing of the kind is stored.", no_results())},
        {"TooManyRequests",
         error_response("`max_requests_per_second` or `max_concurrent_requests` is reached, and "
                        "waiting would take longer than `request_timeout_in_seconds`.",
                        busy, true)},
        {"Unavailable", error_response("The database cannot be read now, or not in time.",
                                       unreadable_database(base::unavailable("")), true)},
    };
}

/// The tags in the order of the table.
Json tags_of_routes() {
    Json tags = Json::array();
    for (const auto& row : routes()) {
        const Json tag{{"name", row.tag}};
        if (tags.empty() || tags.back() != tag) tags.push_back(tag);
    }
    return tags;
}

}  // namespace

std::string openapi_document(std::string_view sidecar_version) {
    const auto examples = Json::parse(openapi_examples());
    Json paths = Json::object();
    for (const auto& row : routes()) paths[std::string(row.pattern)]["get"] = operation_of(row, examples);
    const Json document{
        {"openapi", "3.0.3"},
        {"info",
         {{"title", "Casper event sidecar"},
          {"version", sidecar_version},
          {"description", kAbout},
          {"license", {{"name", "Apache 2.0"}, {"url", "https://www.apache.org/licenses/LICENSE-2.0"}}}}},
        {"tags", tags_of_routes()},
        {"paths", std::move(paths)},
        {"components", {{"schemas", Json::parse(openapi_schemas())}, {"responses", error_responses()}}},
    };
    return document.dump();
}

}  // namespace rest
