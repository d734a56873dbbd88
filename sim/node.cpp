#include "sim/node.h"

#include <algorithm>
#include <charconv>
#include <utility>

#include "sim/malformed.h"
#include "sim/replay_source.h"

namespace sim {
namespace {

namespace asio = boost::asio;
using base::Filter;

constexpr std::string_view kInvalidPath =
    "invalid path: expected '/events/main', '/events/deploys' or '/events/sigs'\n";
constexpr std::string_view kInvalidQuery = "invalid query: expected single field 'start_from=<EVENT ID>'\n";

// A port that was just closed may not be free yet.
constexpr std::chrono::milliseconds kReopenPause{20};

std::size_t index_of(Filter filter) {
    return static_cast<std::size_t>(filter);
}

std::optional<Filter> filter_of(std::string_view path) {
    if (path.ends_with('/')) path.remove_suffix(1);
    for (const auto filter : base::kNodeFilters) {
        if (!path.empty() && path.substr(1) == base::filter_name(filter)) return filter;
    }
    return std::nullopt;
}

// The one field start_from; no value in `out` when there is no query. False for anything else.
bool read_start_from(std::string_view query, std::optional<std::uint32_t>& out) {
    if (query.empty()) return true;
    const auto fields = net::parse_query(query);
    if (!fields || fields->size() != 1 || fields->front().first != "start_from") return false;
    const std::string& text = fields->front().second;
    std::uint32_t id = 0;
    const auto [rest, error] = std::from_chars(text.data(), text.data() + text.size(), id);
    if (error != std::errc{} || rest != text.data() + text.size()) return false;
    out = id;
    return true;
}

}  // namespace

Node::Node(asio::io_context& context, NodeOptions options, base::Log log, base::Metrics& metrics)
    : context_(context),
      options_(std::move(options)),
      log_(std::move(log)),
      metrics_(metrics),
      feed_(std::make_shared<Feed>(Feed{EventBuffer(options_.buffer, options_.first_id),
                                        options_.status.api_version,
                                        options_.keep_alive,
                                        options_.until_close,
                                        {}})),
      reopen_timer_(context),
      started_(std::chrono::steady_clock::now()) {}

base::Result<void> Node::listen() {
    auto rest = open(options_.rest_port, [this](const net::Request& request, std::size_t) {
        return net::ready(answer_rest(request));
    });
    if (!rest) return rest.error();
    auto sse = open(options_.sse_port, [this](const net::Request& request, std::size_t) {
        return net::ready(answer_sse(request));
    });
    if (!sse) return sse.error();

    rest_server_ = std::move(*rest);
    sse_server_ = std::move(*sse);
    options_.rest_port = rest_server_->port();
    options_.sse_port = sse_server_->port();
    rest_server_->start();
    sse_server_->start();
    return {};
}

base::Result<std::shared_ptr<net::HttpServer>> Node::open(std::uint16_t port, net::Handler handler) const {
    net::HttpServerOptions server;
    server.name = "node " + std::to_string(options_.index + 1);
    server.bind_address = options_.bind_address;
    server.port = port;
    server.tls = options_.tls;
    return net::HttpServer::open(server, {&context_}, std::move(handler), log_, metrics_);
}

void Node::deliver(const EventPtr& event) {
    if (event->kind == base::Kind::ApiVersion) return raise_version(version_of_payload(event->payload));
    if (event->block) options_.status.last_block = event->block;
    if (event->kind != base::Kind::Shutdown) {
        feed_->buffer.append(event, event->filter);
        has_news_[index_of(event->filter)] = true;
        return;
    }
    for (const auto filter : base::kNodeFilters) feed_->buffer.append(event, filter);
    has_news_.fill(true);
}

void Node::wake() {
    for (const auto& subscriber : subscribers_) {
        if (has_news_[index_of(subscriber->filter())]) subscriber->wake();
    }
    has_news_.fill(false);
}

bool Node::silent() const {
    return std::any_of(feed_->silent.begin(), feed_->silent.end(), [](bool silent) { return silent; });
}

bool Node::drained() const {
    return std::all_of(subscribers_.begin(), subscribers_.end(),
                       [](const auto& each) { return each->drained(); });
}

Node::ByFilter Node::subscribers() const {
    ByFilter counts{};
    for (const auto& subscriber : subscribers_) ++counts[index_of(subscriber->filter())];
    return counts;
}

net::Answer Node::answer_rest(const net::Request& request) const {
    if (request.path() != "/status" && request.path() != "/status/")
        return net::text_response(404, "Not Found\n");
    if (request.method != "GET" && request.method != "HEAD")
        return net::text_response(405, "HTTP method not allowed\n");
    auto facts = options_.status;
    facts.api_version = feed_->api_version;
    if (!told_network_.empty()) facts.network = told_network_;
    if (!told_version_.empty()) facts.build_version = told_version_;
    facts.uptime =
        std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - started_);
    return net::json_response(200, status_page(facts));
}

