#include "stream/event_filter.h"

namespace stream {

bool EventFilter::passes(base::Kind kind, const base::EventTraits& event) const {
    if (!kinds.contains(kind)) return false;
    if (kind == base::Kind::Shutdown) return true;
    return (!traits.era || traits.era == event.era) &&
           (traits.account.empty() || traits.account == event.account) &&
           (traits.deploy_hash.empty() || traits.deploy_hash == event.deploy_hash);
}

}  // namespace stream
