#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string_view>

#include "log_factories.h"
#include "storage/event_log.h"
#include "test_events.h"

namespace storage_test {

/// What every database form of storage::EventLog must keep to; its tests are in event_log_*_test.cpp.
class EventLogContract : public testing::TestWithParam<LogFactory> {
  protected:
    storage::EventLog& log() { return harness_->log(); }
    void reopen() { harness_->reopen(); }

  private:
    std::unique_ptr<LogHarness> harness_ = GetParam().make();
};

[[nodiscard]] inline base::ApiVersion version(std::string_view text) {
    return base::ApiVersion::parse(text).value();
}

}  // namespace storage_test
