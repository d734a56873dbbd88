#pragma once

#include "rest/content.h"
#include "rest/parameters.h"
#include "storage/event_finder.h"

namespace rest {

/// Pages `{"data":[…],"next":"…"|null}`. Every call blocks on the database; any thread. `tag` becomes the
/// page's entity tag. Errors are those of the finder, and of add_inner(). Errors are the database's.
[[nodiscard]] base::Result<Content> list_blocks(const storage::EventFinder& finder,
                                                const Arguments& arguments, EntityTag tag);
[[nodiscard]] base::Result<Content> list_events(const storage::EventFinder& finder,
                                                const Arguments& arguments, EntityTag tag);
[[nodiscard]] base::Result<Content> list_deploys(const storage::EventFinder& finder,
                                                 const Arguments& arguments, EntityTag tag);

}  // namespace rest
