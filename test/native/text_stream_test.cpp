#include "native/llama/text_stream.h"

#include <random>

#include "test/native/check.h"

using inferno::llama::TextStream;

namespace {

struct Outcome {
    std::string text;
    bool stopped = false;
    std::string stop;
};

Outcome feed(const std::vector<std::string> & pieces, std::vector<std::string> stops) {
    TextStream stream(std::move(stops));
    Outcome outcome;
    for (const std::string & piece : pieces) {
        if (stream.push(piece, outcome.text)) {
            outcome.stopped = true;
            break;
        }
    }
    if (!outcome.stopped) stream.finish(outcome.text);
    outcome.stop = stream.matched_stop();
    return outcome;
}

}  // namespace

INFERNO_TEST(text_stream_gives_text_as_it_comes) {
    TextStream stream({});
    std::string out;
    CHECK(!stream.push("Hel", out));
    CHECK_EQ(out, std::string("Hel"));
    CHECK(!stream.push("lo", out));
    CHECK_EQ(out, std::string("Hello"));
}

INFERNO_TEST(text_stream_never_splits_a_character) {
    TextStream stream({});
    std::string out;
    CHECK(!stream.push("\xF0\x9F", out));
    CHECK_EQ(out, std::string());
    CHECK(!stream.push("\x98\x80!", out));
    CHECK_EQ(out, std::string("\xF0\x9F\x98\x80!"));
}

INFERNO_TEST(text_stream_an_unfinished_character_at_the_end_is_replaced) {
    CHECK_EQ(feed({"a\xE2\x82"}, {}).text, std::string("a\xEF\xBF\xBD"));
}

INFERNO_TEST(text_stream_holds_back_a_possible_stop_string_and_releases_it) {
    TextStream stream({"STOP"});
    std::string out;
    CHECK(!stream.push("abST", out));
    CHECK_EQ(out, std::string("ab"));
    CHECK(!stream.push("xy", out));
    CHECK_EQ(out, std::string("abSTxy"));
}

INFERNO_TEST(text_stream_stops_before_a_stop_string_split_over_tokens) {
    const Outcome outcome = feed({"abS", "T", "OPcd"}, {"STOP"});
    CHECK(outcome.stopped);
    CHECK_EQ(outcome.text, std::string("ab"));
    CHECK_EQ(outcome.stop, std::string("STOP"));
}

INFERNO_TEST(text_stream_the_earliest_stop_wins_and_then_the_longest) {
    CHECK_EQ(feed({"a\n\nb"}, {"\n", "\n\n"}).stop, std::string("\n\n"));
    CHECK_EQ(feed({"xxENDyySTOP"}, {"STOP", "END"}).stop, std::string("END"));
    CHECK_EQ(feed({"xxENDyySTOP"}, {"STOP", "END"}).text, std::string("xx"));
}

INFERNO_TEST(text_stream_a_later_longer_stop_does_not_hide_an_earlier_one) {
    const Outcome outcome = feed({"aXb--long stop--"}, {"--long stop--", "X"});
    CHECK_EQ(outcome.stop, std::string("X"));
    CHECK_EQ(outcome.text, std::string("a"));
}

INFERNO_TEST(text_stream_empty_stop_strings_are_ignored) {
    const Outcome outcome = feed({"abc"}, {""});
    CHECK(!outcome.stopped);
    CHECK_EQ(outcome.text, std::string("abc"));
}

// However text is cut into tokens, the result is that of searching the whole text at once. When the first match of one
// stop string ends after that of another, tokens may end the stream at either; both stand before the reference's end.
INFERNO_TEST(text_stream_cutting_the_text_differently_keeps_single_stops_exact) {
    std::mt19937 random(11);
    for (int round = 0; round < 3000; ++round) {
        std::string text;
        for (int i = 0; i < 20; ++i) text += "ab\n"[random() % 3];
        std::string stop;
        for (unsigned i = 0; i < 1 + random() % 3; ++i) stop += "ab\n"[random() % 3];
        std::vector<std::string> pieces;
        for (size_t at = 0; at < text.size();) {
            const size_t length = 1 + random() % 4;
            pieces.push_back(text.substr(at, length));
            at += length;
        }
        const size_t found = text.find(stop);
        const Outcome outcome = feed(pieces, {stop});
        CHECK_EQ(outcome.stopped, found != std::string::npos);
        CHECK_EQ(outcome.text, text.substr(0, found));
    }
}
