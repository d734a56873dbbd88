#include "server/verify_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <utility>
#include <variant>

#include "server/interrupt.h"
#include "server/log_address.h"
#include "server/transfer_config.h"
#include "storage/open_log.h"
#include "storage/sqlite_repair.h"
#include "transfer/progress.h"

namespace server {

namespace {

using storage::Damage;
using storage::Repair;
using storage::Verification;
using transfer::with_thousands;

constexpr std::string_view kVerifyFooter =
    "Every event's chain hash is computed anew from the one before it. Two logs with the same last chain "
    "hash\n"
    "hold the same events. The sidecar may be running, but for --repair. Exit code: 0 sound, or repaired; 1 "
    "damaged,\n"
    "or failed; 130 ended by SIGINT.";

constexpr std::size_t kMostLines = 50;

std::string hex(const storage::Digest& digest) {
    std::string text;
    for (const auto byte : digest) text += fmt::format("{:02x}", byte);
    return text;
}

std::string ids(base::EventId first, base::EventId last) {
    return first == last ? fmt::format("event {}", first) : fmt::format("events {} to {}", first, last);
}

std::string_view name_of(Damage::Kind kind) {
    switch (kind) {
        case Damage::Kind::Head:
            return "the log's head";
        case Damage::Kind::Dictionary:
            return "the dictionary";
        default:
            return "the file";
    }
}

std::string_view word_of(Damage::Kind kind) {
    switch (kind) {
        case Damage::Kind::Content:
            return "damaged: ";
        case Damage::Kind::Hash:
            return "hash damaged: ";
        case Damage::Kind::Missing:
            return "missing: ";
        case Damage::Kind::Unreadable:
            return "unreadable: ";
        case Damage::Kind::Unproven:
            return "not proven: ";
        case Damage::Kind::Index:
            return "index damaged: ";
        default:
            return "";
    }
}

std::string describe(const Damage& damage) {
    const auto what = damage.first == 0 ? std::string(name_of(damage.kind)) : ids(damage.first, damage.last);
    return fmt::format("  {}: {}{}\n", what, word_of(damage.kind), damage.what);
}

std::string describe(const std::vector<Damage>& damages) {
    std::string text;
    for (std::size_t i = 0; i < std::min(damages.size(), kMostLines); ++i) text += describe(damages[i]);
    if (damages.size() > kMostLines)
        text += fmt::format("  and {} more\n", with_thousands(damages.size() - kMostLines));
    return text;
}

/// What was checked, and the line by which logs are compared.
std::string summary(const Verification& result) {
    if (result.last == 0) return "the log holds no events\n";
    std::string text =
        fmt::format("{}: {} are sound", ids(result.first, result.last), with_thousands(result.events));
    if (result.deleted != 0) text += fmt::format(", {} were deleted", with_thousands(result.deleted));
    return text + fmt::format("\nchain hash up to event {}: {}\n", result.last, hex(result.chain));
}

std::string notes(const std::vector<std::string>& lines) {
    std::string text;
    for (const auto& line : lines) text += line + "\n";
    return text;
}

std::string remedy(const storage::Options& options, const Verification& result, const std::string& log) {
    if (std::holds_alternative<storage::SqliteOptions>(options.database)) {
        return fmt::format(
            "what to do: restore a backup; or stop the sidecar and run `event-sidecar verify --repair {}`, "
            "which "
            "keeps what is sound\n",
            log);
    }
    const bool loses =
        std::ranges::any_of(result.damages, [](const Damage& d) { return loses_events(d.kind); });
    if (!loses) return "what to do: no event is lost; restore a backup of the database when you can\n";
    const auto last = result.lost.empty() ? result.last : result.lost.back().run.last;
    return fmt::format(
        "what to do: restore the database from a backup or a replica; or bring what follows the damage into "
        "an "
        "empty\ndatabase: `event-sidecar export --with-ids --from {}`, then `event-sidecar import`\n",
        last + 1);
}

storage::VerifyOptions with_progress(transfer::Progress& progress, const Interrupt& interrupt) {
    storage::VerifyOptions options;
    options.progress = [&progress](double done, std::uint64_t events) { progress.update(done, events); };
    options.stop = [&interrupt] { return interrupt.came(); };
    return options;
}

}  // namespace

VerifyCommand::VerifyCommand(CLI::App& program)
    : verify_(program.add_subcommand("verify", "Check a log; keep what is sound of a damaged one")) {
    verify_->fallthrough()->footer(std::string(kVerifyFooter));
    verify_
        ->add_option(
            "database", database_,
            "The log: an SQLite file, or postgresql://USER@HOST:PORT/NAME. Default: the configured one")
        ->type_name("DATABASE");
    auto* from = verify_->add_option("--from", from_, "The first id to check. Default: the first one stored")
                     ->type_name("ID")
                     ->check(CLI::Range(std::uint64_t{1}, base::kMaxEventId));
    verify_
        ->add_flag(
            "--repair", repair_,
            "Keep what is sound of a damaged SQLite log, on which no sidecar may run; the damaged file is "
            "moved aside")
        ->excludes(from);
}

bool VerifyCommand::chosen() const {
    return verify_->parsed();
}

base::Result<int> VerifyCommand::verify(const storage::Options& options, const std::string& log) const {
    const auto rows = storage::open_log_rows(options);
    if (!rows) return rows.error();
    const Interrupt interrupt;
    transfer::Progress progress(transfer::terminal_of_standard_error());
    progress.begin("verifying");
    auto checking = with_progress(progress, interrupt);
    checking.from = from_;
    const auto result = storage::verify(**rows, checking);
    progress.clear();
    if (!result) return result.error();
    fmt::print("{}{}", summary(*result), notes(result->notes));
    if (!result->sound())
        fmt::print("damaged:\n{}{}", describe(result->damages), remedy(options, *result, log));
    if (result->stopped) {
        fmt::print("interrupted: --from {} goes on\n", result->last + 1);
        return Interrupt::kExitCode;
    }
    return result->sound() ? EXIT_SUCCESS : kDamaged;
}

base::Result<int> VerifyCommand::repair(const storage::Options& options) {
    if (!std::holds_alternative<storage::SqliteOptions>(options.database)) {
        return base::invalid(
            "--repair is for SQLite logs; restore the PostgreSQL database from a backup or a replica, or "
            "export "
            "what is sound and import it into an empty database");
    }
    const Interrupt interrupt;
    transfer::Progress progress(transfer::terminal_of_standard_error());
    progress.begin("verifying");
    const auto repair = storage::repair_sqlite(sqlite_file(options), with_progress(progress, interrupt));
    progress.clear();
    if (!repair) return repair.error();
    switch (repair->outcome) {
        case Repair::Outcome::Sound:
            fmt::print("{}nothing is damaged, and nothing was changed\n", summary(repair->found));
            return EXIT_SUCCESS;
        case Repair::Outcome::Stopped:
            fmt::print("interrupted; nothing was changed\n");
            return Interrupt::kExitCode;
        case Repair::Outcome::Finished:
            fmt::print("the repair that had been interrupted is in its place\n");
            break;
        case Repair::Outcome::Repaired:
            fmt::print("damaged:\n{}repaired: {}{}", describe(repair->found.damages), summary(repair->kept),
                       notes(repair->notes));
            if (repair->nodes_are_read_again)
                fmt::print(
                    "all that the nodes still hold is read again; what was lost comes back under new ids\n");
            break;
    }
    fmt::print("the damaged file is {}\n", repair->aside.string());
    return EXIT_SUCCESS;
}

int VerifyCommand::run(const std::string& config_file, const Environment& environment) const {
    const auto options = find_log(database_, config_file, environment);
    auto code = base::Result<int>(EXIT_FAILURE);
    if (!options) {
        code = options.error();
    } else {
        code = repair_ ? repair(*options) : verify(*options, log_arguments(database_, config_file));
    }
    if (code) return *code;
    complain(code.error().message);
    return EXIT_FAILURE;
}

}  // namespace server
