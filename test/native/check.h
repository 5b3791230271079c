// A test framework of one header: INFERNO_TEST(name) { CHECK(…); CHECK_EQ(a, b); }. The program runs every test, or
// those whose names contain an argument, prints "N passed, N failed" and exits 1 on a failure.
#pragma once

#include <cstdio>
#include <functional>
#include <sstream>
#include <string>
#include <string_view>
#include <vector>

namespace inferno::test {

struct Test {
    const char * name;
    std::function<void()> run;
};

inline std::vector<Test> & all_tests() {
    static std::vector<Test> tests;
    return tests;
}

inline int & failures_of_current_test() {
    static int failures = 0;
    return failures;
}

struct Registration {
    Registration(const char * name, std::function<void()> run) { all_tests().push_back({name, std::move(run)}); }
};

inline void report_failure(const char * file, int line, const std::string & what) {
    ++failures_of_current_test();
    std::fprintf(stderr, "%s:%d: %s\n", file, line, what.c_str());
}

template <typename A, typename B>
void check_equal(const A & a, const B & b, const char * text, const char * file, int line) {
    if (a == b) return;
    std::ostringstream message;
    message << "expected " << text << ", but the left is [" << a << "] and the right is [" << b << "]";
    report_failure(file, line, message.str());
}

inline int run_tests(int argc, char ** argv) {
    int passed = 0;
    int failed = 0;
    for (const Test & test : all_tests()) {
        bool wanted = argc <= 1;
        for (int i = 1; i < argc; ++i)
            wanted = wanted || std::string_view(test.name).find(argv[i]) != std::string_view::npos;
        if (!wanted) continue;
        failures_of_current_test() = 0;
        test.run();
        if (failures_of_current_test() == 0) {
            ++passed;
        } else {
            ++failed;
            std::fprintf(stderr, "FAILED %s\n", test.name);
        }
    }
    std::printf("%d passed, %d failed\n", passed, failed);
    return failed == 0 ? 0 : 1;
}

}  // namespace inferno::test

#define INFERNO_TEST(name)                                                                              \
    static void inferno_test_##name();                                                                  \
    static const ::inferno::test::Registration inferno_registration_##name(#name, inferno_test_##name); \
    static void inferno_test_##name()

#define CHECK(condition)                                                                               \
    do {                                                                                               \
        if (!(condition)) ::inferno::test::report_failure(__FILE__, __LINE__, "expected " #condition); \
    } while (false)

#define CHECK_EQ(a, b) ::inferno::test::check_equal((a), (b), #a " == " #b, __FILE__, __LINE__)
