#include "upstream/upstream.h"

#include <algorithm>
#include <boost/asio/post.hpp>
#include <optional>
#include <utility>

#include "upstream/node_connection.h"
#include "upstream/node_context.h"
#include "upstream/roster.h"

namespace upstream {

namespace asio = boost::asio;

class Upstream::Impl : public std::enable_shared_from_this<Impl> {
  public:
    Impl(asio::io_context& context, std::vector<NodeOptions> configured, Dependencies dependencies)
        : roster_(std::move(configured), dependencies.wishes),
          shared_(std::make_shared<SharedContext>(context.get_executor(), std::move(dependencies))) {}

    void start() {
        started_ = true;
        warn_of_left_out();
        apply();
        shared_->gate.begin([weak = weak_from_this()] { wake_all(weak); },
                            [weak = weak_from_this()](const base::Error& error) { refuse(weak, error); });
    }

    void stop() {
        if (std::exchange(stopped_, true)) return;
        shared_->mailbox.close();
        for (const auto& node : nodes_) node->stop();
    }

    /// Any thread.
    template <class Function>
    void post(Function function) {
        shared_->mailbox.post([weak = weak_from_this(), function = std::move(function)] {
            const auto self = weak.lock();
            if (self && !self->stopped_) function(*self);
        });
    }

    void configure(std::vector<NodeOptions> configured) {
        shared_->forget_trust();
        roster_.configure(std::move(configured));
        warn_of_left_out();
        apply();
    }

    [[nodiscard]] std::vector<NodeReport> reports() const {
        std::vector<NodeReport> reports;
        for (const auto& node : nodes_) {
            if (!node->deleted()) reports.push_back(node->report());
        }
        return reports;
    }

    /// A command: changes the roster, takes effect, is saved, and is answered.
    void change(const std::string& name, const base::Result<NodeWish>& wish, Answer answer) {
        if (!wish) return answer(wish.error());
        apply();
        const auto node = find(name);
        if (node && wish->wish == NodeWish::Wish::Run) node->resume();
        auto saved = [weak = weak_from_this(), shared = shared_, name, answer = std::move(answer)] {
            shared->mailbox.post([weak, name, answer] {
                if (const auto self = weak.lock()) answer(self->report(name));
            });
        };
        shared_->dependencies.save_wish(*wish, std::move(saved));
    }

    [[nodiscard]] Roster& roster() { return roster_; }

  private:
    void warn_of_left_out() const {
        for (const auto& name : roster_.left_out()) {
            shared_->dependencies.log->warn(
                "node {} is left out: its address is that of another node; remove one of the two", name);
        }
    }

    /// Makes the connections those of the roster.
    void apply() {
        if (!started_ || stopped_) return;
        const auto specs = roster_.nodes();
        for (const auto& node : nodes_) {
            const bool wanted = std::ranges::any_of(
                specs, [&](const NodeSpec& spec) { return spec.options.name == node->name(); });
            if (!wanted && !node->deleted()) node->remove();
        }
        for (const auto& spec : specs) apply(spec);
    }

    void apply(const NodeSpec& spec) {
        const auto node = find(spec.options.name);
        if (!node) return create(spec);
        if (node->deleted()) return;  // once that is done, it is created anew
        if (node->options() != spec.options) node->reconfigure(spec.options);
        if (spec.suspended && !node->suspended()) node->suspend();
        if (!spec.suspended && node->suspended()) node->resume();
    }

    void create(const NodeSpec& spec) {
        if (stopped_) return;
        nodes_.push_back(std::make_shared<NodeConnection>(
            shared_, spec, [weak = weak_from_this()] { note_transition(weak); }));
        nodes_.back()->start();
    }

    [[nodiscard]] std::shared_ptr<NodeConnection> find(const std::string& name) const {
        const auto found =
            std::ranges::find_if(nodes_, [&](const auto& node) { return node->name() == name; });
        return found == nodes_.end() ? nullptr : *found;
    }

