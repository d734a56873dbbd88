#include "server/export_command.h"

#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdlib>
#include <fmt/format.h>
#include <unistd.h>
#include <utility>

#include "server/interrupt.h"
#include "server/transfer_config.h"
#include "storage/open_log.h"

namespace server {

namespace {

using transfer::Exported;
using transfer::with_thousands;

constexpr std::string_view kExportFooter =
    "Each line is the payload of one event, byte for byte as the node sent it, in the order of ids. With\n"
    "--with-ids each is {\"id\":7,\"api_version\":\"1.5.6\",\"payload\":...}: `import` makes the same log of "
    "it,\n"
    "with the same ids. The sidecar may be running; what it stores meanwhile is not exported.";

std::vector<std::string> kind_names() {
    std::vector<std::string> names;
    for (const auto& row : base::kKinds) {
        if (row.kind != base::Kind::ApiVersion) names.emplace_back(row.name);
    }
    return names;
}

transfer::Progress::Write terminal_for(const std::string& output) {
    // A bar between the lines of JSON would help nobody.
    if (output == "-" && ::isatty(STDOUT_FILENO) != 0) return {};
    return transfer::terminal_of_standard_error();
}

std::string describe_end(const Exported& exported) {
    std::string text = fmt::format("exported {} events", with_thousands(exported.events));
    if (exported.last != 0) text += fmt::format(", the last one with id {}", exported.last);
    if (exported.end == Exported::End::Stopped) {
        text += exported.last == 0 ? "; interrupted"
                                   : fmt::format("; interrupted: --from {} goes on", exported.last + 1);
    }
    return text + "\n";
}

}  // namespace

ExportCommand::ExportCommand(CLI::App& program)
    : export_(program.add_subcommand("export", "Write the stored events as lines of JSON")) {
    export_->fallthrough()->footer(std::string(kExportFooter));
    export_->add_option("--output", output_, "Where to; made, or replaced. -: standard output")
        ->type_name("FILE")
        ->capture_default_str();
    export_->add_option("--from", from_, "The first id. Default: the first one stored")
        ->type_name("ID")
        ->check(CLI::Range(std::uint64_t{1}, base::kMaxEventId));
    export_->add_option("--to", to_, "The last id. Default: the newest one stored")
        ->type_name("ID")
        ->check(CLI::Range(std::uint64_t{1}, base::kMaxEventId));
    export_->add_option("--kind", kinds_, "Only events of this kind. May be given several times")
        ->type_name("KIND")
        ->check(CLI::IsMember(kind_names()));
    export_->add_flag("--with-ids", with_ids_, "A full copy: id, version and payload of each event");
}

bool ExportCommand::chosen() const {
    return export_->parsed();
}

transfer::ExportOptions ExportCommand::options() const {
    transfer::ExportOptions options;
    options.from = from_;
    if (to_ != 0) options.to = to_ + 1;
    for (const auto& name : kinds_) {
        if (const auto kind = base::kind_named(name)) options.kinds.push_back(*kind);
    }
    options.form = with_ids_ ? transfer::LineForm::WithId : transfer::LineForm::Payload;
    return options;
}

base::Result<Exported> ExportCommand::write(const Config& config) const {
    // The log first: a file is not emptied for a log that cannot be read.
    const auto log = storage::open_log_for_reading(config.storage);
    if (!log) return log.error();
    auto output = transfer::OutputFile::open(output_);
    if (!output) return output.error();

    const Interrupt interrupt;
    transfer::Progress progress(terminal_for(output_));
    progress.begin("exporting");
    auto exported =
        transfer::export_events(**log, options(), *output, progress, [&] { return interrupt.came(); });
    if (!exported) return exported;
    if (const auto finished = output->finish(); !finished) return finished.error();
    return exported;
}

int ExportCommand::run(const std::string& config_file, const Environment& environment) const {
    const auto config = load_for_transfer(config_file, environment);
    const auto exported = config ? write(*config) : base::Result<Exported>(config.error());
    if (!exported) {
        complain(exported.error().message);
        return EXIT_FAILURE;
    }
    if (exported->end == Exported::End::ReaderGone) return EXIT_SUCCESS;
    fmt::print(stderr, "{}", describe_end(*exported));
    return exported->end == Exported::End::Stopped ? Interrupt::kExitCode : EXIT_SUCCESS;
}

}  // namespace server
