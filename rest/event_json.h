#pragma once

#include <string>

#include "base/result.h"
#include "rest/content.h"
#include "storage/event_finder.h"

namespace rest {

/// Adds what the event's one member holds, byte for byte. An error, of category Corrupt: its payload is not
/// one object with one member.
[[nodiscard]] base::Result<void> add_inner(Content& content, storage::FoundEvent event);

/// Adds `{"id":…,"kind":…,"received_at":…,"data":…}`, the data as the node sent it.
void add_event(Content& content, const storage::FoundEvent& event);

/// Adds `{"deploy_hash":…,"deploy_accepted":…,"deploy_processed":…,"deploy_expired":…}`. Errors as those of
/// add_inner().
[[nodiscard]] base::Result<void> add_deploy(Content& content, storage::FoundDeploy deploy);

}  // namespace rest
