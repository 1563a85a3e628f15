// Ports that have been chosen for later.
#pragma once

#include "addon.h"

namespace nodezmq {

// holdPort(host: string, port): a number for dropPort, or -1 (always, but on Linux). Until then the system gives the port to nobody who has not
// named it: a socket is bound to it that does not listen, and SO_REUSEADDR (which libzmq sets, too) lets another bind and
// listen all the same, in any process. Peers that connect meanwhile are refused, and try again.
napi_value HoldPort(napi_env env, napi_callback_info info);
napi_value DropPort(napi_env env, napi_callback_info info);
// All of them, at the environment's end.
void DropPorts(Addon& addon);

}  // namespace nodezmq