net::Answer Node::answer_sse(const net::Request& request) {
    const auto filter = filter_of(request.path());
    if (!filter) return net::text_response(404, std::string(kInvalidPath));
    if (request.method != "GET") return net::text_response(405, "HTTP method not allowed\n");
    if (const auto status = error_status_[index_of(*filter)]; status != 0) {
        return net::text_response(status, "simulated error\n");
    }
    std::optional<std::uint32_t> start_from;
    if (!read_start_from(request.query(), start_from))
        return net::text_response(422, std::string(kInvalidQuery));
    return subscribe(request, *filter, start_from);
}

net::Answer Node::subscribe(const net::Request& request, Filter filter,
                            std::optional<std::uint32_t> start_from) {
    return net::Takeover([this, request, filter, start_from](tls::Socket socket) {
        if (!listening()) return;
        auto subscriber = std::make_shared<Subscriber>(std::move(socket), feed_, filter);
        subscribers_.push_back(subscriber);
        ++subscriptions_[index_of(filter)];
        subscriber->start(request, feed_->buffer.position_for(start_from), [this](const Subscriber* ended) {
            std::erase_if(subscribers_, [&](const auto& each) { return each.get() == ended; });
        });
    });
}

void Node::stop_listening() {
    rest_server_.reset();
    sse_server_.reset();
}

void Node::come_back() {
    if (listening()) return;
    const auto opened = listen();
    if (opened) {
        log_->info("node {} listens again", options_.index + 1);
        return;
    }
    log_->debug("node {}: {}", options_.index + 1, opened.error().message);
    reopen_timer_.expires_after(kReopenPause);
    reopen_timer_.async_wait([this](const boost::system::error_code& error) {
        if (!error) come_back();
    });
}

void Node::apply(const Fault& fault) {
    log_->info("node {}: {}", options_.index + 1, fault.text);
    switch (fault.kind) {
        case FaultKind::Drop:
            return each_subscriber(fault, [&](Subscriber& each) { each.close(fault.reset_connection); });
        case FaultKind::Stop:
            return go_away(fault);
        case FaultKind::Resume:
            for (const auto condition :
                 {Condition::Away, Condition::Silent, Condition::Answer, Condition::Status}) {
                end(condition);
            }
            return;
        case FaultKind::Silent:
            return go_silent(fault);
        case FaultKind::Restart:
            return restart(fault);
        case FaultKind::ApiVersion:
            return raise_version(fault.version);
        case FaultKind::Malformed:
            return malform(fault);
        case FaultKind::Answer:
            return answer_errors(fault);
        case FaultKind::HalfFrame:
            return each_subscriber(fault, [](Subscriber& each) { each.cut_next(); });
        case FaultKind::Shutdown:
            return shut_down(fault);
        case FaultKind::Status:
            return misreport(fault);
    }
}

template <class Action>
void Node::each_subscriber(const Fault& fault, Action action) {
    // A copy: what ends leaves the list.
    const auto all = subscribers_;
    for (const auto& subscriber : all) {
        if (fault.covers(subscriber->filter())) action(*subscriber);
    }
}

