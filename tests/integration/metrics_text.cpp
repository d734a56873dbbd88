#include "integration/metrics_text.h"

#include <limits>
#include <regex>

#include "integration/support_check.h"

namespace integration {
namespace {

/// "sidecar_x_bucket" belongs to the histogram "sidecar_x".
std::string family_of(const MetricShapes& shapes, const std::string& sample) {
    for (const std::string ending : {"", "_bucket", "_sum", "_count"}) {
        if (!sample.ends_with(ending)) continue;
        const auto name = sample.substr(0, sample.size() - ending.size());
        const auto found = shapes.find(name);
        if (found != shapes.end() && (ending.empty() || found->second.type == "histogram")) return name;
    }
    return sample;
}

std::set<std::string> names_in(const std::string& text, const std::regex& pattern) {
    std::set<std::string> names;
    for (std::sregex_iterator match(text.begin(), text.end(), pattern); match != std::sregex_iterator();
         ++match)
        names.insert((*match)[1]);
    return names;
}

}  // namespace

MetricShapes shapes_of_page(const std::string& page) {
    static const std::regex type(R"(# TYPE (\w+) (\w+))");
    static const std::regex sample(R"((\w+)(\{.*\})? (\S+))");
    static const std::regex label(R"re((\w+)="(?:[^"\\]|\\.)*")re");
    MetricShapes announced;
    MetricShapes shapes;
    for (const auto& line : lines_of(page + "\n")) {
        std::smatch match;
        if (std::regex_match(line, match, type)) announced[match[1]].type = match[2];
        if (line.starts_with('#')) continue;
        if (!std::regex_match(line, match, sample)) {
            shapes["unreadable: " + line];
            continue;
        }
        const auto name = family_of(announced, match[1]);
        auto labels = names_in(match[2], label);
        labels.erase("le");
        auto& shape = shapes[name];
        shape.type = announced[name].type;
        shape.labels.merge(labels);
    }
    return shapes;
}

MetricShapes shapes_of_document(const std::string& markdown) {
    static const std::regex row(R"(\| `(\w+)` \| (gauge|counter|histogram) \| ([^|]*) \| .* \|)");
    static const std::regex label(R"(`(\w+)`)");
    MetricShapes shapes;
    for (const auto& line : lines_of(markdown)) {
        std::smatch match;
        if (std::regex_match(line, match, row)) shapes[match[1]] = {match[2], names_in(match[3], label)};
    }
    return shapes;
}

double value_of(const std::string& page, const std::string& series) {
    for (const auto& line : lines_of(page + "\n")) {
        if (line.starts_with(series + " ")) return std::stod(line.substr(series.size() + 1));
    }
    return std::numeric_limits<double>::quiet_NaN();
}

}  // namespace integration
