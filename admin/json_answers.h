#pragma once

#include <nlohmann/json.hpp>
#include <string_view>

#include "admin/admin_route.h"
#include "base/result.h"
#include "net/http_message.h"

namespace admin {

/// What is so now: nobody may keep it.
[[nodiscard]] net::Response json_answer(unsigned status, const nlohmann::ordered_json& json);

/// {"code":…,"message":…}
[[nodiscard]] net::Response refuse(const Call& call, unsigned status, std::string_view why);
/// Unavailable is 503 with Retry-After, Corrupt is 500; what is the asker's, Invalid, is `invalid`.
[[nodiscard]] net::Response refuse(const Call& call, const base::Error& error, unsigned invalid);
/// 503: another thread has not answered in time; it goes on with it.
[[nodiscard]] net::Response refuse_late(const Call& call);

using JsonObject = nlohmann::json::object_t;

/// The body as a JSON object. An error of the category Invalid tells what to send, such as `example`.
[[nodiscard]] base::Result<JsonObject> object_of(std::string_view body, std::string_view example);

}  // namespace admin
