# The targets motemq::motemq, motemq::clean and motemq::sensor are the libraries; motemq::run adds
# motemq_run.c, which is compiled with the program:
#
#   find_package(motemq REQUIRED)
#   target_link_libraries(program PRIVATE motemq::motemq motemq::run)
get_filename_component(_motemq "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

foreach(_name motemq clean sensor)
  if(NOT TARGET motemq::${_name})
    if(_name STREQUAL "motemq")
      set(_file motemq)
      set(_define "")
    else()
      set(_file motemq_${_name})
      string(TOUPPER "MOTEMQ_${_name}" _define)
    endif()
    add_library(motemq::${_name} STATIC IMPORTED)
    set_target_properties(motemq::${_name} PROPERTIES
      IMPORTED_LOCATION "${_motemq}/lib/lib${_file}.a"
      INTERFACE_INCLUDE_DIRECTORIES "${_motemq}/include"
      INTERFACE_COMPILE_DEFINITIONS "${_define}")
  endif()
endforeach()

if(NOT TARGET motemq::run)
  add_library(motemq::run INTERFACE IMPORTED)
  set_target_properties(motemq::run PROPERTIES INTERFACE_SOURCES "${_motemq}/src/motemq_run.c")
endif()
