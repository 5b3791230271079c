#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "native/onnx/feed_check.h"
#include "native/onnx/model_check.h"
#include "native/onnx/run_request.h"
#include "native/onnx/runtime.h"
#include "native/onnx/session.h"
#include "test/native/check.h"
#include "test/native/onnx_model_builder.h"

using namespace inferno;
using namespace inferno::onnx;
using namespace inferno::test;

namespace {

Result<std::shared_ptr<const Session>> open(const std::string & model, const SessionOptions & options = {}) {
    if (const char * directory = std::getenv("INFERNO_LIBRARY_DIR")) set_library_directory(directory);
    ModelSource source;
    source.bytes = as_bytes(model);
    return Session::open(source, options);
}

FeedShape feed(uint32_t index, ElementType type, std::span<const int64_t> dims, size_t bytes) {
    FeedShape shape;
    shape.index = index;
    shape.type = type;
    shape.dims = dims;
    shape.bytes = bytes;
    return shape;
}

bool contains(const std::string & text, const std::string & part) { return text.find(part) != std::string::npos; }

// A folder that is removed with what is in it.
struct Folder {
    std::filesystem::path path =
        std::filesystem::temp_directory_path() / ("inferno-onnx-" + std::to_string(std::rand()));
    Folder() { std::filesystem::create_directories(path); }
    ~Folder() { std::filesystem::remove_all(path); }
    std::string write(const std::string & name, const std::string & content) const {
        std::filesystem::create_directories((path / name).parent_path());
        std::ofstream(path / name, std::ios::binary) << content;
        return (path / name).string();
    }
};

std::string external_model(const std::string & location) {
    GraphParts parts;
    parts.nodes = {node("Add", {"x", "w"}, {"y"})};
    parts.initializers = {external_tensor("w", {2}, location)};
    parts.inputs = {value_info("x", ElementType::Float32, {2})};
    parts.outputs = {value_info("y", ElementType::Float32, {2})};
    return model_bytes(parts);
}

}  // namespace

INFERNO_TEST(onnx_session_describes_its_graph_and_runs_on_views_of_the_callers_memory) {
    auto session = open(add_model());
    CHECK(session.is_ok());
    if (!session) return;
    const Session & add = *session.value();
    CHECK_EQ(add.inputs().size(), 2U);
    CHECK_EQ(add.inputs()[0].name, "a");
    CHECK_EQ(add.inputs()[0].symbols[0], "n");
    CHECK_EQ(add.outputs()[0].dims[0], -1);
    std::array<float, 2> a = {1, 2};
    std::array<float, 2> b = {10, 20};
    std::array<float, 2> sum = {};
    const std::array<int64_t, 1> dims = {2};
    RunRequest request;
    request.add_input(0, make_view({ElementType::Float32, dims, a.data(), sizeof a}).value());
    request.add_input(1, make_view({ElementType::Float32, dims, b.data(), sizeof b}).value());
    request.add_output(0, make_view({ElementType::Float32, dims, sum.data(), sizeof sum}).value());
    CHECK(request.execute(add, nullptr).is_ok());
    CHECK_EQ(sum[0], 11.0F);
    CHECK_EQ(sum[1], 22.0F);
}

INFERNO_TEST(onnx_feeds_with_several_faults_are_refused_with_all_of_them) {
    auto session = open(add_model());
    CHECK(session.is_ok());
    if (!session) return;
    const std::array<int64_t, 2> dims = {2, 3};
    const std::vector<FeedShape> inputs = {feed(0, ElementType::Int64, dims, 48)};
    const std::vector<std::string> unknown = {"c"};
    Feeds feeds;
    feeds.inputs = inputs;
    feeds.unknown_inputs = unknown;
    const Status status = check_feeds(*session.value(), feeds);
    CHECK_EQ(std::string(error_code_name(status.code())), "invalid_tensor");
    CHECK(contains(status.message(), "input a must be float32[n] but is int64[2, 3]"));
    CHECK(contains(status.message(), "input b (float32[n]) is missing"));
    CHECK(contains(status.message(), "there is no input c, only a, b"));
}

INFERNO_TEST(onnx_feed_with_too_little_memory_or_impossible_dimensions_is_refused) {
    auto session = open(add_model());
    CHECK(session.is_ok());
    if (!session) return;
    const std::array<int64_t, 1> three = {3};
    const std::array<int64_t, 1> huge = {INT64_MAX};
    const std::vector<FeedShape> inputs = {feed(0, ElementType::Float32, three, 8),
                                           feed(1, ElementType::Float32, huge, 8)};
    Feeds feeds;
    feeds.inputs = inputs;
    const std::string message = check_feeds(*session.value(), feeds).message();
    CHECK(contains(message, "input a needs 12 bytes for float32[3] but has 8"));
    CHECK(contains(message, "input b has dimensions that are too large"));
}

