# Compiler and linker flags, in one place. Presets set the PB_* variables; nothing else adds flags.
add_compile_options(-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wno-sign-conversion
                    -Wnon-virtual-dtor -Wimplicit-fallthrough -Werror=switch -Werror=return-type
                    -fno-omit-frame-pointer -fstack-protector-strong)
add_link_options(-fuse-ld=lld-19)
if(CMAKE_BUILD_TYPE STREQUAL "Debug")
  add_compile_options(${PB_OPTIMISE} -gline-tables-only)
else()
  add_compile_definitions(_FORTIFY_SOURCE=2)
  add_compile_options(-gline-tables-only)
  add_link_options(-Wl,-z,relro,-z,now)
endif()
if(PB_SANITIZE)
  add_compile_options(-fsanitize=${PB_SANITIZE} -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${PB_SANITIZE})
  add_compile_definitions(PB_SANITIZED)
endif()
if(PB_FUZZ)
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()
if(PB_COVERAGE)
  add_compile_options(-fprofile-instr-generate -fcoverage-mapping)
  add_link_options(-fprofile-instr-generate -fcoverage-mapping)
endif()

# ccache, shared by worktrees: paths below base_dir are hashed as relative ones.
find_program(PB_CCACHE ccache)
if(PB_CCACHE)
  get_filename_component(pb_parent ${CMAKE_SOURCE_DIR} DIRECTORY)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${CMAKE_COMMAND} -E env CCACHE_BASEDIR=${pb_parent}
      CCACHE_NOHASHDIR=1 CCACHE_SLOPPINESS=time_macros,include_file_mtime,include_file_ctime
      CCACHE_PCH_EXTSUM=1 CCACHE_MAXSIZE=20G ${PB_CCACHE})
endif()
