#include "storage/chain_walk.h"

#include <utility>

namespace storage {

namespace {

Damage of_row(const LogRow& row, bool follows_loss) {
    if (row.unreadable) return {Damage::Kind::Unreadable, row.id, row.id, row.fault};
    if (!row.payload) return {Damage::Kind::Content, row.id, row.id, row.fault};
    if (follows_loss)
        return {Damage::Kind::Unproven, row.id, row.id,
                "the chain hash before it is lost, so nothing proves it"};
    return {Damage::Kind::Content, row.id, row.id, "its payload or key is not what its chain hash says"};
}

}  // namespace

std::optional<Digest> ChainWalk::hash(const std::optional<Digest>& before, const LogRow& row) {
    if (!before || !row.payload) return std::nullopt;
    return chain_hash(sha256_, *before, row.id, row.kind, row.key, *row.payload);
}

void ChainWalk::row(const LogRow& row) {
    if (row.id < next_) return;
    if (pending_) {
        if (settle(row)) return sound(row.id, *row.chain);
        miss_up_to(row.id);
        return doubt(row, std::nullopt);
    }
    // Ids may be passed over: where the hashes link, no event stood between.
    const auto computed = hash(before_, row);
    if (computed && computed == row.chain) return sound(row.id, *computed);
    miss_up_to(row.id);
    doubt(row, pending_ ? std::nullopt : computed);
}

/// Whether this event proves what those before it were.
bool ChainWalk::settle(const LogRow& row) {
    if (!row.chain) return false;
    if (pending_->computed && hash(pending_->computed, row) == row.chain) {
        close_rehashed(*pending_->computed);
        return true;
    }
    if (pending_->stored && hash(pending_->stored, row) == row.chain) {
        close(*pending_->stored);
        return true;
    }
    return false;
}

void ChainWalk::sound(base::EventId id, const Digest& chain) {
    next_ = id + 1;
    before_ = chain;
    ++events_;
}

void ChainWalk::doubt(const LogRow& row, std::optional<Digest> computed) {
    const bool follows_loss = !computed && row.payload;
    if (!pending_) pending_ = Pending{.first = row.id, .parts = {}, .stored = {}, .computed = {}};
    add_part(of_row(row, follows_loss));
    pending_->stored = row.chain;
    pending_->computed = computed;
    next_ = row.id + 1;
}

void ChainWalk::miss_up_to(base::EventId id) {
    if (id <= next_) return;
    if (!pending_) pending_ = Pending{.first = next_, .parts = {}, .stored = {}, .computed = {}};
    add_part({Damage::Kind::Missing, next_, id - 1, "not there, and not recorded as deleted"});
    pending_->stored.reset();
    pending_->computed.reset();
    next_ = id;
}

void ChainWalk::add_part(Damage part) {
    auto& parts = pending_->parts;
    if (!parts.empty() && parts.back().kind == part.kind && parts.back().what == part.what &&
        parts.back().last + 1 == part.first) {
        parts.back().last = part.last;
        return;
    }
    parts.push_back(std::move(part));
}

void ChainWalk::close(const Digest& chain) {
    lost_.push_back({{pending_->first, next_ - 1, chain}});
    for (auto& part : pending_->parts) report(std::move(part));
    pending_.reset();
    before_ = chain;
}

void ChainWalk::close_rehashed(const Digest& chain) {
    const auto id = pending_->first;
    rehashed_.push_back({id, chain});
    report({Damage::Kind::Hash, id, id, "the event is sound, its chain hash is not"});
    pending_.reset();
    before_ = chain;
    ++events_;
}

void ChainWalk::report(Damage damage) {
    damages_.push_back(std::move(damage));
}

void ChainWalk::run(const LogRun& run) {
    if (run.last < next_) return;
    miss_up_to(run.first);
    if (pending_) close(pending_->stored.value_or(run.end));
    runs_.push_back(run);
    before_ = run.end;
    next_ = run.last + 1;
}

void ChainWalk::end(const std::optional<LogEnd>& head) {
    if (!head) {
        if (pending_) close(pending_->stored.value_or(Digest{}));
        return report({Damage::Kind::Head, 0, 0, "the row of the table log cannot be read"});
    }
    if (pending_ && pending_->computed == head->chain) {
        close_rehashed(head->chain);
    } else if (pending_ && pending_->stored == head->chain) {
        close(head->chain);
    }
    if (!pending_ && before_ == head->chain) return check_head(*head);
    miss_up_to(head->range.next);
    if (pending_) {
        close(head->chain);
        return check_head(*head);
    }
    report({Damage::Kind::Head, 0, 0, "its chain hash is not that of the newest event"});
    check_head(*head);
}

void ChainWalk::check_head(const LogEnd& head) {
    if (head.range.next < next_) {
        report({Damage::Kind::Head, 0, 0,
                "it gives the next event the id " + std::to_string(head.range.next) +
                    ", but there are events up to " + std::to_string(next_ - 1)});
    }
    const auto deleted = runs_.empty() ? 0 : runs_.back().last;
    if (head.range.oldest < 1 || head.range.oldest > head.range.next || head.range.oldest <= deleted ||
        head.range.next > base::kMaxEventId) {
        report({Damage::Kind::Head, 0, 0,
                "ids " + std::to_string(head.range.oldest) + " to " + std::to_string(head.range.newest()) +
                    " cannot be what it holds"});
    }
}

}  // namespace storage
