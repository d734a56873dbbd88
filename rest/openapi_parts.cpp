#include "rest/openapi_parts.h"

// The files go into the program as they are.
asm(R"(
    .pushsection .rodata
    .globl rest_openapi_schemas, rest_openapi_schemas_end
    .globl rest_openapi_examples, rest_openapi_examples_end
rest_openapi_schemas:
    .incbin ")" EVENT_SIDECAR_OPENAPI R"(/schemas.json"
rest_openapi_schemas_end:
rest_openapi_examples:
    .incbin ")" EVENT_SIDECAR_OPENAPI R"(/examples.json"
rest_openapi_examples_end:
    .byte 0
    .popsection
)");

// NOLINTBEGIN: the symbols above
extern "C" {
extern const char rest_openapi_schemas[], rest_openapi_schemas_end[];
extern const char rest_openapi_examples[], rest_openapi_examples_end[];
}
// NOLINTEND

namespace rest {

std::string_view openapi_schemas() {
    return {rest_openapi_schemas, rest_openapi_schemas_end};
}

std::string_view openapi_examples() {
    return {rest_openapi_examples, rest_openapi_examples_end};
}

}  // namespace rest
