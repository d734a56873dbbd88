#include "admin/json_answers.h"

#include <fmt/format.h>
#include <utility>

#include "admin/node_json.h"

namespace admin {

net::Response json_answer(unsigned status, const nlohmann::ordered_json& json) {
    auto response = net::json_response(status, line_of(json));
    response.headers.emplace_back("cache-control", "no-store");
    return response;
}

net::Response refuse(const Call& call, unsigned status, std::string_view why) {
    return net::json_refusal({status, std::string(why), {}}, *call.request);
}

net::Response refuse(const Call& call, const base::Error& error, unsigned invalid) {
    using Category = base::Error::Category;
    switch (error.category) {
        case Category::Invalid:
            return refuse(call, invalid, error.message);
        case Category::Unavailable:
            return net::json_refusal({503, error.message, {{"retry-after", "5"}}}, *call.request);
        case Category::Corrupt:
            break;
    }
    return refuse(call, 500, error.message);
}

net::Response refuse_late(const Call& call) {
    return net::json_refusal(
        {503,
         "there is no answer yet; the sidecar goes on with it. See its log, and ask again",
         {{"retry-after", "5"}}},
        *call.request);
}

base::Result<JsonObject> object_of(std::string_view body, std::string_view example) {
    auto json = nlohmann::json::parse(body, nullptr, false);
    if (auto* const object = json.get_ptr<JsonObject*>()) return std::move(*object);
    return base::invalid(fmt::format("the body is no JSON object; expected one such as {}", example));
}

}  // namespace admin
