# One program with every native unit test; scripts/test-native.mjs runs it. Sources are listed, never globbed.
add_executable(inferno-native-tests
  test/native/main.cpp
  test/native/answer_parser_test.cpp
  test/native/answer_parsing_test.cpp
  test/native/batch_plan_test.cpp
  test/native/capacity_test.cpp
  test/native/engine_scheduling_test.cpp
  test/native/encoder_test.cpp
  test/native/engine_test.cpp
  test/native/event_outbox_test.cpp
  test/native/gguf_check_test.cpp
  test/native/grammar_limits_test.cpp
  test/native/grammar_text_test.cpp
  test/native/journal_recovery_test.cpp
  test/native/journal_test.cpp
  test/native/generation_times_test.cpp
  test/native/nvml_test.cpp
  test/native/onnx_batcher_test.cpp
  test/native/onnx_decoder_test.cpp
  test/native/onnx_run_queue_test.cpp
  test/native/onnx_session_test.cpp
  test/native/onnx_text_engine_test.cpp
  test/native/prefill_slice_test.cpp
  test/native/prefix_store_test.cpp
  test/native/prefix_tree_test.cpp
  test/native/profile_histogram_test.cpp
  test/native/profile_ring_test.cpp
  test/native/profile_statistics_test.cpp
  test/native/request_queue_test.cpp
  test/native/scheduler_test.cpp
  test/native/sysfs_gpus_test.cpp
  test/native/text_stream_test.cpp
  test/native/thread_budget_test.cpp
  test/native/utf8_test.cpp
  test/native/worker_limit_test.cpp
  test/native/zstd_stream_test.cpp
)
target_link_libraries(inferno-native-tests PRIVATE inferno_native inferno_zstd)
# Chat templates of many model families, which llama.cpp ships for its own tests.
target_compile_definitions(inferno-native-tests PRIVATE
  INFERNO_CHAT_TEMPLATES="${CMAKE_CURRENT_SOURCE_DIR}/native/vendor/llama.cpp/models/templates")
add_library(inferno-nvml-stand-in SHARED test/native/nvml_stand_in.cpp)
target_compile_definitions(inferno-native-tests PRIVATE INFERNO_NVML_STAND_IN="$<TARGET_FILE:inferno-nvml-stand-in>")
add_dependencies(inferno-native-tests ggml-cpu inferno-nvml-stand-in inferno-onnxruntime)
