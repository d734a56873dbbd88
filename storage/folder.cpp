#include "storage/folder.h"

#include <system_error>

namespace storage {

base::Result<void> make_folder(const std::filesystem::path& folder) {
    std::error_code error;
    std::filesystem::create_directories(folder, error);
    if (!error) return {};
    return base::unavailable("cannot make the folder " + folder.string() + ": " + error.message() +
                             "; check storage_path and the permissions of the folder above it");
}

}  // namespace storage
