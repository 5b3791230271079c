#include "test/sim/table.h"

#include <algorithm>
#include <cstdarg>
#include <cstdio>

namespace inferno::sim {
namespace {

constexpr const char * kTierNames[] = {"vip", "high", "normal", "low"};

double percent(int64_t part, const TierTokens & all) {
    int64_t sum = 0;
    for (const int64_t tokens : all) sum += tokens;
    return sum > 0 ? 100.0 * static_cast<double>(part) / static_cast<double>(sum) : 0.0;
}

void append(std::string & text, const char * format, ...) {
    char line[512];
    va_list arguments;
    va_start(arguments, format);
    std::vsnprintf(line, sizeof(line), format, arguments);
    va_end(arguments);
    text += line;
}

double seconds(int64_t us) { return static_cast<double>(us) / 1e6; }

// Nearest rank.
double rank(const std::vector<int64_t> & sorted, size_t percent_of) {
    return sorted.empty() ? 0.0 : seconds(sorted[(sorted.size() * percent_of + 99) / 100 - 1]);
}

}  // namespace

void print_head() {
    std::printf("| scenario | tier | submitted | completed | cancelled | expired | failed | refused | preempted "
                "| wait p50 s | p95 | p99 | max |\n");
    std::printf("|---|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n");
}

void print_tiers(const Scenario & scenario, const Simulation & simulation) {
    const OutcomeCounts & counts = simulation.oracle().counts();
    for (size_t i = 0; i < queue::kTierCount; ++i) {
        std::vector<int64_t> waits = counts.waits_us[i];
        std::sort(waits.begin(), waits.end());
        std::printf("| %s | %s | %lld | %lld | %lld | %lld | %lld | %lld | %lld | %.3f | %.2f | %.2f | %.2f |\n",
                    i == 0 ? scenario.name.c_str() : "", kTierNames[i],
                    static_cast<long long>(counts.submitted[i] + counts.refused[i]),
                    static_cast<long long>(counts.completed[i]), static_cast<long long>(counts.cancelled[i]),
                    static_cast<long long>(counts.expired[i]), static_cast<long long>(counts.failed[i]),
                    static_cast<long long>(counts.refused[i]), static_cast<long long>(counts.preempted[i]),
                    rank(waits, 50), rank(waits, 95), rank(waits, 99), rank(waits, 100));
    }
}

std::string summary_of(const Scenario & scenario, const Simulation & simulation) {
    std::string text;
    const ShareWindows & windows = simulation.oracle().windows();
    const WaitBound & bound = simulation.oracle().wait_bound();
    append(text, "\n%s: %.0f s of virtual time, %lld steps, %.0f tokens/s\n", scenario.name.c_str(),
           seconds(simulation.now_us()), static_cast<long long>(simulation.steps()),
           static_cast<double>(simulation.tokens()) / seconds(simulation.now_us()));
    if (windows.windows() > 0) {
        append(text,
               "  %lld windows of 10 s in which all tiers had work waiting; shares in percent (weights 53.3 26.7 13.3 "
               "6.7)\n",
               static_cast<long long>(windows.windows()));
        const auto print_shares = [&](const char * name, const TierTokens & total, const Deviation & deviation) {
            append(text, "  %s: %.1f %.1f %.1f %.1f on average; in any window off by at most %.2f points", name,
                   percent(total[0], total), percent(total[1], total), percent(total[2], total),
                   percent(total[3], total), deviation.points);
            if (deviation.relative_percent > 0) append(text, ", %.1f %% of a share", deviation.relative_percent);
            append(text, "\n");
        };
        print_shares("tokens of started work", windows.charged_total(), windows.charged());
        print_shares("tokens computed", windows.computed_total(), windows.computed());
    }
    if (windows.fairness_windows() > 0) {
        append(text, "  fairness among the users of a tier over 60 s (Jain): mean %.3f, least %.3f\n",
               windows.mean_fairness(), windows.least_fairness());
    }
    if (bound.checked() > 0) {
        append(text,
               "  %lld requests aged from low to high: there they waited at most %lld tokens, %.1f s, %lld %% of their "
               "bound\n",
               static_cast<long long>(bound.checked()), static_cast<long long>(bound.longest_tokens()),
               seconds(bound.longest_us()), static_cast<long long>(bound.closest_percent()));
    }
    append(text, "  history %016llx\n", static_cast<unsigned long long>(simulation.oracle().history()));
    return text;
}

}  // namespace inferno::sim
