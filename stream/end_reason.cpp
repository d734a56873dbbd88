#include "stream/end_reason.h"

namespace stream {

std::string_view name_of(EndReason reason) {
    switch (reason) {
        case EndReason::ClientClosed:
            return "client_closed";
        case EndReason::WriteFailed:
            return "write_failed";
        case EndReason::WriteTimeout:
            return "write_timeout";
        case EndReason::Pruned:
            return "pruned";
        case EndReason::Stopped:
            return "stopped";
        case EndReason::Drained:
            return "drained";
        case EndReason::ClosedByOperator:
            return "closed_by_operator";
        case EndReason::TooFarBehind:
            return "too_far_behind";
    }
    return "unknown";
}

}  // namespace stream
