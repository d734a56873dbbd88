# Everything here comes from Debian 12 packages; scripts/install-dependencies lists them.

find_package(Threads REQUIRED)
find_package(Boost 1.81 REQUIRED)
find_package(SQLite3 REQUIRED)
find_package(OpenSSL REQUIRED)
find_package(ZLIB REQUIRED)
find_package(spdlog REQUIRED)
find_package(prometheus-cpp REQUIRED)
find_package(simdjson REQUIRED)
find_package(toml11 REQUIRED)
find_package(CLI11 REQUIRED)
find_package(nlohmann_json REQUIRED)
find_library(ZSTD_LIBRARY zstd REQUIRED)  # Debian's package brings no CMake file of its own

add_library(zstd INTERFACE)
target_link_libraries(zstd INTERFACE ${ZSTD_LIBRARY})

add_library(boost_headers INTERFACE)
target_link_libraries(boost_headers INTERFACE Boost::headers)

# Asio and Beast are compiled once, instead of into every file that uses them.
add_library(asio STATIC ${CMAKE_SOURCE_DIR}/cmake/asio.cpp)
target_compile_definitions(asio PUBLIC BOOST_ASIO_SEPARATE_COMPILATION BOOST_ASIO_NO_DEPRECATED)
target_link_libraries(asio PUBLIC Boost::headers Threads::Threads OpenSSL::SSL)

add_library(beast STATIC ${CMAKE_SOURCE_DIR}/cmake/beast.cpp)
target_compile_definitions(beast PUBLIC BOOST_BEAST_SEPARATE_COMPILATION)
target_link_libraries(beast PUBLIC asio)

# Debian's packages bring no CMake files of their own.
find_library(SYSTEMD_LIBRARY systemd REQUIRED)
add_library(systemd INTERFACE)
target_link_libraries(systemd INTERFACE ${SYSTEMD_LIBRARY})

find_library(URING_LIBRARY uring REQUIRED)
add_library(uring INTERFACE)
target_link_libraries(uring INTERFACE ${URING_LIBRARY})

find_library(PQXX_LIBRARY pqxx REQUIRED)
add_library(pqxx INTERFACE)
target_link_libraries(pqxx INTERFACE ${PQXX_LIBRARY})
