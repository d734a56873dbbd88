#pragma once

#include <filesystem>

#include "base/result.h"

namespace storage {

/// An exclusive flock(2) on a file that holds the owner's process id: at most one process works on a log. The
/// file stays behind when the lock is given up; the kernel gives it up when the process ends, however it
/// ends.
class LockFile {
  public:
    /// Unavailable when another process holds the lock (the message names it), or the file cannot be made.
    [[nodiscard]] static base::Result<LockFile> acquire(const std::filesystem::path& path);

    /// Whether a process holds it; makes no file. A moment's answer.
    [[nodiscard]] static bool is_held(const std::filesystem::path& path);

    LockFile(LockFile&& other) noexcept;
    LockFile& operator=(LockFile&& other) noexcept;
    ~LockFile();

  private:
    explicit LockFile(int descriptor) : descriptor_(descriptor) {}
    int descriptor_;
};

}  // namespace storage
