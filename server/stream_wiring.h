#pragma once

#include "admin/stream_control.h"
#include "stream/stream_server.h"

namespace server {

/// The streams' words and the admin server's, which do not know each other.
class StreamWiring final : public admin::StreamControl {
  public:
    /// `streams` must outlive this object.
    explicit StreamWiring(stream::StreamServer& streams) : streams_(streams) {}

    void report(std::function<void(Subscribers)> answer) override;
    void close(std::uint64_t id, std::function<void(bool found)> answer) override;
    void drain(std::chrono::seconds over) override { streams_.drain(over); }
    void end_drain() override { streams_.end_drain(); }
    [[nodiscard]] admin::DrainReport drain_report() const override;

  private:
    stream::StreamServer& streams_;
};

}  // namespace server
