# What `cmake --install` puts where: the component `runtime` is what one runs, `dev` what one
# compiles against. All destinations are relative.
include(CMakePackageConfigHelpers)

set(package ${CMAKE_INSTALL_LIBDIR}/cmake/roundhouse)
set(docs ${CMAKE_INSTALL_DATADIR}/doc/roundhouse)
set(manual ${CMAKE_BINARY_DIR}/manual)

install(TARGETS roundhouse roundhouse-hub roundhouse-engine
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT runtime)
if(TARGET roundhouse-interpreter)
  install(TARGETS roundhouse-interpreter LIBRARY OPTIONAL
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/roundhouse COMPONENT interpreter)
  set(precompiled ${CMAKE_LIBRARY_OUTPUT_DIRECTORY}/roundhouse-interpreter)
  install(FILES ${precompiled}-O0.pch ${precompiled}-O2.pch OPTIONAL
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/roundhouse COMPONENT interpreter)
endif()
install(DIRECTORY ${manual}/man1 ${manual}/man8
  DESTINATION ${CMAKE_INSTALL_MANDIR} COMPONENT runtime)
install(FILES ${manual}/roundhouse
  DESTINATION ${CMAKE_INSTALL_DATADIR}/bash-completion/completions COMPONENT runtime)
install(FILES README.md CHANGELOG.md LICENSE DESTINATION ${docs} COMPONENT runtime)
install(DIRECTORY config DESTINATION ${docs} COMPONENT runtime)

# roundhouse::client, roundhouse::task, and what the former is made of.
foreach(target IN ITEMS client task client_core net shared)
  set_target_properties(rh_${target} PROPERTIES EXPORT_NAME ${target})
  install(TARGETS rh_${target} EXPORT roundhouse-targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}/roundhouse COMPONENT dev)
endforeach()
install(EXPORT roundhouse-targets NAMESPACE roundhouse:: DESTINATION ${package} COMPONENT dev)
install(DIRECTORY client/include/roundhouse shared/include/roundhouse
    ${CMAKE_BINARY_DIR}/include/roundhouse
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT dev FILES_MATCHING PATTERN "*.hpp")

configure_package_config_file(client/cmake/roundhouse-config.cmake.in
  ${CMAKE_BINARY_DIR}/package/roundhouse-config.cmake INSTALL_DESTINATION ${package}
  NO_SET_AND_CHECK_MACRO)
# Before 1.0 each minor version may change what it likes.
write_basic_package_version_file(${CMAKE_BINARY_DIR}/package/roundhouse-config-version.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${CMAKE_BINARY_DIR}/package/roundhouse-config.cmake
    ${CMAKE_BINARY_DIR}/package/roundhouse-config-version.cmake
    client/cmake/roundhouse_add_module.cmake
  DESTINATION ${package} COMPONENT dev)
