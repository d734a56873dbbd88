#include "support/json_schema.h"

#include <algorithm>
#include <map>
#include <regex>
#include <set>
#include <stdexcept>

namespace support {
namespace {

using nlohmann::json;

const std::set<std::string> kKnown{
    "$ref",       "allOf",    "type",          "nullable",      "enum",  "pattern", "minimum", "maximum",
    "properties", "required", "minProperties", "maxProperties", "items", "format",  "default", "description"};

bool has_type(const json& value, const std::string& type) {
    if (type == "object") return value.is_object();
    if (type == "array") return value.is_array();
    if (type == "string") return value.is_string();
    if (type == "boolean") return value.is_boolean();
    if (type == "integer") return value.is_number_integer();
    if (type == "number") return value.is_number();
    throw std::invalid_argument("unknown type " + type);
}

class Check {
  public:
    explicit Check(const JsonSchema& schemas) : schemas_(schemas) {}

    void value(const json& given, const json& value, const std::string& at) {
        const json& schema = schemas_.resolved(given);
        for (const auto& [keyword, ignored] : schema.items()) {
            if (!kKnown.contains(keyword)) add(at, "the schema's keyword " + keyword + " is not checked");
        }
        if (value.is_null() && schema.value("nullable", false)) return;
        if (schema.contains("allOf")) {
            for (const auto& part : schema["allOf"]) this->value(part, value, at);
        }
        if (schema.contains("type") && !has_type(value, schema["type"])) {
            return add(at, "is no " + schema["type"].get<std::string>() + ": " + value.dump().substr(0, 80));
        }
        if (schema.contains("enum") && std::ranges::find(schema["enum"], value) == schema["enum"].end()) {
            add(at, "is none of " + schema["enum"].dump() + ": " + value.dump());
        }
        if (value.is_string()) text(schema, value, at);
        if (value.is_number()) number(schema, value, at);
        if (value.is_object()) object(schema, value, at);
        if (value.is_array() && schema.contains("items")) {
            for (std::size_t i = 0; i < value.size(); ++i)
                this->value(schema["items"], value[i], at + "/" + std::to_string(i));
        }
    }

    std::vector<std::string> take() { return std::move(problems_); }

  private:
    void add(const std::string& at, const std::string& what) { problems_.push_back(at + " " + what); }

    void text(const json& schema, const std::string& value, const std::string& at) {
        if (!schema.contains("pattern")) return;
        const auto& pattern = schema["pattern"].get_ref<const std::string&>();
        auto known = patterns_.find(pattern);
        if (known == patterns_.end()) known = patterns_.emplace(pattern, std::regex(pattern)).first;
        if (!std::regex_search(value, known->second))
            add(at, "does not fit " + pattern + ": " + value.substr(0, 80));
    }

    void number(const json& schema, const json& value, const std::string& at) {
        if (schema.contains("minimum") && value < schema["minimum"])
            add(at, "is below the minimum: " + value.dump());
        if (schema.contains("maximum") && value > schema["maximum"])
            add(at, "is above the maximum: " + value.dump());
    }

    void object(const json& schema, const json& value, const std::string& at) {
        for (const auto& name : schema.value("required", json::array())) {
            if (!value.contains(name.get<std::string>())) add(at, "has no " + name.get<std::string>());
        }
        if (value.size() < schema.value("minProperties", std::size_t{0})) add(at, "has too few members");
        if (value.size() > schema.value("maxProperties", value.size())) add(at, "has too many members");
        const auto properties = schema.find("properties");
        if (properties == schema.end()) return;
        for (const auto& [name, member] : value.items()) {
            const auto property = properties->find(name);
            if (property != properties->end()) this->value(*property, member, at + "/" + name);
        }
    }

    const JsonSchema& schemas_;
    std::vector<std::string> problems_;
    std::map<std::string, std::regex> patterns_;
};

}  // namespace

std::vector<std::string> JsonSchema::problems(const json& schema, const json& value) const {
    Check check(*this);
    check.value(schema, value, "");
    return check.take();
}

const json& JsonSchema::resolved(const json& object) const {
    const json* at = &object;
    while (at->is_object() && at->contains("$ref")) {
        const auto reference = at->at("$ref").get<std::string>();
        if (!reference.starts_with("#")) throw std::invalid_argument("not in this document: " + reference);
        at = &document_.at(json::json_pointer(reference.substr(1)));
    }
    return *at;
}

}  // namespace support
