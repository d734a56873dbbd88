#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "base/log.h"
#include "base/metrics.h"
#include "base/result.h"
#include "rest/options.h"
#include "rest/source.h"

namespace boost::asio {
class io_context;
}
namespace tls {
class ServerContext;
}

namespace rest {

/// The REST API: the routes of rest/routes.h, their OpenAPI document, and Swagger UI. Connections are served
/// by a thread of its own, and the database is read by a few others.
class RestServer {
  public:
    /// Opens the port; an error names it and the remedy. What the source refers to must outlive the server.
    /// `tls`: none for plain HTTP.
    [[nodiscard]] static base::Result<std::unique_ptr<RestServer>> open(
        const Options& options, const Source& source, std::string sidecar_version, base::Log lines,
        base::Metrics& metrics, std::shared_ptr<tls::ServerContext> tls = {});
    ~RestServer();
    RestServer(const RestServer&) = delete;
    RestServer& operator=(const RestServer&) = delete;

    void start();

    /// Ends every connection, and waits for the reads of the database that are under way.
    void stop();

    [[nodiscard]] std::uint16_t port() const;

    /// That of its thread, for a look whether it turns.
    [[nodiscard]] boost::asio::io_context& context();

  private:
    class Impl;
    explicit RestServer(std::unique_ptr<Impl> impl);
    std::unique_ptr<Impl> impl_;
};

}  // namespace rest
