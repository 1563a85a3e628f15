# Groups of RADIO and DISH that are longer than 14 bytes: they stand in memory of their own, which copies of a message share.

# Two peers or more, each with its copy, freed it while others read it, and each once.
mend(dist.cpp
  "    if (msg_->is_vsm ()) {\n        for (pipes_t::size_type i = 0; i < _matching;) {"
[=[
    if (strlen (msg_->group ()) > 14) {
        for (pipes_t::size_type i = 0; i < _matching;) {
            msg_t copy;
            int rc = copy.init ();
            errno_assert (rc == 0);
            rc = copy.copy (*msg_);
            errno_assert (rc == 0);
            if (write (_pipes[i], &copy)) {
                ++i;
            } else {
                rc = copy.close ();
                errno_assert (rc == 0);
            }
        }
        int rc = msg_->close ();
        errno_assert (rc == 0);
        rc = msg_->init ();
        errno_assert (rc == 0);
        return;
    }

    if (msg_->is_vsm ()) {
        for (pipes_t::size_type i = 0; i < _matching;) {]=])
mend(dist.cpp "#include \"likely.hpp\"\n" "#include \"likely.hpp\"\n#include <string.h>\n")

# A message that is given another group: the old one was kept, or the new one written over the pointer to it.
mend(msg.cpp
  "    if (length_ > 14) {\n        _u.base.group"
[=[
    //  Let go of at the end: the new one may stand in it.
    long_group_t *const old = _u.base.group.type == group_type_long
                                ? _u.base.group.lgroup.content
                                : NULL;
    _u.base.group.type = group_type_short;

    if (length_ > 14) {
        _u.base.group]=])
mend(msg.cpp
  "        _u.base.group.sgroup.group[length_] = '\\0';\n    }\n"
[=[
        _u.base.group.sgroup.group[length_] = '\0';
    }

    if (old && !old->refcnt.sub (1)) {
        old->refcnt.~atomic_counter_t ();
        free (old);
    }
]=])

# A DISH that has no room to tell a new peer of a group kept its memory.
mend(dish.cpp "        pipe_->write (&msg);\n" "        if (!pipe_->write (&msg))\n            msg.close ();\n")
