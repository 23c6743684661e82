/* The members of bench/fanout that speak over TCP, whatever the protocol: its bytes come from who starts this,
 * and every message that is heard is as long as the first. Read from the standard input, a line each:
 *
 *   connect PORT LISTENERS     on loopback, and one more who talks
 *   all BYTES                  sent by each listener, and then what that brings is read until nothing more comes
 *   talker BYTES               the same by the talker
 *   message BYTES              one message: the end of the lines
 *
 * BYTES are in hexadecimal digits; # among them stands for five decimal digits of the member's number.
 */
#include "crowd.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

enum { LINE = 8192, LONGEST_MESSAGE = 1024, MOST_AT_ONCE = 4096 };
/* Nothing has come for so long, s: then nothing is under way. InspIRCd lets in once a second only. */
static const double AT_REST = 1.2;

static unsigned listeners;
static int *sockets;
/* Bytes that each has heard, and what each message is long: 0 until that is known. */
static uint64_t *bytes;
static unsigned each;
static uint64_t *counted;
static int counting, poller;
static double last;
static char message[LONGEST_MESSAGE];
static unsigned length;
static char many[LONGEST_MESSAGE * MOST_AT_ONCE];

static int hexadecimal(char digit)
{
  return digit <= '9' ? digit - '0' : digit - 'a' + 10;
}

static unsigned spell(const char *digits, unsigned member, char *into, unsigned room)
{
  unsigned at = 0;
  for (; *digits != '\0' && *digits != '\n' && at + 6 < room;) {
    if (*digits == '#') {
      at += sprintf(into + at, "%05u", member);
      digits += 1;
      continue;
    }
    into[at++] = hexadecimal(digits[0]) << 4 | hexadecimal(digits[1]);
    digits += 2;
  }
  return at;
}

static void open_socket(unsigned member, int port)
{
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
  struct epoll_event event = { .events = EPOLLIN, .data.u32 = member };
  int yes = 1;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int descriptor = sockets[member] = socket(AF_INET, SOCK_STREAM, 0);
  if (descriptor < 0) fail("socket");
  if (connect(descriptor, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
  setsockopt(descriptor, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (fcntl(descriptor, F_SETFL, O_NONBLOCK) < 0) fail("fcntl");
  if (epoll_ctl(poller, EPOLL_CTL_ADD, descriptor, &event) < 0) fail("epoll_ctl");
}

/* All of it: while the server's buffers are full, what it sends is read. */
static void send_all(unsigned member, const char *from, unsigned size)
{
  while (size > 0) {
    ssize_t sent = send(sockets[member], from, size, MSG_NOSIGNAL);
    if (sent < 0 && errno != EAGAIN) fail("send");
    if (sent <= 0) continue;
    from += sent;
    size -= sent;
  }
}

void receive(unsigned member)
{
  static char buffer[256 * 1024];
  ssize_t size = recv(sockets[member], buffer, sizeof buffer, MSG_DONTWAIT);
  if (size < 0 && errno == EAGAIN) return;
  if (size <= 0) {
    fprintf(stderr, "the server has ended the connection of member %u\n", member);
    exit(1);
  }
  last = seconds();
  stirred();
  if (member == listeners) return;
  bytes[member] += size;
  if (!counting) return;
  unsigned whole = bytes[member] / each;
  if (whole > counted[member]) {
    unsigned more = whole - counted[member];
    counted[member] = whole;
    heard(member, more);
  }
}

static void read_until_rest(void)
{
  struct epoll_event events[512];
  for (last = seconds(); seconds() - last < AT_REST;) {
    int count = epoll_wait(poller, events, 512, 20);
    for (int index = 0; index < count; index += 1) receive(events[index].data.u32);
  }
}

/* What one message is long where it is heard; the same for everybody. */
static void learn_length(void)
{
  memset(bytes, 0, listeners * sizeof *bytes);
  send_all(listeners, message, length);
  read_until_rest();
  each = bytes[0];
  for (unsigned member = 0; member < listeners; member += 1) {
    if (each != 0 && bytes[member] == each) continue;
    fprintf(stderr, "of the first message, member %u has heard %lu bytes, and member 0 %u\n", member,
            (unsigned long)bytes[member], each);
    exit(1);
  }
  memset(bytes, 0, listeners * sizeof *bytes);
  counting = 1;
}

unsigned join(int poll)
{
  static char line[LINE], spelled[LINE];
  int port;
  poller = poll;
  while (fgets(line, sizeof line, stdin) != NULL) {
    if (sscanf(line, "connect %d %u", &port, &listeners) == 2) {
      sockets = reserve(listeners + 1, sizeof *sockets);
      bytes = reserve(listeners + 1, sizeof *bytes);
      counted = reserve(listeners + 1, sizeof *counted);
      for (unsigned member = 0; member <= listeners; member += 1) open_socket(member, port);
      read_until_rest();
    } else if (strncmp(line, "all ", 4) == 0) {
      for (unsigned member = 0; member < listeners; member += 1)
        send_all(member, spelled, spell(line + 4, member, spelled, sizeof spelled));
      read_until_rest();
    } else if (strncmp(line, "talker ", 7) == 0) {
      send_all(listeners, spelled, spell(line + 7, listeners, spelled, sizeof spelled));
      read_until_rest();
    } else if (strncmp(line, "message ", 8) == 0) {
      length = spell(line + 8, listeners, message, sizeof message);
      for (unsigned count = 0; count < MOST_AT_ONCE; count += 1)
        memcpy(many + count * length, message, length);
      learn_length();
      return listeners;
    }
  }
  exit(2);
}

void say(unsigned messages)
{
  send_all(listeners, many, messages * length);
}

void tick(void)
{
}
