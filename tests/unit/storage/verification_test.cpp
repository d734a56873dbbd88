// What `verify` finds, on both databases. Damage is done beside the log, as a disk or a person would.

#include "storage/verification.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <memory>
#include <string>

#include "postgresql_log.h"
#include "sqlite_log.h"
#include "storage/open_log.h"
#include "storage/payload_codec.h"
#include "storage/sqlite.h"
#include "test_events.h"

namespace storage_test {

namespace {

using storage::Damage;
using storage::Verification;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

/// A log that is closed, and how to harm it.
class Patient {
  public:
    virtual ~Patient() = default;
    virtual storage::EventLog& log() = 0;
    virtual void close() = 0;
    virtual void run(const std::string& sql) = 0;
    [[nodiscard]] virtual storage::Options options() = 0;
    /// A byte of a blob changed.
    [[nodiscard]] virtual std::string flipped(const std::string& column) const = 0;
};

class SqlitePatient final : public Patient {
  public:
    storage::EventLog& log() override { return sqlite_.log(); }
    void close() override { sqlite_.close(); }
    void run(const std::string& sql) override {
        storage::SqliteConnection(sqlite_.file(), storage::SqliteConnection::Mode::ReadWrite).execute(sql);
    }
    [[nodiscard]] storage::Options options() override {
        storage::Options options;
        options.database = sqlite_.options();
        return options;
    }
    [[nodiscard]] std::string flipped(const std::string& column) const override {
        return fmt::format("CAST(substr({0}, 1, 9) || x'55' || substr({0}, 11) AS BLOB)", column);
    }

  private:
    SqliteLog sqlite_;
};

class PostgresqlPatient final : public Patient {
  public:
    storage::EventLog& log() override { return postgresql_.log(); }
    void close() override { postgresql_.close(); }
    void run(const std::string& sql) override {
        postgresql_.query("SET search_path = event_sidecar; " + sql);
    }
    [[nodiscard]] storage::Options options() override { return postgresql_.options(); }
    [[nodiscard]] std::string flipped(const std::string& column) const override {
        return fmt::format("set_byte({0}, 9, 85)", column);
    }

  private:
    PostgresqlLog postgresql_;
};

struct Form {
    std::string name;
    std::function<std::unique_ptr<Patient>()> make;
};

class Verifying : public testing::TestWithParam<Form> {
  protected:
    Verifying() : patient_(GetParam().make()) {}

    /// 12 events: a block, ten signatures, a deploy; and a large step.
    void fill() {
        append(log(), {api_version("1.5.6"), block_added(1)});
        append(log(), signatures(1, 10));
        append(log(), {deploy_processed(1)});
        append_one(log(), staged(step(1, 2'000'000), stage(log(), step(1, 2'000'000))));
        close();
    }
    storage::EventLog& log() { return patient_->log(); }
    void close() { patient_->close(); }
    void run(const std::string& sql) { patient_->run(sql); }
    [[nodiscard]] std::string flipped(const std::string& column) const { return patient_->flipped(column); }

    [[nodiscard]] Verification verify(base::EventId from = 0) {
        const auto rows = storage::open_log_rows(patient_->options());
        if (!rows) {
            ADD_FAILURE() << rows.error().message;
            return {};
        }
        auto result = storage::verify(**rows, {.from = from});
        if (result) return std::move(*result);
        ADD_FAILURE() << result.error().message;
        return {};
    }

