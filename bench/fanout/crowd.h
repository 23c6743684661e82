/* What the members of a room have to say to whoever counts what they hear (crowd.c), and the reverse. */
#ifndef CROWD_H
#define CROWD_H

#include <stdint.h>

/* --- crowd.c --- */

/* Seconds, from any moment on. */
double seconds(void);
/* Ends the program, with the system's word for why. */
void fail(const char *what);
/* A listener has heard so many messages more. */
void heard(unsigned listener, unsigned messages);
/* Somebody is heard at all: what is under way has not come to rest. */
void stirred(void);
/* Room for so many elements, zeroed. */
void *reserve(unsigned long count, unsigned long size);

/* --- the members: tcp-members.c, sealed-members.c --- */

/* Reads from the standard input who they are, until a line that says so, and joins: how many listen. */
unsigned join(int poll);
/* Reads what has come for one of them. */
void receive(unsigned member);
/* The talker says so many messages more, in as few pieces as there can be. */
void say(unsigned messages);
/* Does what time has made due. */
void tick(void);

#endif
