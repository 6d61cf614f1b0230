# Third-party libraries, all from Debian 12 (script/bootstrap installs them; versions in ADR 0002).
find_package(Threads REQUIRED)
find_package(PkgConfig REQUIRED)
find_package(OpenSSL 3.0 REQUIRED)
find_package(EXPAT 2.5 REQUIRED)
find_package(Boost 1.81 REQUIRED COMPONENTS json url)
find_package(fmt REQUIRED)
find_package(GTest REQUIRED)
find_package(RocksDB 7.8 REQUIRED)
find_package(ZLIB REQUIRED)
# Neither ships a CMake package, and the .pc file of libunbound names development packages of its own.
find_library(PB_ARGON2_LIBRARY argon2 REQUIRED)
find_library(PB_UNBOUND_LIBRARY unbound REQUIRED)
pkg_check_modules(IDN2 REQUIRED IMPORTED_TARGET libidn2)
