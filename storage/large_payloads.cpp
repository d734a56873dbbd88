#include "storage/large_payloads.h"

#include <utility>

namespace storage {

namespace {

/// Calls it at the end of the scope, however that ends.
template <class Call>
class AtEnd {
  public:
    explicit AtEnd(Call call) : call_(std::move(call)) {}
    ~AtEnd() { call_(); }
    AtEnd(const AtEnd&) = delete;
    AtEnd& operator=(const AtEnd&) = delete;

  private:
    Call call_;
};

}  // namespace

LargePayloads::Payload LargePayloads::copy_of(std::uint64_t number) const {
    const auto copy = copies_.find(number);
    return copy == copies_.end() ? nullptr : copy->second.lock();
}

base::Result<LargePayloads::Payload> LargePayloads::get(std::uint64_t number) {
    {
        std::unique_lock lock(mutex_);
        ended_.wait(lock, [&] {
            return copy_of(number) || (being_read_.size() < kMostReads && !being_read_.contains(number));
        });
        if (auto copy = copy_of(number)) return copy;
        being_read_.insert(number);
    }
    const AtEnd end([&] {
        {
            const std::lock_guard lock(mutex_);
            being_read_.erase(number);
        }
        ended_.notify_all();
    });
    auto payload = read_(number);
    if (!payload) return payload.error();
    if (!*payload) return Payload();
    auto copy = std::make_shared<const std::string>(std::move(**payload));
    const std::lock_guard lock(mutex_);
    std::erase_if(copies_, [](const auto& entry) { return entry.second.expired(); });
    copies_[number] = copy;
    return Payload(std::move(copy));
}

}  // namespace storage
