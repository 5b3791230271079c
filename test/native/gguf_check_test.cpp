#include "native/gguf/gguf_check.h"

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <limits>
#include <string>
#include <vector>

#include "test/native/check.h"
#include "test/native/gguf_builder.h"

namespace {

using inferno::ErrorCode;
using inferno::test::Bytes;
using inferno::test::GgufBuilder;

// The code and message of the refusal; "ok" when it passed.
std::string outcome(const Bytes & bytes) {
    const auto result = inferno::gguf::check_gguf_bytes(bytes.span());
    if (result) return "ok";
    return std::string(inferno::error_code_name(result.status().code())) + ": " + result.status().message();
}

std::string outcome(const GgufBuilder & file) { return outcome(file.build()); }

bool contains(const std::string & text, std::string_view part) { return text.find(part) != std::string::npos; }

void check_refused(const GgufBuilder & file, std::string_view part) {
    const std::string text = outcome(file);
    const bool is_refused = text != "ok" && contains(text, part);
    if (!is_refused) std::fprintf(stderr, "expected a refusal with [%s] but got [%s]\n", part.data(), text.c_str());
    CHECK(is_refused);
}

// The tiny llama with one other value.
GgufBuilder with(const std::string & key, const Bytes & value) {
    GgufBuilder file = GgufBuilder::llama();
    file.values[key] = value;
    return file;
}

GgufBuilder without(const std::string & key) {
    GgufBuilder file = GgufBuilder::llama();
    file.values.erase(key);
    return file;
}

class TemporaryFolder {
  public:
    TemporaryFolder() : path_(std::filesystem::temp_directory_path() / ("inferno-gguf-" + std::to_string(next_++))) {
        std::filesystem::remove_all(path_);
        std::filesystem::create_directory(path_);
    }
    ~TemporaryFolder() { std::filesystem::remove_all(path_); }
    TemporaryFolder(const TemporaryFolder &) = delete;
    TemporaryFolder & operator=(const TemporaryFolder &) = delete;

    std::string write(const std::string & name, const Bytes & bytes) const {
        std::ofstream file(path_ / name, std::ios::binary);
        file.write(reinterpret_cast<const char *>(bytes.span().data()), static_cast<std::streamsize>(bytes.size()));
        return (path_ / name).string();
    }
    std::string path() const { return path_.string(); }

  private:
    static inline int next_ = 0;
    std::filesystem::path path_;
};

}  // namespace

INFERNO_TEST(gguf_accepts_a_tiny_llama_and_sums_it_up) {
    const Bytes bytes = GgufBuilder::llama().build();
    const auto result = inferno::gguf::check_gguf_bytes(bytes.span());
    CHECK(result.is_ok());
    if (!result) return;
    const auto & summary = result.value();
    CHECK_EQ(summary.architecture, "llama");
    CHECK_EQ(summary.name, "tiny");
    CHECK_EQ(summary.version, 3U);
    CHECK_EQ(summary.tensor_count, 11U);
    CHECK_EQ(summary.metadata_count, 12U);
    CHECK_EQ(summary.context_length, 64U);
    CHECK_EQ(summary.vocabulary_size, 4U);
    CHECK_EQ(summary.file_size_bytes, bytes.size());
    CHECK_EQ(summary.parameter_count, 32U + 8 + 64 + 32 + 32 + 64 + 8 + 128 + 128 + 128 + 8);
}

INFERNO_TEST(gguf_accepts_every_vendored_vocabulary) {
    int seen = 0;
    for (const auto & entry : std::filesystem::directory_iterator("native/vendor/llama.cpp/models")) {
        if (entry.path().extension() != ".gguf") continue;
        const auto result = inferno::gguf::check_gguf(entry.path().string());
        if (!result) std::fprintf(stderr, "%s: %s\n", entry.path().c_str(), result.status().message().c_str());
        CHECK(result.is_ok());
        if (result) CHECK(result.value().vocabulary_size > 1000);
        ++seen;
    }
    CHECK(seen > 10);
}

INFERNO_TEST(gguf_refuses_every_truncation) {
    const Bytes whole = GgufBuilder::llama().build();
    for (size_t length = 0; length + 32 < whole.size(); ++length) {
        // A copy of the exact size, so that a sanitizer sees a read behind the end.
        const std::vector<std::byte> cut(whole.span().begin(),
                                         whole.span().begin() + static_cast<std::ptrdiff_t>(length));
        CHECK(!inferno::gguf::check_gguf_bytes(cut).is_ok());
    }
}

