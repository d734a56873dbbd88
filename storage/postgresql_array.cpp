#include "storage/postgresql_array.h"

namespace storage {

namespace {

// Dimensions, whether there are nulls, the element type; then size and lower bound of the one dimension.
constexpr std::size_t kArrayHeader = 20;
constexpr std::size_t kHeaderOfNone = 12;
constexpr std::uint32_t kNull = 0xffff'ffffU;

void append_big_endian(std::string& bytes, std::uint64_t value, unsigned size) {
    while (size > 0) bytes += static_cast<char>(value >> (8U * --size));
}

void put_big_endian(std::string& bytes, std::size_t at, std::uint32_t value) {
    for (unsigned i = 0; i < 4; ++i) bytes[at + i] = static_cast<char>(value >> (8U * (3 - i)));
}

}  // namespace

ArrayParameter::ArrayParameter(Type type) : type_(type), bytes_(kArrayHeader, '\0') {}

void ArrayParameter::add(std::int64_t value) {
    const unsigned size = type_ == Type::Int8 ? 8 : 2;
    append_big_endian(bytes_, size, 4);
    append_big_endian(bytes_, static_cast<std::uint64_t>(value), size);
    ++size_;
}

void ArrayParameter::add(std::string_view bytes) {
    append_big_endian(bytes_, bytes.size(), 4);
    bytes_ += bytes;
    ++size_;
}

void ArrayParameter::add(std::span<const std::uint8_t> bytes) {
    add(std::string_view(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void ArrayParameter::add_null() {
    append_big_endian(bytes_, kNull, 4);
    has_null_ = true;
    ++size_;
}

pqxx::binarystring ArrayParameter::parameter() {
    put_big_endian(bytes_, 0, size_ == 0 ? 0 : 1);
    put_big_endian(bytes_, 4, has_null_ ? 1 : 0);
    put_big_endian(bytes_, 8, static_cast<std::uint32_t>(type_));
    put_big_endian(bytes_, 12, size_);
    put_big_endian(bytes_, 16, 1);
    return {bytes_.data(), size_ == 0 ? kHeaderOfNone : bytes_.size()};
}

}  // namespace storage