    [[nodiscard]] NodeReport report(const std::string& name) const {
        if (const auto node = find(name)) return node->report();
        NodeReport report;
        report.name = name;
        report.state = NodeState::Deleted;
        return report;
    }

    static void wake_all(const std::weak_ptr<Impl>& weak) {
        const auto self = weak.lock();
        if (!self) return;
        for (const auto& node : self->nodes_) node->wake();
    }

    static void refuse(const std::weak_ptr<Impl>& weak, const base::Error& error) {
        const auto self = weak.lock();
        if (!self) return;
        self->stop();
        const auto& callback = self->shared_->dependencies.failed_to_start;
        if (callback) asio::post(self->shared_->executor, [callback, error] { callback(error); });
    }

    static void note_transition(const std::weak_ptr<Impl>& weak) {
        const auto self = weak.lock();
        if (!self) return;
        asio::post(self->shared_->executor, [weak] {
            const auto later = weak.lock();
            if (!later || later->stopped_) return;
            later->settle();
            later->report_unavailable();
        });
    }

    /// What was wished while a node was still ending its connections takes effect now.
    void settle() {
        const auto is_deleted = [](const auto& node) { return node->state() == NodeState::Deleted; };
        const bool buried = std::erase_if(nodes_, is_deleted) > 0;
        apply();
        if (!buried) return;
        // Another node may have the address, and so the series, of the deleted one.
        for (const auto& node : nodes_) node->show_status();
    }

    void report_unavailable() {
        const bool unavailable = all_unavailable();
        if (!std::exchange(reported_unavailable_, unavailable) && unavailable) {
            const auto& callback = shared_->dependencies.all_nodes_unavailable;
            if (callback) callback();
        }
    }

    /// Nodes that an operator suspended do not count.
    [[nodiscard]] bool all_unavailable() const {
        bool some = false;
        for (const auto& node : nodes_) {
            if (node->suspended() || node->deleted()) continue;
            if (!node->unavailable()) return false;
            some = true;
        }
        return some;
    }

    Roster roster_;
    std::shared_ptr<SharedContext> shared_;
    std::vector<std::shared_ptr<NodeConnection>> nodes_;
    bool reported_unavailable_ = false;
    bool started_ = false;
    bool stopped_ = false;
};

Upstream::Upstream(asio::io_context& context, std::vector<NodeOptions> configured, Dependencies dependencies)
    : impl_(std::make_shared<Impl>(context, std::move(configured), std::move(dependencies))) {}

Upstream::~Upstream() {
    impl_->stop();
}

void Upstream::start() {
    impl_->start();
}

void Upstream::stop() {
    impl_->stop();
}

void Upstream::configure(std::vector<NodeOptions> configured) {
    impl_->post([configured = std::move(configured)](Impl& impl) { impl.configure(configured); });
}

void Upstream::report(Reports reports) {
    impl_->post([reports = std::move(reports)](Impl& impl) { reports(impl.reports()); });
}

void Upstream::suspend(std::string node, Answer answer) {
    impl_->post([node = std::move(node), answer = std::move(answer)](Impl& impl) {
        impl.change(node, impl.roster().suspend(node), answer);
    });
}

void Upstream::resume(std::string node, Answer answer) {
    impl_->post([node = std::move(node), answer = std::move(answer)](Impl& impl) {
        impl.change(node, impl.roster().resume(node), answer);
    });
}

void Upstream::remove(std::string node, Answer answer) {
    impl_->post([node = std::move(node), answer = std::move(answer)](Impl& impl) {
        impl.change(node, impl.roster().remove(node), answer);
    });
}

void Upstream::add(NodeSpec node, Answer answer) {
    impl_->post([node = std::move(node), answer = std::move(answer)](Impl& impl) {
        impl.change(node.options.name, impl.roster().add(node), answer);
    });
}

}  // namespace upstream
