#include "upstream/filter_cursor.h"

#include <utility>

namespace upstream {

FilterCursor::FilterCursor(std::optional<ResumePoint> resume, std::uint32_t generation)
    : committed_(std::move(resume)),
      seen_(committed_ ? committed_->position : base::NodePosition{.event_id = 0, .generation = generation}) {
}

std::uint32_t FilterCursor::begin() {
    is_first_ = true;
    if (committed_) {
        seen_ = committed_->position;
    } else {
        seen_.event_id = 0;
    }
    return seen_.event_id;
}

FilterCursor::Verdict FilterCursor::see(std::uint32_t id, const Identity* identity) {
    const bool resumes = std::exchange(is_first_, false) && committed_.has_value();
    if (resumes && id < seen_.event_id) return Verdict::Restarted;
    if (resumes && id == seen_.event_id) return is_committed(identity) ? Verdict::Known : Verdict::Restarted;
    if (resumes) return Verdict::Gap;
    if (id < seen_.event_id) ++seen_.generation;
    seen_.event_id = id;
    return Verdict::Take;
}

bool FilterCursor::is_committed(const Identity* identity) const {
    if (identity == nullptr) return true;  // unreadable now proves nothing
    if (identity->kind != committed_->kind) return false;
    return base::row_of(identity->kind).key == base::KeyShape::Occurrence || identity->key == committed_->key;
}

void FilterCursor::restart(std::uint32_t generation) {
    committed_.reset();
    seen_ = {.event_id = 0, .generation = generation};
}

}  // namespace upstream