void Node::end_after(Condition condition, std::optional<std::chrono::nanoseconds> duration) {
    const auto mine = ++begun_[static_cast<std::size_t>(condition)];
    if (!duration) return;
    auto timer = std::make_shared<asio::steady_timer>(context_, *duration);
    timer->async_wait([this, timer, condition, mine](const boost::system::error_code& error) {
        if (!error && begun_[static_cast<std::size_t>(condition)] == mine) end(condition);
    });
}

void Node::end(Condition condition) {
    ++begun_[static_cast<std::size_t>(condition)];
    switch (condition) {
        case Condition::Away:
            forget();
            return come_back();
        case Condition::Silent:
            feed_->silent.fill(false);
            has_news_.fill(true);
            return wake();
        case Condition::Answer:
            error_status_.fill(0);
            return;
        case Condition::Status:
            told_network_.clear();
            told_version_.clear();
            return;
    }
}

void Node::go_away(const Fault& fault) {
    stop_listening();
    reopen_timer_.cancel();
    each_subscriber({}, [&](Subscriber& each) { each.close(fault.reset_connection); });
    end_after(Condition::Away, fault.duration);
}

void Node::go_silent(const Fault& fault) {
    for (const auto filter : base::kNodeFilters) {
        if (fault.covers(filter)) feed_->silent[index_of(filter)] = true;
    }
    end_after(Condition::Silent, fault.duration);
}

void Node::restart(const Fault& fault) {
    to_forget_ = fault;
    go_away(fault);
    end_after(Condition::Away, fault.duration.value_or(std::chrono::nanoseconds(0)));
}

void Node::shut_down(const Fault& fault) {
    to_forget_ = fault;
    auto event = std::make_shared<LogicalEvent>();
    event->kind = base::Kind::Shutdown;
    event->payload = "\"Shutdown\"";
    deliver(event);
    stop_listening();
    reopen_timer_.cancel();
    each_subscriber({}, [](Subscriber& each) { each.finish(); });
    end_after(Condition::Away, fault.duration);
}

void Node::forget() {
    const auto fault = std::exchange(to_forget_, std::nullopt);
    if (!fault) return;
    if (!fault->keep_buffer) feed_->buffer.clear();
    if (fault->reset_ids) feed_->buffer.reset_ids();
    started_ = std::chrono::steady_clock::now();
}

void Node::answer_errors(const Fault& fault) {
    for (const auto filter : base::kNodeFilters) {
        if (fault.covers(filter)) error_status_[index_of(filter)] = fault.status;
    }
    end_after(Condition::Answer, fault.duration);
}

void Node::misreport(const Fault& fault) {
    if (!fault.network.empty()) told_network_ = fault.network;
    if (!fault.version.empty()) told_version_ = fault.version;
    end_after(Condition::Status, fault.duration);
}

void Node::raise_version(const std::string& version) {
    feed_->api_version = version;
    each_subscriber({}, [&](Subscriber& each) { each.send_aside(feed_->api_version_frame()); });
}

void Node::malform(const Fault& fault) {
    for (const auto filter : base::kNodeFilters) {
        if (!fault.covers(filter)) continue;
        if (is_buffered(fault.malformation)) {
            deliver(malformed_event(fault, filter));
            continue;
        }
        const auto& buffer = feed_->buffer;
        const std::string* sample = nullptr;
        for (auto position = buffer.end_position(); !sample && position > buffer.begin_position();
             --position) {
            const auto& entry = buffer.at(position - 1);
            if (entry.filter == filter) sample = &entry.event->payload;
        }
        const auto frame = malformed_frame(fault.malformation, sample ? *sample : std::string{});
        auto only = fault;
        only.endpoint = filter;
        each_subscriber(only, [&](Subscriber& each) { each.send_aside(frame); });
    }
    wake();
}

}  // namespace sim