    std::unique_ptr<Patient> patient_;
};

testing::Matcher<const Damage&> is(Damage::Kind kind, base::EventId first, base::EventId last) {
    return testing::AllOf(testing::Field(&Damage::kind, kind), testing::Field(&Damage::first, first),
                          testing::Field(&Damage::last, last));
}

TEST_P(Verifying, ASoundLogIsSound) {
    fill();
    const auto result = verify();
    EXPECT_THAT(result.damages, IsEmpty());
    EXPECT_EQ(result.first, 1U);
    EXPECT_EQ(result.last, 13U);
    EXPECT_EQ(result.events, 13U);
    EXPECT_NE(result.chain, storage::Digest{});
    const auto part = verify(12);
    EXPECT_THAT(part.damages, IsEmpty());
    EXPECT_EQ(part.events, 2U);
    EXPECT_EQ(part.chain, result.chain);
}

TEST_P(Verifying, AnEmptyLogIsSound) {
    close();
    const auto result = verify();
    EXPECT_THAT(result.damages, IsEmpty());
    EXPECT_EQ(result.last, 0U);
}

TEST_P(Verifying, ALogThatBeginsElsewhereIsSound) {
    ASSERT_TRUE(log().begin_at(5000));
    append(log(), {block_added(1), block_added(2)});
    close();
    const auto result = verify();
    EXPECT_THAT(result.damages, IsEmpty());
    EXPECT_EQ(result.first, 5000U);
    EXPECT_EQ(result.events, 2U);
}

TEST_P(Verifying, ChangedPayloadsAreFound) {
    fill();
    run("UPDATE event SET payload = " + flipped("payload") + " WHERE id = 4");
    EXPECT_THAT(verify().damages, ElementsAre(is(Damage::Kind::Content, 4, 4)));
    EXPECT_THAT(verify(6).damages, IsEmpty());
    EXPECT_THAT(verify().lost, SizeIs(1));
}

TEST_P(Verifying, AChangedPartOfALargePayloadIsFound) {
    fill();
    run("UPDATE payload_part SET bytes = " + flipped("bytes") + " WHERE seq = 0");
    EXPECT_THAT(verify().damages, ElementsAre(is(Damage::Kind::Content, 13, 13)));
}

TEST_P(Verifying, AChangedHashIsFoundAndTheEventIsNot) {
    fill();
    run("UPDATE event SET chain_hash = " + flipped("chain_hash") + " WHERE id = 4");
    const auto result = verify();
    EXPECT_THAT(result.damages, ElementsAre(is(Damage::Kind::Hash, 4, 4)));
    EXPECT_THAT(result.lost, IsEmpty());
    EXPECT_EQ(result.events, 13U);
}

TEST_P(Verifying, AChangedHashOfTheNewestEventIsFound) {
    fill();
    run("UPDATE event SET chain_hash = " + flipped("chain_hash") + " WHERE id = 13");
    EXPECT_THAT(verify().damages, ElementsAre(is(Damage::Kind::Hash, 13, 13)));
}

TEST_P(Verifying, DeletedEventsAreFoundAndWhatFollowsIsNotProven) {
    fill();
    run("DELETE FROM event WHERE id IN (5, 6)");
    const auto result = verify();
    EXPECT_THAT(result.damages,
                ElementsAre(is(Damage::Kind::Missing, 5, 6), is(Damage::Kind::Unproven, 7, 7)));
    ASSERT_THAT(result.lost, SizeIs(1));
    EXPECT_EQ(result.lost[0].run.first, 5U);
    EXPECT_EQ(result.lost[0].run.last, 7U);
    EXPECT_EQ(result.events, 10U);
}

TEST_P(Verifying, MissingEnds) {
    fill();
    run("DELETE FROM event WHERE id IN (1, 12, 13)");
    EXPECT_THAT(verify().damages,
                ElementsAre(is(Damage::Kind::Missing, 1, 1), is(Damage::Kind::Unproven, 2, 2),
                            is(Damage::Kind::Missing, 12, 13)));
}

TEST_P(Verifying, AWrongHeadIsFound) {
    fill();
    run("UPDATE log SET next_id = 9");
    EXPECT_THAT(verify().damages, ElementsAre(is(Damage::Kind::Head, 0, 0)));
    run("UPDATE log SET next_id = 14, chain_hash = " + flipped("chain_hash"));
    EXPECT_THAT(verify().damages, ElementsAre(is(Damage::Kind::Head, 0, 0)));
    run("DELETE FROM log");
    EXPECT_THAT(verify().damages, ElementsAre(is(Damage::Kind::Head, 0, 0)));
}

TEST_P(Verifying, AnotherKindOrKeyIsFound) {
    fill();
    run("UPDATE event SET kind = 4 WHERE id = 1");
    run("UPDATE event SET source = 1 WHERE id = 12");
    EXPECT_THAT(verify().damages,
                ElementsAre(is(Damage::Kind::Content, 1, 1), is(Damage::Kind::Content, 12, 12)));
}

TEST_P(Verifying, ADamagedDictionaryIsFoundAndNoEventWithIt) {
    fill();
    run("UPDATE dictionary SET bytes = " + flipped("bytes"));
    EXPECT_THAT(verify().damages, ElementsAre(is(Damage::Kind::Dictionary, 0, 0)));
    run("DELETE FROM dictionary");
    const auto result = verify();
    EXPECT_THAT(result.damages, ElementsAre(is(Damage::Kind::Dictionary, 0, 0)));
    EXPECT_EQ(result.events, 13U);
}

TEST_P(Verifying, ALogThatGrowsMeanwhileIsSound) {
    append(log(), signatures(1, 2000));
    const auto rows = storage::open_log_rows(patient_->options());
    ASSERT_TRUE(rows) << rows.error().message;
    std::uint64_t block = 2;
    storage::VerifyOptions options;
    options.progress = [&](double, std::uint64_t) {
        if (block < 12) append(log(), signatures(block++, 50));
    };
    const auto result = storage::verify(**rows, options);
    ASSERT_TRUE(result) << result.error().message;
    EXPECT_THAT(result->damages, IsEmpty());
    EXPECT_GE(result->last, 2050U);
    EXPECT_EQ(result->events, result->last);
}

TEST_P(Verifying, TwoLogsWithTheSameEventsHaveTheSameHash) {
    fill();
    const auto other = Form(GetParam()).make();
    append(other->log(), {api_version("1.5.6"), block_added(1)});
    append(other->log(), signatures(1, 10));
    append(other->log(), {deploy_processed(1), step(1, 2'000'000)});
    const auto rows = storage::open_log_rows(other->options());
    ASSERT_TRUE(rows);
    EXPECT_EQ(storage::verify(**rows, {}).value().chain, verify().chain);
}

TEST_P(Verifying, ItEndsWhenAsked) {
    fill();
    const auto rows = storage::open_log_rows(patient_->options());
    storage::VerifyOptions options;
    options.stop = [] { return true; };
    EXPECT_TRUE(storage::verify(**rows, options).value().stopped);
}

TEST_P(Verifying, AnIdAboveTheNewestIsRefused) {
    fill();
    const auto rows = storage::open_log_rows(patient_->options());
    const auto result = storage::verify(**rows, {.from = 100});
    ASSERT_FALSE(result);
    EXPECT_THAT(result.error().message, HasSubstr("ends with event 13"));
}

INSTANTIATE_TEST_SUITE_P(Databases, Verifying,
                         testing::Values(Form{"Sqlite", [] { return std::make_unique<SqlitePatient>(); }},
                                         Form{"Postgresql",
                                              [] { return std::make_unique<PostgresqlPatient>(); }}),
                         [](const auto& form) { return form.param.name; });

}  // namespace

}  // namespace storage_test
