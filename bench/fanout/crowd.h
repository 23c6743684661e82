/* The interface between the counting of deliveries (crowd.c) and the protocols of the members. */
#ifndef CROWD_H
#define CROWD_H

#include <stdint.h>

/* --- crowd.c --- */

/* Seconds, from any moment on. */
double seconds(void);
/* Ends the program with the system's error message. */
void fail(const char *what);
/* A listener has received this many more messages. */
void count_received(unsigned listener, unsigned messages);
/* Something was received: the room is not quiet yet. */
void note_activity(void);
/* Allocates zeroed memory; ends the program when there is none. */
void *allocate(unsigned long count, unsigned long size);

/* --- the members: tcp-members.c, sealed-members.c --- */

/* Reads the members from the standard input, up to the line that ends them, and joins. Returns the number of listeners. */
unsigned join(int poll);
/* Reads what a member's socket has received. */
void receive(unsigned member);
/* The sender sends this many more messages, in as few pieces as possible. */
void send_messages(unsigned messages);
/* Sends what is due by now. */
void tick(void);

#endif
