#pragma once

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <prometheus/collectable.h>
#include <span>
#include <string>
#include <vector>

namespace base {

/// Counts values by size, without a lock; any thread. A reading while others count may see a value in its
/// bucket and not yet in the sum.
class Histogram {
  public:
    /// Upper bounds, ascending, each inclusive; what is above the last has a bucket of its own.
    explicit Histogram(std::span<const double> bounds);

    void observe(double value, std::uint64_t times = 1);

    struct Reading {
        std::vector<std::uint64_t> counts;  ///< of each bucket alone; one more than there are bounds
        double sum = 0;

        /// The bound of the bucket that holds this share of the values, which is 0 to 1: no more than so
        /// many of them are above it. 0 where nothing was counted; the last bound for what is above that.
        [[nodiscard]] double quantile(double share, std::span<const double> bounds) const;
        /// What was counted since an earlier reading of the same histogram.
        [[nodiscard]] Reading since(const Reading& earlier) const;
    };
    [[nodiscard]] Reading read() const;
    [[nodiscard]] std::span<const double> bounds() const { return bounds_; }

    /// Counts for one thread, which flushes now and then: who counts often shares no cache line with others.
    class Tally {
      public:
        /// The histogram must outlive the tally; what was not flushed is lost.
        explicit Tally(Histogram& histogram)
            : histogram_(histogram), counts_(histogram.bounds().size() + 1) {}

        void observe(double value, std::uint64_t times = 1);
        void flush();

      private:
        Histogram& histogram_;
        std::vector<std::uint64_t> counts_;
        double sum_ = 0;
        bool empty_ = true;
    };

  private:
    [[nodiscard]] std::size_t bucket_of(double value) const;

    const std::vector<double> bounds_;
    const std::unique_ptr<std::atomic<std::uint64_t>[]> counts_;
    std::atomic<double> sum_{0};
};

/// Histograms of one name, for the metrics page. Thread-safe: finding a histogram takes a lock, counting in
/// it none; it lives as long as the family.
class HistogramFamily final : public prometheus::Collectable {
  public:
    /// `labels`: the labels' names; without one there is one histogram.
    HistogramFamily(std::string name, std::string help, std::vector<std::string> labels,
                    std::vector<double> bounds);

    /// A value for each label, in their order.
    [[nodiscard]] Histogram& of(std::vector<std::string> label_values = {});

    [[nodiscard]] std::vector<prometheus::MetricFamily> Collect() const override;

  private:
    const std::string name_;
    const std::string help_;
    const std::vector<std::string> labels_;
    const std::vector<double> bounds_;
    mutable std::mutex mutex_;  // guards the map, not what it holds
    std::map<std::vector<std::string>, Histogram> histograms_;
};

}  // namespace base