INFERNO_TEST(gguf_survives_every_byte_being_damaged) {
    const Bytes whole = GgufBuilder::llama().build();
    for (size_t i = 0; i < whole.size(); ++i) {
        for (const unsigned damage : {0x01U, 0x80U, 0xffU}) {
            std::vector<std::byte> bytes(whole.span().begin(), whole.span().end());
            bytes[i] ^= static_cast<std::byte>(damage);
            const auto result = inferno::gguf::check_gguf_bytes(bytes);
            CHECK(result.is_ok() || !result.status().message().empty());
        }
    }
}

INFERNO_TEST(gguf_names_versions_and_byte_orders_it_does_not_read) {
    GgufBuilder file = GgufBuilder::llama();
    file.magic = 0x4c4d4747;
    check_refused(file, "does not begin with the letters GGUF");
    file = GgufBuilder::llama();
    file.version = 1;
    check_refused(file, "unsupported_model: The file has GGUF version 1");
    file.version = 0x03000000;
    check_refused(file, "unsupported_model: The file is big-endian");
    file.version = 4;
    check_refused(file, "unsupported_model: The file has GGUF version 4");
    file.version = 2;
    CHECK_EQ(outcome(file), "ok");
}

INFERNO_TEST(gguf_counts_and_lengths_must_fit_into_the_file) {
    GgufBuilder file = GgufBuilder::llama();
    file.extra_key_count = 1ULL << 40;
    check_refused(file, "metadata keys, more than fit");
    file = GgufBuilder::llama();
    file.extra_tensor_count = std::numeric_limits<uint64_t>::max() - 100;
    check_refused(file, "tensors, more than fit");
    check_refused(with("general.name", Bytes().number<uint32_t>(8).number<uint64_t>(1ULL << 63)), "claims");
    check_refused(with("x.list", GgufBuilder::array(12, 1ULL << 61)), "claims");
    check_refused(with("x.list", GgufBuilder::array(8, 1ULL << 32)), "claims");
    check_refused(with("x.list", GgufBuilder::array(9, 0)), "array of arrays");
    check_refused(with("x.list", GgufBuilder::array(13, 0)), "item type 13");
    check_refused(with("x.value", Bytes().number<uint32_t>(99)), "value type 99");
    check_refused(with(std::string("a\0b", 3), GgufBuilder::uint32(1)), "zero byte");
    check_refused(with("", GgufBuilder::uint32(1)), "expected 1 to 65535");
}

INFERNO_TEST(gguf_keys_and_tensor_names_are_unique) {
    GgufBuilder file = GgufBuilder::llama();
    file.more_values.emplace_back("llama.block_count", GgufBuilder::uint32(1));
    check_refused(file, "\"llama.block_count\" is there twice");
    file = GgufBuilder::llama();
    file.tensors.push_back(GgufBuilder::f32("output_norm.weight", {8}));
    check_refused(file, "\"output_norm.weight\" is there twice");
    file = GgufBuilder::llama();
    file.tensors.push_back(GgufBuilder::f32(std::string(64, 'x'), {8}));
    check_refused(file, "expected 1 to 63");
}

INFERNO_TEST(gguf_tensors_have_known_types_and_sane_dimensions) {
    GgufBuilder file = GgufBuilder::llama();
    file.tensor("output_norm.weight").dimensions = {1, 1, 1, 1, 1};
    check_refused(file, "expected at most 4");
    file.tensor("output_norm.weight").dimensions = {0};
    check_refused(file, "dimension of 0");
    file.tensor("output_norm.weight").dimensions = {1ULL << 62, 4};
    check_refused(file, "fewer than 2^63");
    file.tensor("output_norm.weight").dimensions = {1ULL << 40};
    check_refused(file, "larger than the file");
    file = GgufBuilder::llama();
    file.tensor("output_norm.weight").type = 4;
    check_refused(file, "unsupported_model: The tensor \"output_norm.weight\" has type number 4");
    file.tensor("output_norm.weight").type = 43;
    check_refused(file, "type number 43");
    file.tensor("output_norm.weight").type = 8;
    check_refused(file, "multiple of 32 for the type Q8_0");
}

INFERNO_TEST(gguf_tensor_data_lies_without_gaps_inside_the_file) {
    GgufBuilder file = GgufBuilder::llama();
    file.offset_error = 32;
    check_refused(file, "is at offset 32; expected 0");
    file = with("general.alignment", GgufBuilder::uint32(48));
    check_refused(file, "expected a power of two");
    file = with("general.alignment", GgufBuilder::uint32(0));
    check_refused(file, "expected a power of two");
    file = with("general.alignment", GgufBuilder::text("32"));
    check_refused(file, "of type string; expected uint32");
    file = with("general.alignment", GgufBuilder::uint32(128));
    file.alignment = 128;
    CHECK_EQ(outcome(file), "ok");
    Bytes short_file = GgufBuilder::llama().build();
    short_file.resize(short_file.size() - 33);
    CHECK(contains(outcome(short_file), "the file is incomplete"));
}

