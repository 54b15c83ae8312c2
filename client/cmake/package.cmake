# Debian packages, by `cpack` or ./dev package: roundhouse, what one runs; libroundhouse-dev, what
# one compiles against; and, where it was built, roundhouse-interpreter, for engines that are sent
# C++ source.
set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME roundhouse)
set(CPACK_PACKAGE_VENDOR "Roundhouse developers")
set(CPACK_PACKAGE_CONTACT "Roundhouse developers <roundhouse@localhost>")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_COMPONENTS_ALL runtime dev)
if(TARGET roundhouse-interpreter)
  list(APPEND CPACK_COMPONENTS_ALL interpreter)
endif()
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE xz)

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME roundhouse)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SECTION science)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS
  "roundhouse-interpreter, libroundhouse-dev, bash-completion")
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "\
Calls of C++ functions go from programs through a hub, which keeps a record of
every task in a database, to engine processes. This package has the hub, the
engine and the command line.")

# Whoever links the static library links what it uses.
set(CPACK_DEBIAN_DEV_PACKAGE_NAME libroundhouse-dev)
set(CPACK_DEBIAN_DEV_PACKAGE_SECTION libdevel)
string(CONCAT CPACK_DEBIAN_DEV_PACKAGE_DEPENDS "pkg-config, libzmq3-dev, cppzmq-dev, "
  "libmsgpack-cxx-dev, libfmt-dev, libspdlog-dev, libsodium-dev")
set(CPACK_DEBIAN_DEV_PACKAGE_RECOMMENDS "roundhouse (= ${PROJECT_VERSION})")
set(CPACK_DEBIAN_DEV_DESCRIPTION "\
Calls of C++ functions go from programs through a hub, which keeps a record of
every task in a database, to engine processes. This package has the library for
such programs, its headers, and its CMake package.")

# The code that it compiles includes the headers of the C++ library, and Roundhouse's for structs of
# its own.
set(CPACK_DEBIAN_INTERPRETER_PACKAGE_NAME roundhouse-interpreter)
set(CPACK_DEBIAN_INTERPRETER_PACKAGE_SECTION science)
set(CPACK_DEBIAN_INTERPRETER_PACKAGE_SHLIBDEPS ON)
string(CONCAT CPACK_DEBIAN_INTERPRETER_PACKAGE_DEPENDS "roundhouse (= ${PROJECT_VERSION}), "
  "libroundhouse-dev (= ${PROJECT_VERSION}), libclang-common-19-dev, libstdc++-12-dev")
set(CPACK_DEBIAN_INTERPRETER_DESCRIPTION "\
Calls of C++ functions go from programs through a hub, which keeps a record of
every task in a database, to engine processes. With this package those engines
compile and run C++ source that they are sent.")
include(CPack)
