# One program with every native benchmark; scripts/bench-native.mjs builds and runs it. Not part of any other build.
add_executable(inferno-native-bench EXCLUDE_FROM_ALL
  bench/native/main.cpp
  bench/native/journal_bench.cpp
  bench/native/profile_bench.cpp
  bench/native/queue_bench.cpp
)
target_link_libraries(inferno-native-bench PRIVATE inferno_native)
