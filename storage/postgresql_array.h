#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

#include "storage/postgresql.h"

namespace storage {

/// An array as a parameter, in the binary form that the server's array_recv takes: no quoting, no hex.
class ArrayParameter {
  public:
    /// The element types, by the numbers that pg_type gives them.
    enum class Type : std::uint32_t { Bytea = 17, Int8 = 20, Int2 = 21, Text = 25 };

    explicit ArrayParameter(Type type);

    /// Int8 and Int2.
    void add(std::int64_t value);
    /// Bytea and Text.
    void add(std::string_view bytes);
    void add(std::span<const std::uint8_t> bytes);
    void add_null();

    [[nodiscard]] pqxx::binarystring parameter();

  private:
    Type type_;
    std::string bytes_;
    std::uint32_t size_ = 0;
    bool has_null_ = false;
};

}  // namespace storage
