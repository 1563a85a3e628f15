# libzmq looks for libsodium with find_package(Sodium); ours is built in the same project and handed over by name, so that
# nothing is searched for on the machine.
include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Sodium DEFAULT_MSG SODIUM_LIBRARIES SODIUM_INCLUDE_DIRS)
