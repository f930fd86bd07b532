# The targets motemq::motemq, motemq::clean and motemq::sensor are the libraries; motemq::run adds
# motemq_run.c, and motemq::lwip adds motemq_lwip.c. They are compiled with the program:
#
#   find_package(motemq REQUIRED)
#   target_link_libraries(program PRIVATE motemq::motemq motemq::run)
#
# With MQTT 5 they are motemq::motemq5, motemq::clean5, motemq::sensor5, motemq::run5 and
# motemq::lwip5.
get_filename_component(_motemq "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)

foreach(_version "" 5)
  foreach(_name motemq clean sensor)
    if(NOT TARGET motemq::${_name}${_version})
      if(_name STREQUAL "motemq")
        set(_file motemq${_version})
        set(_define "")
      else()
        set(_file motemq${_version}_${_name})
        string(TOUPPER "${_file}" _define)
      endif()
      add_library(motemq::${_name}${_version} STATIC IMPORTED)
      set_target_properties(motemq::${_name}${_version} PROPERTIES
        IMPORTED_LOCATION "${_motemq}/lib/lib${_file}.a"
        INTERFACE_INCLUDE_DIRECTORIES "${_motemq}/include"
        INTERFACE_COMPILE_DEFINITIONS "${_define}")
    endif()
  endforeach()
  foreach(_name run lwip)
    if(NOT TARGET motemq::${_name}${_version})
      add_library(motemq::${_name}${_version} INTERFACE IMPORTED)
      set_target_properties(motemq::${_name}${_version} PROPERTIES
        INTERFACE_SOURCES "${_motemq}/src/motemq${_version}_${_name}.c")
    endif()
  endforeach()
endforeach()