INFERNO_TEST(gguf_hyperparameters_are_what_llama_cpp_asserts) {
    check_refused(without("general.architecture"), "general.architecture is missing");
    check_refused(with("general.architecture", GgufBuilder::text("clip")),
                  "unsupported_model: The file holds an image");
    check_refused(with("llama.block_count", GgufBuilder::uint32(0)), "llama.block_count is 0; expected 1 to 512");
    check_refused(with("llama.block_count", GgufBuilder::uint32(513)), "expected 1 to 512");
    check_refused(with("llama.block_count", GgufBuilder::float32(1)), "of type float32; expected uint32");
    check_refused(with("llama.context_length", GgufBuilder::uint32(0)), "llama.context_length is 0");
    check_refused(with("llama.embedding_length", GgufBuilder::uint32(1U << 31)),
                  "llama.embedding_length is 2147483648");
    check_refused(with("llama.nextn_predict_layers", GgufBuilder::uint32(2)), "llama.nextn_predict_layers is 2");
    check_refused(with("llama.expert_count", GgufBuilder::uint32(4)), "llama.expert_used_count is 0");
    check_refused(with("llama.expert_used_count", GgufBuilder::uint32(1)), "expected 0 without experts");
    check_refused(with("llama.rope.scaling.type", GgufBuilder::text("quadratic")), "\"quadratic\"; expected none");
    check_refused(with("llama.pooling_type", GgufBuilder::uint32(9)), "llama.pooling_type is 9");
    check_refused(with("llama.vocab_size", GgufBuilder::uint32(0xffffffff)), "llama.vocab_size is 4294967295");
    const float nan = std::numeric_limits<float>::quiet_NaN();
    check_refused(with("llama.attention.layer_norm_rms_epsilon", GgufBuilder::float32(nan)), "epsilon is nan");
    check_refused(with("llama.attention.layer_norm_rms_epsilon", GgufBuilder::float32(-1)), "epsilon is -1");
}

INFERNO_TEST(gguf_attention_heads_fit_together) {
    check_refused(with("llama.attention.head_count", GgufBuilder::uint32(0)), "head_count is 0");
    check_refused(with("llama.attention.head_count_kv", GgufBuilder::uint32(3)), "head_count_kv is 3");
    check_refused(with("llama.attention.head_count_kv", GgufBuilder::uint32(0)), "head_count_kv is 0");
    check_refused(with("llama.attention.head_count_kv", GgufBuilder::int32s({1, 1})),
                  "expected one for each of 1 layers");
    check_refused(with("llama.attention.head_count_kv", GgufBuilder::texts({"1"})), "of type string");
    CHECK_EQ(outcome(with("llama.attention.head_count_kv", GgufBuilder::int32s({1}))), "ok");
    check_refused(with("llama.attention.head_count", GgufBuilder::uint32(8)), "expected an even number");
    check_refused(with("llama.rope.dimension_count", GgufBuilder::uint32(2)), "rope.dimension_count is 2");
    check_refused(with("llama.attention.value_length", GgufBuilder::uint32(2)), "value_length is 2");
}

INFERNO_TEST(gguf_tokenizers_are_whole) {
    check_refused(without("tokenizer.ggml.tokens"), "tokenizer.ggml.tokens is missing");
    check_refused(with("tokenizer.ggml.tokens", GgufBuilder::texts({})), "has 0 items");
    check_refused(with("tokenizer.ggml.tokens", GgufBuilder::int32s({1})), "expected an array of string");
    check_refused(with("tokenizer.ggml.tokens", GgufBuilder::texts({"a", "b", "c", "a"})), "is there twice");
    // llama.cpp reads up to the zero byte.
    check_refused(with("tokenizer.ggml.tokens", GgufBuilder::texts({"a", "b", "c", std::string("a\0z", 3)})), "twice");
    check_refused(with("tokenizer.ggml.tokens", GgufBuilder::texts({"a", "b", "", "[EMPTY_2]"})), "twice");
    check_refused(with("tokenizer.ggml.tokens", GgufBuilder::texts({"a", "b", "c", std::string(70000, 'x')})), "70000");
    check_refused(with("tokenizer.ggml.token_type", GgufBuilder::int32s({1, 1, 1})), "has 3 items");
    check_refused(with("tokenizer.ggml.token_type", GgufBuilder::int32s({1, 1, 1, 7})), "is 7; expected 0 to 6");
    check_refused(with("tokenizer.ggml.scores", GgufBuilder::int32s({1})), "has 1 items");
    check_refused(with("tokenizer.ggml.merges", GgufBuilder::texts({"a b", "ab"})), "is \"ab\"; expected two parts");
    check_refused(with("tokenizer.ggml.eos_token_id", GgufBuilder::uint32(4)), "is 4; expected an id below 4");
    check_refused(with("tokenizer.ggml.eos_token_id", GgufBuilder::text("2")), "of type string; expected uint32");
    CHECK_EQ(outcome(with("tokenizer.ggml.padding_token_id", GgufBuilder::uint32(4))), "ok");
    GgufBuilder small = with("tokenizer.ggml.tokens", GgufBuilder::texts({"a"}));
    small.values["tokenizer.ggml.token_type"] = GgufBuilder::int32s({1});
    check_refused(small, "bos_token_id names none");
}

