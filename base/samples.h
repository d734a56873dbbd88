#pragma once

#include <deque>
#include <functional>
#include <prometheus/client_metric.h>
#include <prometheus/collectable.h>
#include <prometheus/metric_family.h>
#include <string>
#include <utility>
#include <vector>

namespace base {

/// Values of the metrics page that are looked at when somebody reads it, instead of being counted.
class Samples {
  public:
    using Labels = std::vector<std::pair<std::string, std::string>>;

    /// Values of one name.
    class Family {
      public:
        explicit Family(prometheus::MetricFamily& family) : family_(&family) {}
        Family& add(double value, const Labels& labels = {});

      private:
        prometheus::MetricFamily* family_;
    };

    /// Valid as long as this object.
    Family gauge(std::string name, std::string help) {
        return begin(std::move(name), std::move(help), prometheus::MetricType::Gauge);
    }
    /// For what only grows while the process lives.
    Family counter(std::string name, std::string help) {
        return begin(std::move(name), std::move(help), prometheus::MetricType::Counter);
    }

    [[nodiscard]] std::vector<prometheus::MetricFamily> take() &&;

  private:
    Family begin(std::string name, std::string help, prometheus::MetricType type);

    std::deque<prometheus::MetricFamily> families_;  ///< whose elements stay where they are
};

/// Takes the samples at each reading, on the thread that reads.
class Sampler final : public prometheus::Collectable {
  public:
    explicit Sampler(std::function<void(Samples&)> sample) : sample_(std::move(sample)) {}

    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override {
        Samples samples;
        sample_(samples);
        return std::move(samples).take();
    }

  private:
    const std::function<void(Samples&)> sample_;
};

}  // namespace base
