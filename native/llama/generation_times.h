// When a generation went through its phases. All times in microseconds on the clock of native/core/clock.h.
// Thread safety: written by the preparation thread, then by the engine thread; never by both.
#pragma once

#include <algorithm>
#include <cstdint>

namespace inferno::llama {

// How long each phase took; together exactly from submission to end.
struct PhaseTimes {
    int64_t tokenize_us = 0;
    int64_t queue_us = 0;
    int64_t prefill_us = 0;
    int64_t decode_us = 0;
    int64_t detokenize_us = 0;
};

struct GenerationTimes {
    int64_t submitted_us = 0;
    int64_t tokenize_us = 0;
    int64_t started_us = 0;      // 0: never
    int64_t first_token_us = 0;  // 0: none
    int64_t last_token_us = 0;
    int64_t longest_gap_us = 0;  // between two tokens
    int64_t detokenize_ns = 0;

    void start(int64_t now) {
        if (started_us == 0) started_us = now;
        resume(now);
    }

    void park(int64_t now) { parked_since_us_ = now; }

    // Returns the time since the token before; negative: it is the first.
    int64_t take_token(int64_t now) {
        const int64_t gap = first_token_us == 0 ? -1 : now - last_token_us;
        if (first_token_us == 0) {
            first_token_us = now;
            parked_before_token_us_ = parked_us_;
        }
        last_token_us = now;
        longest_gap_us = std::max(longest_gap_us, gap);
        return gap;
    }

    PhaseTimes phases(int64_t ended) {
        resume(ended);
        PhaseTimes times;
        times.tokenize_us = tokenize_us;
        if (started_us == 0) {
            times.queue_us = ended - submitted_us - tokenize_us;
            return times;
        }
        times.queue_us = started_us - submitted_us - tokenize_us + parked_us_;
        if (first_token_us == 0) {
            times.prefill_us = ended - started_us - parked_us_;
            return times;
        }
        times.prefill_us = first_token_us - started_us - parked_before_token_us_;
        const int64_t answering_us = ended - first_token_us - (parked_us_ - parked_before_token_us_);
        times.detokenize_us = std::min(detokenize_ns / 1000, answering_us);
        times.decode_us = answering_us - times.detokenize_us;
        return times;
    }

  private:
    void resume(int64_t now) {
        if (parked_since_us_ > 0) parked_us_ += now - parked_since_us_;
        parked_since_us_ = 0;
    }

    int64_t parked_since_us_ = 0;  // 0: it is not parked
    int64_t parked_us_ = 0;
    int64_t parked_before_token_us_ = 0;
};

}  // namespace inferno::llama
