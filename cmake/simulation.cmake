# The scheduler's simulation (test/sim): the queue's own sources and nothing else, so that it builds in seconds and
# without llama.cpp. Sources are listed, never globbed.
add_executable(inferno-sim
  ${INFERNO_ROOT}/native/queue/flow_table.cpp
  ${INFERNO_ROOT}/native/queue/prefill_turns.cpp
  ${INFERNO_ROOT}/native/queue/request_queue.cpp
  ${INFERNO_ROOT}/native/queue/scheduler.cpp
  ${INFERNO_ROOT}/native/queue/waiting_estimate.cpp
  ${INFERNO_ROOT}/native/queue/worker_limit.cpp
  ${INFERNO_ROOT}/test/sim/main.cpp
  ${INFERNO_ROOT}/test/sim/oracle.cpp
  ${INFERNO_ROOT}/test/sim/oracle_queue.cpp
  ${INFERNO_ROOT}/test/sim/scenario.cpp
  ${INFERNO_ROOT}/test/sim/share_windows.cpp
  ${INFERNO_ROOT}/test/sim/simulation.cpp
  ${INFERNO_ROOT}/test/sim/table.cpp
  ${INFERNO_ROOT}/test/sim/workload.cpp
)
target_include_directories(inferno-sim PRIVATE ${INFERNO_ROOT})
if(NOT MSVC)
  # A contracted multiplication and addition rounds once in place of twice, so two processors would tell two histories.
  target_compile_options(inferno-sim PRIVATE -Wall -Wextra -ffp-contract=off)
endif()
