#pragma once

#include <span>

#include "net/embedded_files.h"

namespace rest {

/// The files of Swagger UI and of its page.
[[nodiscard]] std::span<const net::EmbeddedFile> swagger_files();

}  // namespace rest
