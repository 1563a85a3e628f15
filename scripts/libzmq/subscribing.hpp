// While it lives, what the calling thread writes into pipes does not count against the high-water mark: see
// mends/subscriptions.cmake. Read by the copies of libzmq's xsub.cpp and dish.cpp.
#ifndef NODEZMQ_SUBSCRIBING_HPP
#define NODEZMQ_SUBSCRIBING_HPP

extern "C" void nodezmq_unlimited (bool on);

namespace nodezmq
{
class subscribing_t
{
  public:
    subscribing_t () { nodezmq_unlimited (true); }
    ~subscribing_t () { nodezmq_unlimited (false); }

    subscribing_t (const subscribing_t &) = delete;
    subscribing_t &operator= (const subscribing_t &) = delete;
};
}

#endif
