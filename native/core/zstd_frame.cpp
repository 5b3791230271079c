#include "native/core/zstd_frame.h"

#include <zstd.h>

#include <memory>
#include <new>
#include <string>

namespace inferno {

std::vector<std::byte> compress(std::span<const std::byte> bytes, int level) {
    const std::unique_ptr<ZSTD_CCtx, size_t (*)(ZSTD_CCtx *)> context(ZSTD_createCCtx(), ZSTD_freeCCtx);
    if (!context) throw std::bad_alloc();
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level);
    ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 1);
    std::vector<std::byte> frame(ZSTD_compressBound(bytes.size()));
    const size_t size = ZSTD_compress2(context.get(), frame.data(), frame.size(), bytes.data(), bytes.size());
    // The bound leaves only the lack of memory.
    if (ZSTD_isError(size) != 0) throw std::bad_alloc();
    frame.resize(size);
    return frame;
}

Result<std::vector<std::byte>> decompress(std::span<const std::byte> frame, size_t max_bytes) {
    const unsigned long long size = ZSTD_getFrameContentSize(frame.data(), frame.size());
    if (size == ZSTD_CONTENTSIZE_ERROR || size == ZSTD_CONTENTSIZE_UNKNOWN) {
        return Status(ErrorCode::Internal, "The compressed data has no valid header.");
    }
    if (size > max_bytes) return Status(ErrorCode::Internal, "The compressed data is larger than it may be.");
    std::vector<std::byte> bytes(static_cast<size_t>(size));
    const size_t written = ZSTD_decompress(bytes.data(), bytes.size(), frame.data(), frame.size());
    if (ZSTD_isError(written) != 0) {
        return Status(ErrorCode::Internal,
                      std::string("The compressed data is damaged: ") + ZSTD_getErrorName(written) + ".");
    }
    if (written != bytes.size()) return Status(ErrorCode::Internal, "The compressed data is incomplete.");
    return bytes;
}

}  // namespace inferno
