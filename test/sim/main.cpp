// inferno-sim: the scheduler under a virtual clock, a million requests, every invariant at every step.
//   inferno-sim [--requests N] [--seed S] [--scenario NAME]
// Prints a table and a hash of each scenario's history: the same seed gives the same hash. The first invariant that
// does not hold ends it with the seed, the virtual time and what was violated, and exit status 1.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <optional>
#include <string>

#include "test/sim/table.h"
#include "test/sim/violation.h"

namespace {

using namespace inferno::sim;

struct Options {
    int64_t requests = 2'000'000;
    uint64_t seed = 1;
    std::string scenario;
};

std::optional<Options> parse(int argc, char ** argv) {
    Options options;
    for (int i = 1; i < argc; i += 2) {
        const std::string name = argv[i];
        if (i + 1 == argc) return std::nullopt;
        char * end = nullptr;
        if (name == "--scenario") {
            options.scenario = argv[i + 1];
            continue;
        }
        const unsigned long long number = std::strtoull(argv[i + 1], &end, 10);
        if (*end != '\0' || end == argv[i + 1]) return std::nullopt;
        if (name == "--requests") {
            options.requests = static_cast<int64_t>(number);
        } else if (name == "--seed") {
            options.seed = number;
        } else {
            return std::nullopt;
        }
    }
    return options;
}

// False when an invariant did not hold.
bool run(const Scenario & scenario, const Options & options, int64_t requests, std::string & summaries) {
    Simulation simulation(scenario, options.seed, requests);
    try {
        simulation.run();
    } catch (const Violation & violation) {
        std::fflush(stdout);
        std::fprintf(
            stderr, "VIOLATED in %s after %.6f s: %s\nreproduce with: --seed %llu --requests %lld --scenario %s\n",
            scenario.name.c_str(), static_cast<double>(violation.at_us) / 1e6, violation.what.c_str(),
            static_cast<unsigned long long>(options.seed), static_cast<long long>(requests), scenario.name.c_str());
        return false;
    }
    print_tiers(scenario, simulation);
    std::fflush(stdout);
    summaries += summary_of(scenario, simulation);
    return true;
}

}  // namespace

int main(int argc, char ** argv) {
    const std::optional<Options> options = parse(argc, argv);
    if (!options) {
        std::fprintf(stderr, "usage: inferno-sim [--requests N] [--seed S] [--scenario NAME]\n");
        return 2;
    }
    std::printf("seed %llu\n\n", static_cast<unsigned long long>(options->seed));
    print_head();
    std::string summaries;
    bool found = false;
    for (const Scenario & scenario : all_scenarios()) {
        const bool is_chosen = options->scenario == scenario.name;
        if (!options->scenario.empty() && !is_chosen) continue;
        found = true;
        const int64_t requests = is_chosen ? options->requests : options->requests * scenario.share_percent / 100;
        if (!run(scenario, *options, requests, summaries)) return 1;
    }
    if (!found) {
        std::fprintf(stderr, "inferno-sim: there is no scenario \"%s\".\n", options->scenario.c_str());
        return 2;
    }
    std::printf("%s", summaries.c_str());
    return 0;
}
