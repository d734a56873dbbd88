# embed_files(ROOM NAME FILE...): the files in their gzip form as part of the program. Makes the function
# ROOM::NAME(), which a header of the room declares:
#
#   [[nodiscard]] std::span<const net::EmbeddedFile> NAME();
#
# Files of npm's come by `npm ci`, which scripts/install-dependencies runs.

find_program(GZIP_PROGRAM gzip REQUIRED)

function(embed_files room name)
  set(folder ${CMAKE_BINARY_DIR}/embedded/${name})
  file(MAKE_DIRECTORY ${folder})
  set(outputs)
  set(bytes "")
  set(symbols "")
  set(rows "")
  set(number 0)
  foreach(file ${ARGN})
    if(NOT EXISTS ${file})
      message(FATAL_ERROR "${file} is missing: run scripts/install-dependencies")
    endif()
    get_filename_component(file_name ${file} NAME)
    set(output ${folder}/${file_name}.gz)
    add_custom_command(OUTPUT ${output} DEPENDS ${file} VERBATIM
      COMMAND sh -c "exec \"$1\" -9nc \"$2\" >\"$3\"" sh ${GZIP_PROGRAM} ${file} ${output})
    list(APPEND outputs ${output})

    set(symbol ${room}_${name}_${number})
    math(EXPR number "${number} + 1")
    string(APPEND bytes "    .globl ${symbol}, ${symbol}_end\n${symbol}:\n    .incbin \"${output}\"\n${symbol}_end:\n")
    string(APPEND symbols "extern const char ${symbol}[], ${symbol}_end[];\n")
    string(APPEND rows "    {\"${file_name}\", {${symbol}, ${symbol}_end}},\n")
  endforeach()

  set(source ${folder}/${name}.cpp)
  file(CONFIGURE OUTPUT ${source} @ONLY CONTENT "// Made by cmake/embedded_files.cmake
#include <array>
#include <span>

#include \"net/embedded_files.h\"

asm(R\"(
    .pushsection .rodata
@bytes@    .byte 0
    .popsection
)\");

extern \"C\" {
@symbols@}

namespace @room@ {

std::span<const net::EmbeddedFile> @name@();

static const std::array<net::EmbeddedFile, @number@> kFiles{{
@rows@}};

std::span<const net::EmbeddedFile> @name@() {
    return kFiles;
}

}  // namespace @room@
")
  set_source_files_properties(${source} PROPERTIES OBJECT_DEPENDS "${outputs}")
  target_sources(${room} PRIVATE ${source})
endfunction()
