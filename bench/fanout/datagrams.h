/* How the datagrams of the members of a room of charla travel: by UDP (udp-datagrams.c) or by WebSockets
 * (websocket-datagrams.c). Knows nothing of what is in them. */
#ifndef DATAGRAMS_H
#define DATAGRAMS_H

enum { LONGEST_DATAGRAM = 65536 };

/* Connects a member to the server on this port of loopback, and returns the socket, which is polled for input. */
int open_datagrams(unsigned member, int port);
void send_datagram(int socket, const unsigned char *bytes, int length);
/* Calls `take` for each that has arrived, and returns how many. */
int receive_datagrams(unsigned member, int socket, void (*take)(unsigned, unsigned char *, int));

#endif
