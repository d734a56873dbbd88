# Compiler flags, sanitizers, and the faster tools where the machine has them.

find_program(CCACHE ccache)
if(CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CCACHE})
endif()
find_program(MOLD mold)
if(MOLD)
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wnon-virtual-dtor -Woverloaded-virtual -Wimplicit-fallthrough
  -Wno-missing-field-initializers)
if(CMAKE_UNITY_BUILD AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # Takes the files that a unity file includes for headers.
  add_compile_options(-Wno-subobject-linkage)
endif()
if(EVENT_SIDECAR_SANITIZE AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # False positives of GCC 12 in instrumented code and coroutines.
  add_compile_options(-Wno-maybe-uninitialized -Wno-mismatched-new-delete)
endif()
if(EVENT_SIDECAR_WERROR)
  add_compile_options(-Werror)
endif()

if(EVENT_SIDECAR_SANITIZE)
  add_compile_options(-fsanitize=${EVENT_SIDECAR_SANITIZE} -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${EVENT_SIDECAR_SANITIZE})
  if(EVENT_SIDECAR_SANITIZE MATCHES "thread" AND CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    # Asio's fences are understood by ThreadSanitizer only through the atomics beside them.
    add_compile_options(-Wno-tsan)
  endif()
endif()
