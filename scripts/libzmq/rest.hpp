// Reads on in a message that has been begun, though its connection has been let go of: see mends/whole.cmake. Read by the copies
// of libzmq's pipe.cpp, fq.cpp and pair.cpp.
#ifndef NODEZMQ_REST_HPP
#define NODEZMQ_REST_HPP

namespace zmq
{
class msg_t;
class pipe_t;
}

namespace nodezmq
{
bool read_rest (zmq::pipe_t *pipe, zmq::msg_t *msg);
}

#endif
