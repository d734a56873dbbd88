#include "storage/payload_codec.h"

#include <algorithm>
#include <stdexcept>
#include <zstd.h>

#include "storage/hex_packing.h"

namespace storage {

namespace {

/// A packed payload is: one byte of Flags, the size of the stored text (LEB128), the text, the binary part.
/// Parts that are compressed are zstd frames without the magic number, dictionary number and checksum.
enum Flags : unsigned { kTextCompressed = 1, kBinaryCompressed = 2, kAllFlags = 3 };

constexpr std::string_view kMagic("\x28\xb5\x2f\xfd", 4);
constexpr std::size_t kShortestBinary = 256;  ///< shorter ones are hashes and keys, which no one can compress
constexpr std::size_t kLargestPart = std::size_t{1} << 30U;
constexpr std::size_t kScratchKept = std::size_t{1} << 20U;
constexpr int kTextLevel = 3;
constexpr int kBinaryLevel = 1;

struct Free {
    void operator()(ZSTD_CCtx* context) const { ZSTD_freeCCtx(context); }
    void operator()(ZSTD_DCtx* context) const { ZSTD_freeDCtx(context); }
    void operator()(ZSTD_CDict* dictionary) const { ZSTD_freeCDict(dictionary); }
    void operator()(ZSTD_DDict* dictionary) const { ZSTD_freeDDict(dictionary); }
};
template <class T>
using Owned = std::unique_ptr<T, Free>;

std::size_t checked(std::size_t result) {
    if (ZSTD_isError(result) != 0) throw std::runtime_error(ZSTD_getErrorName(result));
    return result;
}

Owned<ZSTD_CCtx> compressor(int level) {
    Owned<ZSTD_CCtx> context(ZSTD_createCCtx());
    checked(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_compressionLevel, level));
    checked(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_dictIDFlag, 0));
    checked(ZSTD_CCtx_setParameter(context.get(), ZSTD_c_checksumFlag, 0));
    return context;
}

/// The frame without its magic number.
void compress(ZSTD_CCtx& context, std::string_view bytes, std::string& frame) {
    frame.resize(ZSTD_compressBound(bytes.size()));
    frame.resize(checked(ZSTD_compress2(&context, frame.data(), frame.size(), bytes.data(), bytes.size())));
    frame.erase(0, kMagic.size());
}

}  // namespace

class PayloadCodec::Impl {
  public:
    Encoded encode(std::string_view payload, const RowKeys& keys) {
        if (!text_) prepare_to_encode();
        drop_large_scratch();
        if (!packing_.pack(payload, keys, packed_)) return {Encoding::Plain, payload};
        unsigned flags = 0;
        if (packed_.text != last_text_) compress_text();
        if (text_frame_.size() < packed_.text.size()) flags |= kTextCompressed;
        if (packed_.binary.size() >= kShortestBinary) {
            compress(*binary_, packed_.binary, binary_frame_);
            if (binary_frame_.size() < packed_.binary.size()) flags |= kBinaryCompressed;
        }
        const auto& text = (flags & kTextCompressed) != 0 ? text_frame_ : packed_.text;
        const auto& binary = (flags & kBinaryCompressed) != 0 ? binary_frame_ : packed_.binary;
        result_.assign(1, static_cast<char>(flags));
        append_varint(result_, text.size());
        result_ += text;
        result_ += binary;
        if (result_.size() >= payload.size()) return {Encoding::Plain, payload};
        return {Encoding::Packed, result_};
    }

    base::Result<std::string> decode(std::string_view bytes, const RowKeys& keys) {
        auto payload = unpack(bytes, keys);
        drop_large_scratch();
        return payload;
    }