INFERNO_TEST(onnx_provider_that_the_library_lacks_is_named_with_those_that_it_has) {
    SessionOptions options;
    options.providers = {{"abacus", {}}};
    auto session = open(add_model(), options);
    CHECK(!session.is_ok());
    if (session) return;
    CHECK_EQ(std::string(error_code_name(session.status().code())), "provider_missing");
    CHECK(contains(session.status().message(), "abacus"));
    CHECK(contains(session.status().message(), "cpu"));
}

INFERNO_TEST(onnx_run_that_was_told_to_stop_ends_as_cancelled) {
    auto session = open(slow_model(256, 400));
    CHECK(session.is_ok());
    if (!session) return;
    std::vector<float> x(256 * 256, 0.0F);
    const std::array<int64_t, 2> dims = {256, 256};
    RunRequest request;
    request.add_input(0, make_view({ElementType::Float32, dims, x.data(), x.size() * sizeof(float)}).value());
    request.add_output(0);
    RunControl control;
    control.terminate();
    const Status status = request.execute(*session.value(), control.options());
    CHECK_EQ(std::string(error_code_name(status.code())), "cancelled");
}

INFERNO_TEST(onnx_model_cut_off_anywhere_is_refused_and_never_crashes) {
    const std::string whole = table_model(4);
    for (size_t length = 0; length < whole.size(); ++length) {
        const std::string part = whole.substr(0, length);
        auto summary = check_model_bytes(as_bytes(part), "");
        auto session = open(part);
        // Cut between two fields it can be a smaller model, which then lacks what it needs.
        CHECK(!session.is_ok() || summary.is_ok());
    }
    CHECK(open(whole).is_ok());
}

INFERNO_TEST(onnx_external_data_inside_the_models_folder_is_used) {
    const Folder folder;
    const std::array<float, 2> weights = {1, 2};
    folder.write("weights.bin", std::string(reinterpret_cast<const char *>(weights.data()), sizeof weights));
    const std::string path = folder.write("model.onnx", external_model("weights.bin"));
    auto summary = check_model_file(path);
    CHECK(summary.is_ok());
    if (summary) CHECK_EQ(summary.value().data_files.size(), 1U);
}

INFERNO_TEST(onnx_external_data_outside_the_models_folder_is_refused) {
    const Folder folder;
    folder.write("secret.bin", "12345678");
    const std::string outside = (folder.path / "secret.bin").string();
    for (const std::string & location : {std::string("../secret.bin"), outside, std::string("a/../../secret.bin"),
                                         std::string("..\\secret.bin"), std::string("")}) {
        const std::string path = folder.write("inner/model.onnx", external_model(location));
        auto summary = check_model_file(path);
        CHECK(!summary.is_ok());
        if (!summary) CHECK_EQ(std::string(error_code_name(summary.status().code())), "invalid_model_file");
    }
    std::filesystem::create_symlink(folder.path / "secret.bin", folder.path / "inner" / "link.bin");
    auto linked = check_model_file(folder.write("inner/model.onnx", external_model("link.bin")));
    CHECK(!linked.is_ok());
}

INFERNO_TEST(onnx_external_data_that_is_too_short_is_refused) {
    const Folder folder;
    folder.write("weights.bin", "1234");
    auto summary = check_model_file(folder.write("model.onnx", external_model("weights.bin")));
    CHECK(!summary.is_ok());
    if (!summary) CHECK(contains(summary.status().message(), "beyond the end"));
}

INFERNO_TEST(onnx_element_types_know_their_sizes_also_when_packed) {
    const std::array<int64_t, 1> three = {3};
    CHECK_EQ(tensor_bytes(ElementType::Int4, three).value_or(0), 2U);
    CHECK_EQ(tensor_bytes(ElementType::Float16, three).value_or(0), 6U);
    CHECK_EQ(tensor_bytes(ElementType::Bfloat16, three).value_or(0), 6U);
    const std::array<int64_t, 2> overflow = {INT64_MAX / 2, 4};
    CHECK(!tensor_bytes(ElementType::Float32, overflow).has_value());
    CHECK_EQ(std::string(element_type_name(ElementType::Uint4)), "uint4");
}
