/* zig has the headers of the newest glibc for all of them: strlcpy came with 2.38, and libzmq brings its own. */
#define strlcpy nodezmq_newer_strlcpy
#include_next <string.h>
#undef strlcpy