  private:
    base::Result<std::string> unpack(std::string_view bytes, const RowKeys& keys) {
        if (!decompressor_) prepare_to_decode();
        if (bytes.empty()) return base::corrupt("a packed payload is empty");
        const auto flags = static_cast<unsigned char>(bytes.front());
        bytes.remove_prefix(1);
        const auto size = take_varint(bytes);
        if (flags > kAllFlags || !size || *size > bytes.size()) {
            return base::corrupt("a packed payload has no valid beginning");
        }
        auto text = bytes.substr(0, *size);
        auto binary = bytes.substr(*size);
        if ((flags & kTextCompressed) != 0) {
            if (!decompress(text, decompress_dictionary_.get(), packed_.text)) return damaged();
            text = packed_.text;
        }
        if ((flags & kBinaryCompressed) != 0) {
            if (!decompress(binary, nullptr, packed_.binary)) return damaged();
            binary = packed_.binary;
        }
        return unpack_hex(text, binary, keys);
    }

    /// Signatures of an era are the same text, once their hex is taken out.
    void compress_text() {
        compress(*text_, packed_.text, text_frame_);
        last_text_ = packed_.text;
    }

    // Contexts and tables are some hundred KB: most codecs do one or the other only.
    void prepare_to_encode() {
        const auto dictionary = packing_dictionary();
        compress_dictionary_.reset(ZSTD_createCDict(dictionary.data(), dictionary.size(), kTextLevel));
        binary_ = compressor(kBinaryLevel);
        text_ = compressor(kTextLevel);
        checked(ZSTD_CCtx_refCDict(text_.get(), compress_dictionary_.get()));
    }
    void prepare_to_decode() {
        const auto dictionary = packing_dictionary();
        decompress_dictionary_.reset(ZSTD_createDDict(dictionary.data(), dictionary.size()));
        decompressor_.reset(ZSTD_createDCtx());
    }

    static base::Error damaged() { return base::corrupt("a compressed payload is damaged"); }

    [[nodiscard]] bool decompress(std::string_view frame, const ZSTD_DDict* dictionary, std::string& bytes) {
        frame_.assign(kMagic);
        frame_ += frame;
        const auto size = ZSTD_getFrameContentSize(frame_.data(), frame_.size());
        if (size > kLargestPart) return false;  // the values for "unknown" and "error" are larger, too
        bytes.resize(size);
        const auto done = ZSTD_decompress_usingDDict(decompressor_.get(), bytes.data(), bytes.size(),
                                                     frame_.data(), frame_.size(), dictionary);
        return ZSTD_isError(done) == 0 && done == bytes.size();
    }

    /// One large event must not cost its size for ever.
    void drop_large_scratch() {
        if (text_frame_.capacity() > kScratchKept) last_text_.clear();
        for (auto* scratch :
             {&packed_.text, &packed_.binary, &last_text_, &text_frame_, &binary_frame_, &frame_, &result_}) {
            if (scratch->capacity() > kScratchKept) *scratch = std::string();
        }
    }

    Owned<ZSTD_CDict> compress_dictionary_;
    Owned<ZSTD_DDict> decompress_dictionary_;
    Owned<ZSTD_CCtx> text_;
    Owned<ZSTD_CCtx> binary_;
    Owned<ZSTD_DCtx> decompressor_;
    HexPacking packing_;
    HexPacking::Packed packed_;
    std::string last_text_;  // when encoding: what text_frame_ is made from
    std::string text_frame_;
    std::string binary_frame_;
    std::string frame_;  // when decoding
    std::string result_;
};

PayloadCodec::PayloadCodec() : impl_(std::make_unique<Impl>()) {}
PayloadCodec::~PayloadCodec() = default;

PayloadCodec::Encoded PayloadCodec::encode(std::string_view payload, const RowKeys& keys) {
    return impl_->encode(payload, keys);
}

base::Result<std::string> PayloadCodec::decode(Encoding encoding, std::string_view bytes,
                                               const RowKeys& keys) {
    switch (encoding) {
        case Encoding::Plain:
            return std::string(bytes);
        case Encoding::Packed:
            return impl_->decode(bytes, keys);
    }
    return base::corrupt("a payload's encoding is unknown");
}

}  // namespace storage
