#include "storage/payload_codec.h"

// The file goes into the program as it is; storage/dictionaries/README.md tells how it was made.
asm(R"(
    .pushsection .rodata
    .balign 16
    .globl event_sidecar_packing_dictionary
    .globl event_sidecar_packing_dictionary_end
event_sidecar_packing_dictionary:
    .incbin ")" EVENT_SIDECAR_PACKING_DICTIONARY R"("
event_sidecar_packing_dictionary_end:
    .byte 0
    .popsection
)");

extern "C" {
extern const char event_sidecar_packing_dictionary[];      // NOLINT: the symbols above
extern const char event_sidecar_packing_dictionary_end[];  // NOLINT
}

namespace storage {

std::string_view packing_dictionary() {
    return {event_sidecar_packing_dictionary, event_sidecar_packing_dictionary_end};
}

}  // namespace storage
