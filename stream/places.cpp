#include "stream/places.h"

namespace stream {

Places::Places(std::uint32_t most, std::uint32_t most_per_address)
    : most_(most), most_per_address_(most_per_address), shared_(std::make_shared<Shared>()) {}

Taken Places::take(const std::string& address) {
    const std::lock_guard lock(shared_->mutex);
    if (shared_->taken >= most_) return {.place = {}, .refusal = Taken::Refusal::Full};
    const bool counted = most_per_address_ > 0;
    if (counted) {
        const auto found = shared_->by_address.find(address);
        if (found != shared_->by_address.end() && found->second >= most_per_address_)
            return {.place = {}, .refusal = Taken::Refusal::TooManyOfAddress};
        ++shared_->by_address[address];
    }
    ++shared_->taken;
    const auto release = [shared = shared_, address = counted ? address : std::string()](void*) {
        give_back(*shared, address);
    };
    return {.place = {.id = ++shared_->last_id, .held = {shared_.get(), release}}};
}

void Places::give_back(Shared& shared, const std::string& address) {
    const std::lock_guard lock(shared.mutex);
    --shared.taken;
    const auto found = shared.by_address.find(address);
    if (found != shared.by_address.end() && --found->second == 0) shared.by_address.erase(found);
}

}  // namespace stream
