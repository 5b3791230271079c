// inferno-native-bench FOLDER [NAME…]: see bench.h.
#include <cstdlib>
#include <filesystem>
#include <string_view>
#include <system_error>

#include "bench/native/bench.h"

int main(int argc, char ** argv) {
    if (argc < 2) {
        std::fprintf(stderr, "Expected: %s FOLDER [NAME…]\n", argv[0]);
        return 2;
    }
    const std::filesystem::path folder = std::filesystem::path(argv[1]) / "inferno-native-bench.tmp";
    std::error_code error;
    std::filesystem::remove_all(folder, error);
    std::filesystem::create_directories(folder, error);
    if (error) {
        std::fprintf(stderr, "%s cannot be made: %s.\n", folder.c_str(), error.message().c_str());
        return 2;
    }
    inferno::bench::Context context(folder.string());
    for (const auto & benchmark : inferno::bench::all_benchmarks()) {
        bool is_wanted = argc == 2;
        for (int i = 2; i < argc; ++i) {
            is_wanted = is_wanted || std::string_view(benchmark.name).find(argv[i]) != std::string_view::npos;
        }
        if (!is_wanted) continue;
        std::printf("%s\n", benchmark.name);
        benchmark.run(context);
    }
    std::filesystem::remove_all(folder, error);
    return context.has_missed_bar() ? EXIT_FAILURE : EXIT_SUCCESS;
}
