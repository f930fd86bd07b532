# The targets motemq::managed and motemq::managed_static are the library, shared and static:
#
#   find_package(motemq_managed REQUIRED)
#   target_link_libraries(program PRIVATE motemq::managed)
get_filename_component(_motemq "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

if(NOT TARGET motemq::managed)
  add_library(motemq::managed SHARED IMPORTED)
  set_target_properties(motemq::managed PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${_motemq}/include")
  if(WIN32)
    set_target_properties(motemq::managed PROPERTIES
      IMPORTED_LOCATION "${_motemq}/bin/motemq_managed.dll"
      IMPORTED_IMPLIB "${_motemq}/lib/libmotemq_managed.dll.a")
  elseif(APPLE)
    set_target_properties(motemq::managed PROPERTIES
      IMPORTED_LOCATION "${_motemq}/lib/libmotemq_managed.dylib")
  else()
    set_target_properties(motemq::managed PROPERTIES
      IMPORTED_LOCATION "${_motemq}/lib/libmotemq_managed.so.0"
      IMPORTED_SONAME "libmotemq_managed.so.0")
  endif()
endif()

if(NOT TARGET motemq::managed_static)
  add_library(motemq::managed_static STATIC IMPORTED)
  set_target_properties(motemq::managed_static PROPERTIES
    IMPORTED_LOCATION "${_motemq}/lib/libmotemq_managed.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_motemq}/include"
    INTERFACE_LINK_LIBRARIES "@STATIC_CMAKE@")
endif()
