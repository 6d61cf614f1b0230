# Precompiled headers: three quarters of a compilation was reading the same system headers. No source
# may depend on them: each includes what it uses (the tidy preset builds without, PB_PRECOMPILE=OFF).
#   core  the standard library and fmt: layers 0-2          test      core with GoogleTest
#   net   core with Asio and Boost.JSON: runtime, api, app  net_test  net with GoogleTest
#   cli   core with Boost.JSON and CLI11
option(PB_PRECOMPILE "Precompile the system headers that most sources read" ON)

# As CMake does it for clang, but without also naming the header itself: that path is the checkout's, and
# ccache would take each checkout's objects for others than the next one's.
set(CMAKE_CXX_COMPILE_OPTIONS_USE_PCH -Xclang -include-pch -Xclang <PCH_FILE>)

set(pb_pch_core <algorithm> <array> <charconv> <chrono> <cstdint> <deque> <expected> <filesystem>
    <fstream> <functional> <map> <memory> <optional> <set> <span> <sstream> <string> <string_view>
    <unordered_map> <utility> <variant> <vector> <fmt/format.h>)
set(pb_pch_net ${pb_pch_core} <boost/asio/as_tuple.hpp> <boost/asio/awaitable.hpp>
    <boost/asio/co_spawn.hpp> <boost/asio/detached.hpp> <boost/asio/io_context.hpp>
    <boost/asio/ip/tcp.hpp> <boost/asio/local/stream_protocol.hpp> <boost/asio/post.hpp>
    <boost/asio/steady_timer.hpp> <boost/asio/use_awaitable.hpp> <boost/json.hpp>)
set(pb_pch_cli ${pb_pch_core} <boost/json.hpp> <CLI/CLI.hpp>)
set(pb_pch_test ${pb_pch_core} <gtest/gtest.h>)
set(pb_pch_net_test ${pb_pch_net} <gtest/gtest.h>)

# ccache takes this sum for the header's content. The compiled header itself holds the path of its
# checkout; the sum does not, so that checkouts share objects.
function(pb_write_sum kind)
  string(SHA256 sum "${kind} ${pb_pch_${kind}} ${Boost_VERSION} ${fmt_VERSION} ${GTest_VERSION} \
${OPENSSL_VERSION} ${CMAKE_CXX_COMPILER_VERSION} ${CMAKE_BUILD_TYPE} ${PB_SANITIZE} ${PB_OPTIMISE} \
${PB_FUZZ} ${PB_COVERAGE}")
  file(WRITE ${CMAKE_BINARY_DIR}/CMakeFiles/pb_pch_${kind}.dir/cmake_pch.hxx.pch.sum "${sum}\n")
endfunction()

function(pb_add_precompiled kind)
  file(CONFIGURE OUTPUT ${CMAKE_BINARY_DIR}/precompiled/${kind}.cpp CONTENT "// ${kind}\n")
  add_library(pb_pch_${kind} OBJECT ${CMAKE_BINARY_DIR}/precompiled/${kind}.cpp)
  target_link_libraries(pb_pch_${kind} PRIVATE fmt::fmt Boost::json Boost::headers Threads::Threads
                        GTest::gtest)
  target_precompile_headers(pb_pch_${kind} PRIVATE ${pb_pch_${kind}})
  pb_write_sum(${kind})
endfunction()

if(PB_PRECOMPILE)
  foreach(kind core net cli test net_test)
    pb_add_precompiled(${kind})
  endforeach()
endif()

# pb_precompile(TARGET KIND): TARGET's sources are compiled with that precompiled header.
function(pb_precompile target kind)
  if(PB_PRECOMPILE)
    target_precompile_headers(${target} REUSE_FROM pb_pch_${kind})
    # CMake compiles a program's sources with -fPIE, the header with -fPIC; they must agree.
    target_compile_options(${target} PRIVATE -fPIC)
  endif()
endfunction()
