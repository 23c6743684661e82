/* The members of bench/fanout over TCP, for any protocol: the bytes to send are read from the standard input, and
 * every message must arrive with the length of the first one. A line each:
 *
 *   connect PORT LISTENERS     connects the listeners and the sender on loopback
 *   all BYTES                  each listener sends them, and then what arrives is read until nothing more does
 *   sender BYTES               the same by the sender
 *   message BYTES              one message; the last line
 *
 * BYTES are in hexadecimal digits; a # stands for five decimal digits of the member's number.
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
/* Nothing is in transit after this long without a byte, s: InspIRCd accepts connections only once a second. */
static const double AT_REST = 1.2;

static unsigned listeners;
static int *sockets;
/* Bytes that each listener has received, and the length of a message: 0 until it is known. */
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

static unsigned spell(const char *digits, unsigned member, char *into, unsigned capacity)
{
  unsigned at = 0;
  for (; *digits != '\0' && *digits != '\n' && at + 6 < capacity;) {
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

/* Sends all of it, also while the server's buffers are full. */
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
  note_activity();
  if (member == listeners) return;
  bytes[member] += size;
  if (!counting) return;
  unsigned whole = bytes[member] / each;
  if (whole > counted[member]) {
    unsigned more = whole - counted[member];
    counted[member] = whole;
    count_received(member, more);
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

/* Measures the length of one message as it arrives, which must be the same at every listener. */
static void learn_length(void)
{
  memset(bytes, 0, listeners * sizeof *bytes);
  send_all(listeners, message, length);
  read_until_rest();
  each = bytes[0];
  for (unsigned member = 0; member < listeners; member += 1) {
    if (each != 0 && bytes[member] == each) continue;
    fprintf(stderr, "of the first message, member %u has received %lu bytes, and member 0 %u\n", member,
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
      sockets = allocate(listeners + 1, sizeof *sockets);
      bytes = allocate(listeners + 1, sizeof *bytes);
      counted = allocate(listeners + 1, sizeof *counted);
      for (unsigned member = 0; member <= listeners; member += 1) open_socket(member, port);
      read_until_rest();
    } else if (strncmp(line, "all ", 4) == 0) {
      for (unsigned member = 0; member < listeners; member += 1)
        send_all(member, spelled, spell(line + 4, member, spelled, sizeof spelled));
      read_until_rest();
    } else if (strncmp(line, "sender ", 7) == 0) {
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

void send_messages(unsigned messages)
{
  send_all(listeners, many, messages * length);
}

void tick(void)
{
}
