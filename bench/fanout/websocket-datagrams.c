/* The datagrams of sealed-members.c by WebSockets (docs/protocol.md s. 19.6): each is one binary message, in one frame (RFC
 * 6455 s. 5.2). Each member has an IP address of its own on loopback, for a server takes only some from one. */
#include "crowd.h"
#include "datagrams.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

enum {
  MEMBERS = 1 << 14, OF_NETWORK = 200, AT_ONCE = 1 << 16,
  BINARY = 0x82, MASKED = 0x80, TWO_BYTES = 126, LONGEST_MESSAGE = 1472, HEADER = 4, MASK = 4,
};

static const char REQUEST[] =
  "GET / HTTP/1.1\r\nHost: localhost\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
  "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n";

/* The beginning of a frame whose end has not arrived. */
static struct rest {
  unsigned char bytes[HEADER + LONGEST_MESSAGE];
  int length;
} *rests[MEMBERS];

static void send_all(int socket, const unsigned char *from, int length)
{
  while (length > 0) {
    ssize_t sent = send(socket, from, length, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) fail("send");
    if (sent <= 0) continue;
    from += sent;
    length -= sent;
  }
}

static void refused(unsigned member, const char *what)
{
  fprintf(stderr, "member %u has no WebSocket: %s\n", member, what);
  exit(1);
}

int open_datagrams(unsigned member, int port)
{
  struct sockaddr_in from = { .sin_family = AF_INET };
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
  char answer[1024];
  unsigned length = 0;
  int yes = 1, opened = socket(AF_INET, SOCK_STREAM, 0);
  if (opened < 0) fail("socket");
  if (member >= MEMBERS) refused(member, "too many members");
  /* 127.1.0.1, ... */
  from.sin_addr.s_addr = htonl(0x7f010001 + (member / OF_NETWORK << 8) + member % OF_NETWORK);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(opened, (struct sockaddr *)&from, sizeof from) < 0) fail("bind");
  if (connect(opened, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
  setsockopt(opened, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  send_all(opened, (const unsigned char *)REQUEST, sizeof REQUEST - 1);
  /* Byte by byte: nothing that follows the header is lost. */
  while (length < 4 || memcmp(answer + length - 4, "\r\n\r\n", 4) != 0) {
    if (length == sizeof answer - 1 || recv(opened, answer + length, 1, 0) != 1) refused(member, "no answer");
    length += 1;
  }
  answer[length] = '\0';
  if (strncmp(answer, "HTTP/1.1 101", 12) != 0) refused(member, answer);
  rests[member] = allocate(1, sizeof *rests[member]);
  return opened;
}

void send_datagram(int socket, const unsigned char *bytes, int length)
{
  unsigned char frame[HEADER + MASK + LONGEST_MESSAGE] = { BINARY };
  int at = 2;
  if (length < TWO_BYTES) frame[1] = MASKED | length;
  else {
    frame[1] = MASKED | TWO_BYTES;
    frame[at++] = length >> 8;
    frame[at++] = length;
  }
  /* A mask of zeros changes nothing. */
  memcpy(frame + at + MASK, bytes, length);
  send_all(socket, frame, at + MASK + length);
}

int receive_datagrams(unsigned member, int socket, void (*take)(unsigned, unsigned char *, int))
{
  static unsigned char buffer[HEADER + LONGEST_MESSAGE + AT_ONCE];
  struct rest *rest = rests[member];
  int count = 0, at = 0;
  memcpy(buffer, rest->bytes, rest->length);
  ssize_t size = recv(socket, buffer + rest->length, AT_ONCE, MSG_DONTWAIT);
  if (size < 0 && errno == EAGAIN) return 0;
  if (size <= 0) refused(member, "the server has ended it");
  int end = rest->length + size;
  for (;;) {
    int start = at + 2;
    if (start > end) break;
    int length = buffer[at + 1];
    if (length == TWO_BYTES) {
      if (start + 2 > end) break;
      length = buffer[at + 2] << 8 | buffer[at + 3];
      start += 2;
    }
    if (buffer[at] != BINARY || length > LONGEST_MESSAGE) refused(member, "a frame that is no datagram");
    if (start + length > end) break;
    take(member, buffer + start, length);
    count += 1;
    at = start + length;
  }
  rest->length = end - at;
  memcpy(rest->bytes, buffer + at, rest->length);
  return count;
}
