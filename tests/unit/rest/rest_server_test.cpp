#include "rest/rest_server.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <nlohmann/json.hpp>
#include <optional>

#include "rest/large_payloads.h"
#include "support/memory_finder.h"
#include "support/memory_log.h"
#include "support/process.h"
#include "support/raw_client.h"

namespace rest {
namespace {

using base::Kind;
using nlohmann::json;
using support::body_of;
using support::hash_text;
using support::head_of;
using support::inner_payload;
using ::testing::HasSubstr;
using ::testing::Not;
using ::testing::StartsWith;

class RestServerTest : public ::testing::TestWithParam<Source::Place> {
  protected:
    void open(Options options = {.max_concurrent_requests = 1000, .max_requests_per_second = 100'000}) {
        options.bind_address = "127.0.0.1";
        server_ = std::move(
            *RestServer::open(options, {finder, log, GetParam()}, "1.2.3", base::make_null_log(), metrics_));
        server_->start();
    }

    std::string ask(std::string_view request_line, std::string_view headers = {}) const {
        return support::fetch(server_->port(), fmt::format("{} HTTP/1.1\r\n{}", request_line, headers));
    }
    std::string get(std::string_view target, std::string_view headers = {}) const {
        return ask(fmt::format("GET {}", target), headers);
    }

    /// Checks that it is an error of that status in JSON; its message.
    static std::string error_in(const std::string& response, unsigned status) {
        EXPECT_THAT(response, StartsWith(fmt::format("HTTP/1.1 {} ", status)));
        EXPECT_THAT(head_of(response), HasSubstr("content-type: application/json\r\n"));
        const auto body = json::parse(body_of(response), nullptr, false);
        if (!body.is_object()) return "no JSON: " + body_of(response);
        EXPECT_EQ(body.value("code", 0U), status);
        EXPECT_EQ(body.size(), 2U);
        return body.value("message", "no message");
    }

    support::MemoryFinder finder;
    support::MemoryLog log;

  private:
    base::Metrics metrics_;

  protected:
    std::unique_ptr<RestServer> server_;
};

INSTANTIATE_TEST_SUITE_P(Of, RestServerTest, ::testing::Values(Source::Place::File, Source::Place::Server),
                         [](const auto& each) {
                             return each.param == Source::Place::File ? "AFile" : "AServer";
                         });

TEST_P(RestServerTest, AnswersWithWhatTheNodeSentAndHowLongItMayBeKept) {
    open();
    finder.add(Kind::BlockAdded, 5);
    const auto newest = get("/block");
    EXPECT_THAT(newest, StartsWith("HTTP/1.1 200 OK\r\n"));
    EXPECT_EQ(body_of(newest), inner_payload(Kind::BlockAdded, 5));
    EXPECT_THAT(head_of(newest), HasSubstr("content-type: application/json\r\n"));
    EXPECT_THAT(head_of(newest), HasSubstr("cache-control: no-cache\r\n"));
    const auto by_hash = get("/block/" + hash_text(5));
    EXPECT_EQ(body_of(by_hash), body_of(newest));
    EXPECT_THAT(head_of(by_hash), HasSubstr("cache-control: public, max-age=31536000, immutable\r\n"));
    EXPECT_EQ(body_of(get("/block/5/")), body_of(newest)) << "with a slash at the end";
    EXPECT_EQ(error_in(get("/block/6"), 404), "Query returned no results");
}

TEST_P(RestServerTest, WhatTheClientHoldsIsNotSentAgain) {
    open();
    finder.add(Kind::Step, 5);
    finder.make_large();
    const auto first = head_of(get("/step/5"));
    const auto at = first.find("etag: ") + 6;
    const auto etag = first.substr(at, first.find("\r\n", at) - at);
    const auto reads = finder.large_reads.load();
    const auto again = get("/step/5", fmt::format("if-none-match: {}\r\n", etag));
    EXPECT_THAT(again, StartsWith("HTTP/1.1 304 Not Modified\r\n"));
    EXPECT_THAT(again, HasSubstr("etag: " + etag));
    EXPECT_EQ(body_of(again), "");
    EXPECT_EQ(finder.large_reads, reads) << "nor read";
    EXPECT_THAT(get("/step/5", "if-none-match: \"other\"\r\n"), StartsWith("HTTP/1.1 200"));
}

TEST_P(RestServerTest, HeadTellsWhatGetWould) {
    open();
    finder.add(Kind::BlockAdded, 5);
    for (const auto* target :
         {"/block", "/block/5", "/blocks", "/status", "/api-doc.json", "/swagger-ui/", "/nope"}) {
        const auto head = ask(fmt::format("HEAD {}", target));
        EXPECT_EQ(body_of(head), "");
        const auto length = fmt::format("content-length: {}\r\n", body_of(get(target)).size());
        EXPECT_THAT(head, HasSubstr(length)) << target;
    }
}

TEST_P(RestServerTest, PrettyChangesNothingButWhiteSpace) {
    open();
    finder.add(Kind::DeployAccepted, 5);
    const auto plain = get("/deploy/accepted/" + hash_text(5));
    const auto pretty = get("/deploy/accepted/" + hash_text(5) + "?pretty");
    EXPECT_NE(body_of(pretty), body_of(plain));
    EXPECT_EQ(json::parse(body_of(pretty)), json::parse(body_of(plain)));
    EXPECT_THAT(body_of(pretty), HasSubstr("\\u00e9")) << "strings as they were written";
}

TEST_P(RestServerTest, CompressesForWhoAsksForIt) {
    open();
    finder.add(Kind::Step, 5,
               R"({"Step":{"era_id":5,"execution_effect":")" + std::string(100'000, 'x') + R"("}})");
    const auto answer = get("/step/5", "accept-encoding: gzip\r\n");
    EXPECT_THAT(head_of(answer), HasSubstr("content-encoding: gzip\r\n"));
    EXPECT_THAT(head_of(answer), HasSubstr("vary: Accept-Encoding\r\n"));
    EXPECT_LT(answer.size(), 2000U);
}

TEST_P(RestServerTest, LargePayloadsAreStreamedByteForByte) {
    open();
    std::string effect(3'000'000, ' ');
    for (std::size_t i = 0; i < effect.size(); i += 50) effect[i] = 'y';
    const auto step = R"({"era_id":5,"execution_effect":")" + effect + R"(","n":1.50})";
    finder.add(Kind::Step, 5, R"({ "Step" : )" + step + " }");
    finder.make_large();
    EXPECT_TRUE(body_of(get("/step/5")) == step);
    const auto pretty = body_of(get("/step/5?pretty"));
    EXPECT_TRUE(pretty ==
                "{\n  \"era_id\": 5,\n  \"execution_effect\": \"" + effect + "\",\n  \"n\": 1.50\n}");
    const auto events = body_of(get("/events?kind=Step"));
    EXPECT_TRUE(
        events ==
        R"({"data":[{"id":1,"kind":"Step","received_at":"2023-11-14T22:13:20.000Z","data":{ "Step" : )" +
            step + R"( }}],"next":null})");
}

TEST_P(RestServerTest, ADeployOfTwoLargePayloadsIsOneAnswer) {
    open();
    const auto padding = std::string(200'000, 'x');
    const auto accepted = R"({"hash":")" + hash_text(1) + R"(","wasm":")" + padding + R"("})";
    const auto processed = R"({"deploy_hash":")" + hash_text(1) + R"(","effect":")" + padding + R"("})";
    finder.add(Kind::DeployAccepted, 1, R"({"DeployAccepted":)" + accepted + "}");
    finder.make_large();
    finder.add(Kind::DeployProcessed, 1, R"({"DeployProcessed":)" + processed + "}");
    finder.make_large();
    EXPECT_TRUE(body_of(get("/deploy/" + hash_text(1))) ==
                R"({"deploy_hash":")" + hash_text(1) + R"(","deploy_accepted":)" + accepted +
                    R"(,"deploy_processed":)" + processed + R"(,"deploy_expired":false})");
}

TEST_P(RestServerTest, ALargePayloadThatWasDeletedMeanwhileIsAnError) {
    open();
    finder.add(Kind::Step, 5);
    finder.make_large();
    finder.lose_large();
    EXPECT_THAT(error_in(get("/step/5"), 503), HasSubstr("try again"));
}

TEST_P(RestServerTest, ADatabaseThatFailsIsToldWithoutWhatItSaid) {
    open();
    finder.fails = true;
    for (const auto* target : {"/block", "/blocks", "/status", "/faults/1", "/deploys"}) {
        const auto answer = get(target);
        EXPECT_EQ(error_in(answer, 503), "The database cannot be read now; try again later") << target;
        EXPECT_THAT(head_of(answer), HasSubstr("retry-after: 5\r\n"));
    }
    finder.failure = base::corrupt("/secret/path: page 7");
    EXPECT_THAT(error_in(get("/block"), 503), HasSubstr("event-sidecar verify"));
    finder.fails = false;
    finder.add(Kind::BlockAdded, 1);
    EXPECT_THAT(get("/block"), StartsWith("HTTP/1.1 200")) << "and goes on when it does";
}

TEST_P(RestServerTest, OtherPathsAndMethods) {
    open();
    for (const auto* target : {"/", "/blocks/1", "/deploy", "/deploy/x/y/z", "/step", "//block", "/BLOCK",
                               "/swagger-ui/a/b", "*"}) {
        EXPECT_EQ(error_in(get(target), 400), "Invalid request path provided") << target;
    }
    for (const auto* method : {"POST", "PUT", "DELETE", "PATCH", "BREW"}) {
        const auto answer = ask(fmt::format("{} /block", method));
        EXPECT_THAT(error_in(answer, 405), HasSubstr("GET, HEAD, OPTIONS"));
        EXPECT_THAT(head_of(answer), HasSubstr("allow: GET, HEAD, OPTIONS\r\n"));
    }
    const auto preflight =
        ask("OPTIONS /block", "origin: https://explorer.example\r\naccess-control-request-method: GET\r\n");
    EXPECT_THAT(preflight, StartsWith("HTTP/1.1 204 "));
    EXPECT_THAT(preflight, HasSubstr("access-control-allow-origin: https://explorer.example\r\n"));
}

TEST_P(RestServerTest, PagesOfOtherOriginsMayReadAnswersAndErrors) {
    open();
    finder.add(Kind::BlockAdded, 5);
    for (const auto* target : {"/block", "/block/6", "/nope", "/blocks?x=1", "/api-doc.json"}) {
        EXPECT_THAT(get(target, "origin: https://explorer.example\r\n"),
                    HasSubstr("access-control-allow-origin: https://explorer.example\r\n"))
            << target;
    }
}

TEST_P(RestServerTest, HostileRequestsGetErrorsInJson) {
    open();
    finder.add(Kind::BlockAdded, 5);
    EXPECT_THAT(error_in(get("/block/..%2f..%2fetc%2fpasswd"), 400), HasSubstr("received: ../../etc/passwd"));
    EXPECT_THAT(error_in(get("/block/%22%5C%0a%3Cscript%3E"), 400), HasSubstr("received: \"\\\n<script>"));
    for (const auto* target : {"/block/%00", "/block/%zz", "/block/%ff%fe", "/block/%", "/deploy/%c0%af"}) {
        error_in(get(target), 400);
    }
    error_in(get("/block/" + std::string(7900, 'a')), 400);
    error_in(get("/block/" + std::string(9000, 'a')), 414);
    EXPECT_THAT(error_in(get("/blocks?%ff%00=1"), 400), HasSubstr("unknown field"));
    EXPECT_THAT(error_in(get("/blocks?limit=%ff"), 400), HasSubstr("from 1 to 100"));
    EXPECT_THAT(error_in(get("/blocks?limit=%zz"), 400), HasSubstr("broken escape"));

    support::RawClient body(server_->port());
    body.send("GET /block HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\nconnection: close\r\n\r\nhello");
    ASSERT_TRUE(body.read_to_end());
    EXPECT_THAT(body.received(), StartsWith("HTTP/1.1 200")) << "a body means nothing to GET";
    support::RawClient garbage(server_->port());
    garbage.send("\x16\x03\x01\x02 not http\r\n\r\n");
    ASSERT_TRUE(garbage.read_to_end());
    error_in(garbage.received(), 400);
}

TEST_P(RestServerTest, RequestsOverTheRateAreRefused) {
    open({.max_concurrent_requests = 10,
          .max_requests_per_second = 1,
          .request_timeout = std::chrono::seconds(1)});
    finder.add(Kind::BlockAdded, 5);
    EXPECT_THAT(get("/block"), StartsWith("HTTP/1.1 200"));
    std::vector<support::RawClient> clients;
    for (int i = 0; i < 5; ++i) {
        clients.emplace_back(server_->port());
        clients.back().send("GET /block HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    }
    int refused = 0;
    for (auto& client : clients) {
        ASSERT_TRUE(client.read_to_end());
        if (client.received().starts_with("HTTP/1.1 200")) continue;
        error_in(client.received(), 429);
        EXPECT_THAT(client.received(), HasSubstr("retry-after: "));
        ++refused;
    }
    EXPECT_GE(refused, 3);
    for (int i = 0; i < 10; ++i)
        EXPECT_THAT(get("/swagger-ui/"), StartsWith("HTTP/1.1 200")) << "pages do not count";
}

class WaitingForAServerTest : public RestServerTest {};
INSTANTIATE_TEST_SUITE_P(Of, WaitingForAServerTest, ::testing::Values(Source::Place::Server));

TEST_P(WaitingForAServerTest, PagesAreServedMeanwhileAndTheQueryGetsAnAnswerInTime) {
    open({.max_concurrent_requests = 3,
          .max_requests_per_second = 1000,
          .request_timeout = std::chrono::seconds(1)});
    finder.waits = true;
    support::RawClient waiting(server_->port());
    waiting.send("GET /block HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n");
    EXPECT_THAT(get("/swagger-ui/"), StartsWith("HTTP/1.1 200"));
    ASSERT_TRUE(waiting.read_to_end());
    error_in(waiting.received(), 503);
    finder.waits = false;
    finder.waits.notify_all();
}

TEST_P(RestServerTest, StopsWhileAQueryIsUnderWay) {
    open();
    finder.add(Kind::BlockAdded, 5);
    finder.waits = true;
    support::RawClient waiting(server_->port());
    waiting.send("GET /blocks HTTP/1.1\r\nhost: x\r\n\r\n");
    support::RawClient idle(server_->port());
    std::thread release([this] {
        support::short_pause();
        finder.waits = false;
        finder.waits.notify_all();
    });
    server_->stop();
    release.join();
    EXPECT_TRUE(waiting.read_to_end());
    EXPECT_TRUE(idle.read_to_end());
}

TEST_P(RestServerTest, SwaggerUiAndItsDocument) {
    open();
    const auto redirect = get("/swagger-ui");
    EXPECT_THAT(redirect, StartsWith("HTTP/1.1 302 Found\r\n"));
    EXPECT_THAT(redirect, HasSubstr("location: /swagger-ui/\r\n"));
    const auto page = get("/swagger-ui/");
    EXPECT_THAT(page, HasSubstr("content-type: text/html; charset=utf-8\r\n"));
    EXPECT_THAT(page, HasSubstr("content-security-policy: default-src 'none'; script-src 'self'; "));
    EXPECT_THAT(body_of(page), HasSubstr("swagger-ui-bundle.js"));
    EXPECT_THAT(body_of(page), Not(HasSubstr("http"))) << "it asks nobody else";
    EXPECT_EQ(error_in(get("/swagger-ui/nope.js"), 404), "Swagger UI has no such file");
    const auto document = get("/api-doc.json");
    EXPECT_EQ(json::parse(body_of(document))["openapi"], "3.0.3");
    EXPECT_EQ(body_of(get("/api-doc.json/")), body_of(document));
}

TEST_P(RestServerTest, FilesOfSwaggerUiInTheFormThatTheClientReads) {
    open();
    for (const auto* name :
         {"swagger-ui-bundle.js", "swagger-ui.css", "initializer.js", "favicon-32x32.png"}) {
        const auto target = fmt::format("/swagger-ui/{}", name);
        const auto plain = get(target);
        const auto gzipped = get(target, "accept-encoding: gzip, br\r\n");
        EXPECT_THAT(head_of(gzipped), HasSubstr("content-encoding: gzip\r\n"));
        EXPECT_THAT(head_of(plain), Not(HasSubstr("content-encoding")));
        EXPECT_TRUE(body_of(gzipped).starts_with("\x1f\x8b"));
        EXPECT_FALSE(body_of(plain).starts_with("\x1f\x8b"));
        EXPECT_EQ(body_of(get(target)), body_of(plain));
        const auto head = head_of(gzipped);
        const auto at = head.find("etag: ") + 6;
        const auto etag = head.substr(at, head.find("\r\n", at) - at);
        EXPECT_THAT(get(target, fmt::format("accept-encoding: gzip\r\nif-none-match: {}\r\n", etag)),
                    StartsWith("HTTP/1.1 304 "))
            << name;
    }
}

TEST(RestServerPort, AnErrorNamesPortAndRemedy) {
    support::MemoryFinder finder;
    support::MemoryLog log;
    base::Metrics metrics;
    const Source source{finder, log, Source::Place::File};
    Options options{.bind_address = "127.0.0.1"};
    const auto first = RestServer::open(options, source, "1", base::make_null_log(), metrics);
    options.port = first.value()->port();
    const auto second = RestServer::open(options, source, "1", base::make_null_log(), metrics);
    ASSERT_FALSE(second.has_value());
    EXPECT_THAT(second.error().message,
                HasSubstr(fmt::format("[rest_server] cannot listen on 127.0.0.1 port {}", options.port)));
}

TEST(LargePayloads, AreFullWhileAnswersHoldSoMuch) {
    support::MemoryFinder finder;
    finder.add(Kind::Step, 1, R"({"Step":{}})" + std::string(100, ' '));
    finder.make_large();
    LargePayloads payloads(finder, 100);
    EXPECT_FALSE(payloads.full());
    {
        const auto body = payloads.read({1, false}).value();
        EXPECT_EQ(body.bytes, "{}");
        EXPECT_TRUE(payloads.full());
        EXPECT_EQ(payloads.read({1, true}).value().bytes.size(), 111U) << "who is there already goes on";
    }
    finder.lose_large();
    EXPECT_FALSE(payloads.full());
    EXPECT_EQ(payloads.read({1, false}).error().category, base::Error::Category::Unavailable);
}

}  // namespace
}  // namespace rest
