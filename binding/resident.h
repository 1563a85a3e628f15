// Keeping the addon in memory.
#pragma once

namespace nodezmq {

// Node.js unmaps an addon that only a worker had loaded when that worker ends, while libzmq's threads may still run in it.
// On Linux the linker's -z nodelete prevents it.
void StayResident();

}  // namespace nodezmq
