/* Both ends of bench/relay.ts, and its baseline: pairs of sockets on loopback between which another program forwards.
 *
 *   forward load SIZE WINDOW   prints "FROM:TO" ports, a pair for each datagram in turn, then reads lines from stdin:
 *     PORT SLOTS COUNT           sends COUNT datagrams by way of PORT, WINDOW on the way at most; prints datagrams a second
 *                                and how many were lost. With SLOTS, proves each sender's address to a relay first.
 *     PORT SLOTS -COUNT          sends COUNT of them one at a time; prints the median of their times, us
 *   forward plain FROM:TO...   prints its port, and forwards what comes from FROM to TO with recvmmsg and sendmmsg
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { LONGEST = 2048, BATCH = 64, PAIRS = 16, HEADER = 17, COOKIE = 17 };

static char buffers[BATCH][LONGEST];
static struct mmsghdr messages[BATCH];
static struct iovec places[BATCH];
static struct sockaddr_in addresses[BATCH];

static void fail(const char *what)
{
  perror(what);
  exit(1);
}

static struct sockaddr_in loopback(int port)
{
  struct sockaddr_in address = { .sin_family = AF_INET, .sin_port = htons(port) };
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

static int open_socket(int *port)
{
  struct sockaddr_in address = loopback(0);
  socklen_t length = sizeof address;
  int descriptor = socket(AF_INET, SOCK_DGRAM, 0), room = 4 << 20;
  if (descriptor < 0 || bind(descriptor, (struct sockaddr *)&address, length) < 0) fail("bind");
  setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  if (getsockname(descriptor, (struct sockaddr *)&address, &length) < 0) fail("getsockname");
  *port = ntohs(address.sin_port);
  return descriptor;
}

static double seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

static void prepare(unsigned count, size_t size)
{
  for (unsigned index = 0; index < count; index += 1) {
    places[index] = (struct iovec){ buffers[index], size };
    messages[index].msg_hdr = (struct msghdr){
      .msg_name = &addresses[index], .msg_namelen = sizeof addresses[index],
      .msg_iov = &places[index], .msg_iovlen = 1
    };
  }
}

static void forward_plain(int count, char **pairs)
{
  static unsigned short targets[65536];
  for (int index = 0; index < count; index += 1) {
    int from, to;
    if (sscanf(pairs[index], "%d:%d", &from, &to) != 2) exit(2);
    targets[from] = to;
  }
  int port, descriptor = open_socket(&port);
  printf("%d\n", port);
  fflush(stdout);
  for (;;) {
    prepare(BATCH, LONGEST);
    int arrived = recvmmsg(descriptor, messages, BATCH, MSG_WAITFORONE, NULL);
    if (arrived <= 0) fail("recvmmsg");
    for (int index = 0; index < arrived; index += 1) {
      addresses[index].sin_port = htons(targets[ntohs(addresses[index].sin_port)]);
      places[index].iov_len = messages[index].msg_len;
    }
    for (int sent = 0; sent < arrived;) {
      int more = sendmmsg(descriptor, messages + sent, arrived - sent, 0);
      if (more <= 0) fail("sendmmsg");
      sent += more;
    }
  }
}

static int senders[PAIRS], receivers[PAIRS];
static size_t size;

/* Empties all receivers. Waits for the first for a while; 0 if none came. */
static int receive_all(void)
{
  static char sink[LONGEST];
  struct pollfd polled[PAIRS];
  int arrived = 0;
  for (int pair = 0; pair < PAIRS; pair += 1)
    polled[pair] = (struct pollfd){ receivers[pair], POLLIN, 0 };
  if (poll(polled, PAIRS, 200) <= 0) return 0;
  for (int pair = 0; pair < PAIRS; pair += 1) {
    if (polled[pair].revents == 0) continue;
    while (recv(receivers[pair], sink, sizeof sink, MSG_DONTWAIT) > 0) arrived += 1;
  }
  return arrived;
}

static void prove(int pair, struct sockaddr_in *relay)
{
  char query[64] = { '\xf5' }, answer[64];
  for (int asked = 0; asked < 2; asked += 1) {
    if (asked == 1) memset(query + 1 + COOKIE, pair + 1, HEADER - 1);
    sendto(senders[pair], query, sizeof query, 0, (struct sockaddr *)relay, sizeof *relay);
    if (recv(senders[pair], answer, sizeof answer, 0) != 37) fail("no proof");
    memcpy(query + 1, answer + 2, COOKIE);
  }
  if (answer[1] != 1) fail("not joined");
}

static int compare(const void *one, const void *other)
{
  double a = *(const double *)one, b = *(const double *)other;
  return (a > b) - (a < b);
}

/* `direct` sends to the receiver itself. */
static void send_one(int pair, struct sockaddr_in *to)
{
  buffers[0][0] = '\xf7';
  memset(buffers[0] + 1, pair + 1, HEADER - 1);
  sendto(senders[pair], buffers[0], size, 0, (struct sockaddr *)to, sizeof *to);
}

static void load(unsigned window, int pairs)
{
  int port, slots;
  long count;
  while (scanf("%d %d %ld", &port, &slots, &count) == 3) {
    struct sockaddr_in to = loopback(port);
    for (int pair = 0; slots && pair < pairs; pair += 1) prove(pair, &to);
    if (count < 0) {
      long rounds = -count;
      double *times = malloc(rounds * sizeof *times);
      for (long index = 0; index < rounds; index += 1) {
        double start = seconds();
        send_one(0, &to);
        receive_all();
        times[index] = seconds() - start;
      }
      qsort(times, rounds, sizeof *times, compare);
      printf("%.1f\n", times[rounds / 2] * 1e6);
      free(times);
    } else {
      double start = seconds();
      long sent = 0, arrived = 0, lost = 0;
      while (arrived + lost < count) {
        while (sent < count && sent - arrived - lost < window) {
          send_one(sent % pairs, &to);
          sent += 1;
        }
        int more = receive_all();
        if (more == 0) lost = sent - arrived;
        arrived += more;
      }
      printf("%.0f %ld\n", arrived / (seconds() - start), lost);
    }
    fflush(stdout);
  }
}

int main(int count, char **arguments)
{
  if (count > 2 && strcmp(arguments[1], "plain") == 0) {
    forward_plain(count - 2, arguments + 2);
    return 0;
  }
  if (count != 5 || strcmp(arguments[1], "load") != 0) return 2;
  size = strtoul(arguments[2], NULL, 10);
  int pairs = atoi(arguments[4]);
  if (size > LONGEST || pairs < 1 || pairs > PAIRS) return 2;
  for (int pair = 0; pair < PAIRS; pair += 1) {
    int from, to;
    senders[pair] = open_socket(&from);
    receivers[pair] = open_socket(&to);
    printf("%d:%d%c", from, to, pair == PAIRS - 1 ? '\n' : ' ');
  }
  fflush(stdout);
  load(strtoul(arguments[3], NULL, 10), pairs);
  return 0;
}
