// A stream of zstd in pieces that can each be read as soon as it arrives. Thread safety: none.
#pragma once

#include <cstddef>
#include <memory>
#include <span>
#include <vector>

struct ZSTD_CCtx_s;

namespace inferno {

class ZstdStream {
  public:
    // `window_log`: 2^window_log bytes are kept to find repetitions in, on both sides.
    ZstdStream(int level, int window_log);

    // All of what was written so far can be read from what was returned so far. `ends` closes the frame, once.
    std::vector<std::byte> write(std::span<const std::byte> bytes, bool ends);

  private:
    struct Free {
        void operator()(ZSTD_CCtx_s * context) const;
    };
    std::unique_ptr<ZSTD_CCtx_s, Free> context_;
};

}  // namespace inferno
