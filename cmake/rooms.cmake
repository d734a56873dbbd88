# add_room(NAME LINK targets...): the folder NAME as one static library.
#
# A room's headers are reached as "NAME/file.h", through a folder that holds a link to this room alone,
# so that including a room which is not linked does not compile.
function(add_room name)
  cmake_parse_arguments(ROOM "" "" "LINK" ${ARGN})
  set(view ${CMAKE_BINARY_DIR}/rooms/${name})
  file(MAKE_DIRECTORY ${view})
  file(CREATE_LINK ${CMAKE_SOURCE_DIR}/${name} ${view}/${name} SYMBOLIC)

  file(GLOB sources CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/${name}/*.cpp)
  list(FILTER sources EXCLUDE REGEX "/main\\.cpp$")
  if(sources)
    add_library(${name} STATIC ${sources})
    set(scope PUBLIC)
  else()
    add_library(${name} INTERFACE)
    set(scope INTERFACE)
  endif()
  target_include_directories(${name} ${scope} ${view})
  target_link_libraries(${name} ${scope} ${ROOM_LINK})
endfunction()

# add_program(NAME MAIN ROOM): an executable beside the build folder's root.
function(add_program name main room)
  add_executable(${name} ${main})
  target_link_libraries(${name} PRIVATE ${room})
  target_compile_definitions(${name} PRIVATE EVENT_SIDECAR_VERSION="${PROJECT_VERSION}")
endfunction()
