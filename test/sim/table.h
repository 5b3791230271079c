// The simulation's findings as a Markdown table. Thread safety: none.
#pragma once

#include <string>

#include "test/sim/simulation.h"

namespace inferno::sim {

void print_head();
void print_tiers(const Scenario & scenario, const Simulation & simulation);
// What holds for the scenario as a whole.
std::string summary_of(const Scenario & scenario, const Simulation & simulation);

}  // namespace inferno::sim
