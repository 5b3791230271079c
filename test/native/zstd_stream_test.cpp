#include "native/core/zstd_stream.h"

#include <zstd.h>

#include <string>

#include "test/native/check.h"

using inferno::ZstdStream;

namespace {

std::span<const std::byte> bytes_of(const std::string & text) { return std::as_bytes(std::span(text)); }

// Reads what has arrived so far.
class Reader {
  public:
    std::string read(const std::vector<std::byte> & piece) {
        std::string text;
        char buffer[4096];
        ZSTD_inBuffer input{piece.data(), piece.size(), 0};
        ZSTD_outBuffer output{};
        do {
            output = {buffer, sizeof(buffer), 0};
            ended = ZSTD_decompressStream(context_.get(), &output, &input) == 0;
            text.append(buffer, output.pos);
        } while (input.pos < input.size || output.pos == output.size);
        return text;
    }
    bool ended = false;

  private:
    std::unique_ptr<ZSTD_DCtx, size_t (*)(ZSTD_DCtx *)> context_{ZSTD_createDCtx(), ZSTD_freeDCtx};
};

}  // namespace

INFERNO_TEST(zstd_stream_gives_each_piece_at_once) {
    ZstdStream stream(3, 15);
    Reader reader;
    for (int i = 0; i < 100; ++i) {
        const std::string text = "data: {\"index\":" + std::to_string(i) + "}\n\n";
        CHECK_EQ(reader.read(stream.write(bytes_of(text), false)), text);
        CHECK(!reader.ended);
    }
    CHECK_EQ(reader.read(stream.write(bytes_of("[DONE]"), true)), std::string("[DONE]"));
    CHECK(reader.ended);
}

INFERNO_TEST(zstd_stream_takes_large_and_empty_pieces) {
    ZstdStream stream(3, 15);
    Reader reader;
    std::string large;
    for (int i = 0; i < 200'000; ++i) large += static_cast<char>('a' + (i * 7919 + i / 31) % 26);
    CHECK_EQ(reader.read(stream.write(bytes_of(large), false)), large);
    CHECK_EQ(reader.read(stream.write({}, false)), std::string());
    CHECK_EQ(reader.read(stream.write({}, true)), std::string());
    CHECK(reader.ended);
}
