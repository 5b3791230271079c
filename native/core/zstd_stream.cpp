#include "native/core/zstd_stream.h"

#include <zstd.h>

#include <new>

namespace inferno {

void ZstdStream::Free::operator()(ZSTD_CCtx_s * context) const { ZSTD_freeCCtx(context); }

ZstdStream::ZstdStream(int level, int window_log) : context_(ZSTD_createCCtx()) {
    if (!context_) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context_.get(), ZSTD_c_windowLog, window_log);
}

std::vector<std::byte> ZstdStream::write(std::span<const std::byte> bytes, bool ends) {
    std::vector<std::byte> out(ZSTD_compressBound(bytes.size()));
    ZSTD_inBuffer input{bytes.data(), bytes.size(), 0};
    ZSTD_outBuffer output{out.data(), out.size(), 0};
    while (true) {
        const size_t left = ZSTD_compressStream2(context_.get(), &output, &input, ends ? ZSTD_e_end : ZSTD_e_flush);
        // The parameters are ours, so that only memory can be missing.
        if (ZSTD_isError(left) != 0) throw std::bad_alloc();
        if (left == 0 && input.pos == input.size) break;
        out.resize(out.size() * 2 + ZSTD_CStreamOutSize());
        output.dst = out.data();
        output.size = out.size();
    }
    out.resize(output.pos);
    return out;
}

}  // namespace inferno
