#pragma once

#include <boost/asio/thread_pool.hpp>

#include "net/body.h"
#include "rest/content.h"
#include "rest/large_payloads.h"

namespace rest {

/// The bytes that a content stands for, spread over lines if that is asked for. Where it has large payloads
/// it is streamed: they are read by the pool, one after the other, when their turn comes. Pool and payloads
/// must outlive the body.
[[nodiscard]] net::Body body_of(Content content, bool pretty, LargePayloads& payloads,
                                boost::asio::thread_pool& pool);

}  // namespace rest
