#pragma once

#include <cstdint>
#include <filesystem>
#include <string>

namespace storage_test {

/// A page of a closed database that belongs to a table or index, counted from its beginning, filled with
/// garbage.
void spoil_leaf(const std::filesystem::path& file, const std::string& name, int number);

/// The last pages are gone.
void cut_off(const std::filesystem::path& file, std::uintmax_t pages);

/// Runs SQL on a closed database.
void alter(const std::filesystem::path& file, const std::string& sql);

}  // namespace storage_test
