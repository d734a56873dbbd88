#include "base/samples.h"

#include <algorithm>
#include <fcntl.h>
#include <gtest/gtest.h>
#include <map>
#include <unistd.h>

#include "base/bounded_queue.h"
#include "base/metrics.h"
#include "base/process_samples.h"

namespace base {
namespace {

TEST(Samples, AreFamiliesOfTheirType) {
    const Sampler sampler([](Samples& samples) {
        auto height = samples.gauge("height", "Of nodes");
        samples.counter("events_total", "All").add(7);
        height.add(3, {{"node", "one"}}).add(4, {{"node", "two"}});
    });
    const auto families = sampler.Collect();
    ASSERT_EQ(families.size(), 2U);
    EXPECT_EQ(families[0].name, "height");
    EXPECT_EQ(families[0].type, prometheus::MetricType::Gauge);
    ASSERT_EQ(families[0].metric.size(), 2U);
    EXPECT_EQ(families[0].metric[1].label[0].value, "two");
    EXPECT_EQ(families[0].metric[1].gauge.value, 4);
    EXPECT_EQ(families[1].type, prometheus::MetricType::Counter);
    EXPECT_EQ(families[1].metric[0].counter.value, 7);
}

std::map<std::string, double> process_values() {
    std::map<std::string, double> values;
    for (const auto& family : process_sampler()->Collect()) {
        const auto& metric = family.metric.front();
        values[family.name] =
            family.type == prometheus::MetricType::Counter ? metric.counter.value : metric.gauge.value;
    }
    return values;
}

TEST(ProcessSamples, TellOfThisProcess) {
    const auto before = process_values();
    EXPECT_EQ(before.size(), 7U);
    EXPECT_GE(before.at("process_threads"), 1);
    EXPECT_GT(before.at("process_resident_memory_bytes"), 1e6);
    EXPECT_GT(before.at("process_virtual_memory_bytes"), before.at("process_resident_memory_bytes"));
    EXPECT_GT(before.at("process_max_fds"), before.at("process_open_fds"));
    const auto now = static_cast<double>(::time(nullptr));
    EXPECT_LE(before.at("process_start_time_seconds"), now + 1);
    EXPECT_GT(before.at("process_start_time_seconds"), now - 3600);

    const int opened = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    EXPECT_EQ(process_values().at("process_open_fds"), before.at("process_open_fds") + 1);
    ::close(opened);
    const auto used = before.at("process_cpu_seconds_total");
    for (volatile unsigned work = 0; process_values().at("process_cpu_seconds_total") <= used + 0.02;)
        work = work + 1;
}

TEST(Metrics, WhatIsKnownBeforehandIsThereWithZero) {
    const Metrics metrics;
    std::map<std::string, std::size_t> series;
    for (const auto& family : metrics.collect()) series[family.name] = family.metric.size();
    EXPECT_EQ(series["error_counts"], 10U + kNodeFilters.size() + kKinds.size() - 1);
    EXPECT_EQ(series["internal_events"], 6U);
    EXPECT_EQ(series["received_bytes"], kNodeFilters.size());
}

TEST(Metrics, ASourceIsAskedAtEachReading) {
    Metrics metrics;
    int asked = 0;
    metrics.add(std::make_shared<Sampler>(
        [&asked](Samples& samples) { samples.gauge("a_gauge", "Counts").add(++asked); }));
    (void)metrics.collect();
    const auto families = metrics.collect();
    EXPECT_EQ(asked, 2);
    EXPECT_TRUE(std::ranges::is_sorted(families, {}, &prometheus::MetricFamily::name));
}

TEST(BoundedQueue, TellsOfItsFillWithoutALock) {
    BoundedQueue<int> queue(100);
    EXPECT_EQ(queue.bound(), 100U);
    ASSERT_TRUE(queue.try_push(1, 60, [] {}));
    queue.push(2, 70);
    EXPECT_EQ(queue.size(), 2U);
    EXPECT_EQ(queue.cost(), 130U);
    EXPECT_EQ(queue.take_all(std::chrono::milliseconds(0)).size(), 2U);
    EXPECT_EQ(queue.size(), 0U);
    EXPECT_EQ(queue.cost(), 130U) << "what is in work counts";
    (void)queue.take_all(std::chrono::milliseconds(0));
    EXPECT_EQ(queue.cost(), 0U);
}

}  // namespace
}  // namespace base
