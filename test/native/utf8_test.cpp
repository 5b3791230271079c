#include "native/core/utf8.h"

#include <random>

#include "test/native/check.h"

using namespace inferno;

namespace {

std::string valid(std::string_view bytes) {
    std::string out;
    append_valid_utf8(bytes, out);
    return out;
}

std::string escaped(std::string_view text) {
    std::string out;
    append_json_escaped(text, out);
    return out;
}

constexpr const char * kReplacement = "\xEF\xBF\xBD";

}  // namespace

INFERNO_TEST(utf8_complete_prefix_stops_before_an_unfinished_character) {
    const std::string euro = "\xE2\x82\xAC";
    CHECK_EQ(complete_utf8_prefix(""), 0u);
    CHECK_EQ(complete_utf8_prefix("abc"), 3u);
    CHECK_EQ(complete_utf8_prefix("a" + euro), 4u);
    CHECK_EQ(complete_utf8_prefix("a" + euro.substr(0, 1)), 1u);
    CHECK_EQ(complete_utf8_prefix("a" + euro.substr(0, 2)), 1u);
    CHECK_EQ(complete_utf8_prefix("\xF0\x9F\x98"), 0u);
}

INFERNO_TEST(utf8_bytes_that_can_never_be_valid_are_not_held_back) {
    CHECK_EQ(complete_utf8_prefix("\xFF"), 1u);
    CHECK_EQ(complete_utf8_prefix("\x80"), 1u);
    CHECK_EQ(complete_utf8_prefix("\xC0"), 1u);      // overlong lead
    CHECK_EQ(complete_utf8_prefix("\xED\xA0"), 2u);  // surrogate
    CHECK_EQ(complete_utf8_prefix("\xF4\x90"), 2u);  // over U+10FFFF
}

INFERNO_TEST(utf8_each_maximal_invalid_part_becomes_one_replacement) {
    CHECK_EQ(valid("a\xFFz"), std::string("a") + kReplacement + "z");
    CHECK_EQ(valid("\xE2\x82"), std::string(kReplacement));
    CHECK_EQ(valid("\xE2\x82z"), std::string(kReplacement) + "z");
    CHECK_EQ(valid("\xC0\x80"), std::string(kReplacement) + kReplacement);
    CHECK_EQ(valid("\xF0\x9F\x98\x80"), std::string("\xF0\x9F\x98\x80"));
}

INFERNO_TEST(utf8_json_escapes_what_json_forbids_and_nothing_else) {
    CHECK_EQ(escaped("a\"b\\c\n\r\t\x01/\xE2\x82\xAC"), std::string("a\\\"b\\\\c\\n\\r\\t\\u0001/\xE2\x82\xAC"));
    std::string quoted;
    append_json_string("x\xFF", quoted);
    CHECK_EQ(quoted, std::string("\"x") + kReplacement + "\"");
}

// Whatever the bytes and wherever they are cut, feeding prefixes gives the same text as feeding all at once.
INFERNO_TEST(utf8_cutting_a_stream_anywhere_does_not_change_the_text) {
    std::mt19937 random(7);
    for (int round = 0; round < 3000; ++round) {
        std::string bytes;
        const int length = static_cast<int>(random() % 24);
        static constexpr char kInteresting[] = "a\xC2\xA9\xE2\x82\xAC\xF0\x9F\x98\x80\xED\xA0\xFF\xC0\xF4\x90";
        for (int i = 0; i < length; ++i) bytes += kInteresting[random() % (sizeof(kInteresting) - 1)];
        std::string streamed;
        std::string held;
        for (const char byte : bytes) {
            held += byte;
            const size_t ready = complete_utf8_prefix(held);
            append_valid_utf8(std::string_view(held).substr(0, ready), streamed);
            held.erase(0, ready);
        }
        append_valid_utf8(held, streamed);
        CHECK_EQ(streamed, valid(bytes));
    }
}