INFERNO_TEST(gguf_tensors_have_the_shapes_of_the_metadata) {
    GgufBuilder file = GgufBuilder::llama();
    file.tensor("blk.0.attn_k.weight") = GgufBuilder::f32("blk.0.attn_k.weight", {8, 8});
    check_refused(file, "blk.0.attn_k.weight has the shape [8, 8]; expected [8, 4]");
    file = GgufBuilder::llama();
    file.tensors.erase(file.tensors.begin());
    check_refused(file, "token_embd.weight is missing");
    file = GgufBuilder::llama();
    file.tensor("blk.0.ffn_norm.weight") = {"blk.0.ffn_norm.weight", {8}, 1, 16};
    check_refused(file, "of type F16; expected F32");
    file = GgufBuilder::llama();
    file.tensor("blk.0.attn_q.weight") = {"blk.0.attn_q.weight", {8, 8}, 26, 256};
    check_refused(file, "of type I32, which is no type of weights");
}

INFERNO_TEST(gguf_other_architectures_get_the_structural_checks_only) {
    GgufBuilder file = GgufBuilder::llama();
    file.values["general.architecture"] = GgufBuilder::text("something-new");
    file.values["something-new.attention.head_count"] = GgufBuilder::uint32(0);
    file.values["something-new.surprise"] = GgufBuilder::texts({"x"});
    file.tensors.push_back(GgufBuilder::f32("mystery", {3, 5}));
    CHECK_EQ(outcome(file), "ok");
}

INFERNO_TEST(gguf_files_that_are_none_say_what_they_are) {
    const TemporaryFolder folder;
    const auto missing = inferno::gguf::check_gguf(folder.path() + "/none.gguf");
    CHECK(!missing.is_ok() && missing.status().code() == ErrorCode::FileNotFound);
    const auto directory = inferno::gguf::check_gguf(folder.path());
    CHECK(!directory.is_ok() && directory.status().code() == ErrorCode::FileUnreadable);
    const auto empty = inferno::gguf::check_gguf(folder.write("empty.gguf", Bytes()));
    CHECK(!empty.is_ok() && empty.status().code() == ErrorCode::InvalidModelFile);
}

INFERNO_TEST(gguf_models_in_several_files_are_checked_as_one) {
    const TemporaryFolder folder;
    GgufBuilder first = GgufBuilder::llama();
    GgufBuilder second;
    second.tensors.assign(first.tensors.begin() + 5, first.tensors.end());
    first.tensors.resize(5);
    first.values["split.count"] = GgufBuilder::uint16(2);
    first.values["split.no"] = GgufBuilder::uint16(0);
    second.values["split.no"] = GgufBuilder::uint16(1);
    second.values["split.count"] = GgufBuilder::uint16(2);
    const std::string path = folder.write("m-00001-of-00002.gguf", first.build());
    const auto incomplete = inferno::gguf::check_gguf(path);
    CHECK(!incomplete.is_ok() && incomplete.status().code() == ErrorCode::FileNotFound);
    const std::string second_path = folder.write("m-00002-of-00002.gguf", second.build());
    const auto whole = inferno::gguf::check_gguf(path);
    CHECK(whole.is_ok());
    if (whole) CHECK_EQ(whole.value().tensor_count, 11U);
    const auto from_second = inferno::gguf::check_gguf(second_path);
    CHECK(!from_second.is_ok() && contains(from_second.status().message(), "part 2 of 2"));
    const auto renamed = inferno::gguf::check_gguf(folder.write("other.gguf", first.build()));
    CHECK(!renamed.is_ok() && contains(renamed.status().message(), "-00001-of-00002.gguf"));
    second.values["split.no"] = GgufBuilder::uint32(1);
    folder.write("m-00002-of-00002.gguf", second.build());
    const auto wrong_type = inferno::gguf::check_gguf(path);
    CHECK(!wrong_type.is_ok() && contains(wrong_type.status().message(), "of type uint32; expected uint16"));
}
