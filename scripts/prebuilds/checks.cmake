# libzmq finds these out by running programs, which it leaves out where it is compiled for another machine; without them
# its descriptors would leak into child processes. Every Linux of this decade has them all.
if(CMAKE_SYSTEM_NAME STREQUAL "Linux")
  foreach(check EVENTFD_CLOEXEC SOCK_CLOEXEC O_CLOEXEC SO_BINDTODEVICE SO_KEEPALIVE SO_PRIORITY TCP_KEEPCNT TCP_KEEPIDLE
                TCP_KEEPINTVL TIPC PTHREAD_SETNAME_2 PTHREAD_SET_AFFINITY GETRANDOM)
    set(ZMQ_HAVE_${check} 1)
  endforeach()
elseif(CMAKE_SYSTEM_NAME STREQUAL "Darwin")
  foreach(check O_CLOEXEC SO_KEEPALIVE TCP_KEEPCNT TCP_KEEPINTVL TCP_KEEPALIVE PTHREAD_SETNAME_1)
    set(ZMQ_HAVE_${check} 1)
  endforeach()
endif()
