#pragma once

#include <filesystem>
#include <string>
#include <string_view>

#include "base/result.h"

namespace transfer {

/// A file, or standard output, written in blocks.
class OutputFile {
  public:
    enum class State : std::uint8_t {
        Open,
        ReaderGone,  ///< the other end of the pipe is closed: nobody wants more
    };

    /// "-": standard output. Another file is made, or emptied. Errors: Unavailable, when it cannot be.
    [[nodiscard]] static base::Result<OutputFile> open(const std::string& path);

    OutputFile(OutputFile&& other) noexcept;
    OutputFile& operator=(OutputFile&&) = delete;
    ~OutputFile();

    /// Errors: Unavailable, when writing fails, as on a full disk. A signal does not end it.
    [[nodiscard]] base::Result<State> write(std::string_view bytes);

    /// What was written is durable, where the file is one that can be.
    [[nodiscard]] base::Result<void> finish();

  private:
    OutputFile(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}

    int descriptor_;
    std::string name_;
};

}  // namespace transfer
