#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "base/event.h"
#include "net/content_coding.h"
#include "net/http_message.h"
#include "storage/event_log.h"
#include "stream/lane.h"

namespace stream {

/// What a request can be answered from, at one moment.
struct FeedState {
    storage::Range log;            ///< what the log holds
    base::EventId ring_first = 1;  ///< the ring of the asking connection's shard: [first, next)
    base::EventId ring_next = 1;
    std::string_view feed_id;
    bool at_subscriber_limit = false;
    bool at_address_limit = false;  ///< as many of the client's address as are let in
    bool draining = false;          ///< an operator lets nobody in
};

/// A stream to be served: where it begins, and the head of its response.
struct Subscription {
    LaneKey lane;
    base::EventId next = 1;           ///< the first id that the subscriber wants
    base::EventId complete_from = 1;  ///< what is missing below it was announced
    Framing framing = Framing::Chunked;
    net::ContentCoding coding = net::ContentCoding::Identity;
    net::Headers headers;    ///< of the response, status 200
    bool head_only = false;  ///< HEAD: they are the whole answer
};

/// The endpoint that a path asks for; one slash at its end is overlooked.
[[nodiscard]] std::optional<base::Endpoint> endpoint_at(std::string_view path);

/// Reads a request of the event stream server; an answer at once where there is nothing to stream.
/// Paths, cursors (`start_from`, `Last-Event-ID`), status codes and bodies are those of the node, and what
/// docs/streams.md adds; the CORS headers follow the WHATWG Fetch standard. Pure.
[[nodiscard]] std::variant<Subscription, net::Response> read_subscription(const net::Request& request,
                                                                          const FeedState& feed);

/// The event that a request's cursor names: its Last-Event-ID, else its start_from. None: there is none, or
/// it cannot be read.
struct Cursor {
    base::EventId id = 0;
    bool is_last_event_id = false;
};
[[nodiscard]] std::optional<Cursor> cursor_of(const net::Request& request);

/// 503 with Retry-After: the events asked for lie in the log, which cannot be read now.
[[nodiscard]] net::Response log_unreadable(const net::Request& request);

}  // namespace stream
