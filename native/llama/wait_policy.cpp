// How OpenMP's compute threads wait for each other, decided before libgomp starts.
//
// libgomp reads GOMP_SPINCOUNT once, in its constructor, and spins for tens of milliseconds by default. When a core is
// busy with anything else (the JS thread, a client, a container's CPU quota), the spinning thread holds the core that
// the thread it waits for needs, and decoding collapses by two orders of magnitude. So this tiny library is linked with
// `-z initfirst`, which runs its constructor before libgomp's, and sets a short spin unless the user chose one.
//
// setenv is not safe beside getenv in other threads; it runs once, while the addon is being loaded, and only when the
// variable is not set.
#include <cstdlib>

namespace {

#if defined(__linux__)
// About 10 µs of spinning on current x86: longer than the gap between two threads that both have a core, far shorter
// than a scheduler slice. See docs/performance.md for the measurement.
constexpr const char * kSpinCount = "200";

__attribute__((constructor)) void set_wait_policy() {
    if (std::getenv("OMP_WAIT_POLICY") == nullptr) setenv("GOMP_SPINCOUNT", kSpinCount, 0);
}
#endif

}  // namespace
