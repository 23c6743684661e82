/* The baseline of bench/sealed-datagrams.ts: datagrams between two sockets of one process over loopback, a batch at a
 * time sent with sendmmsg and received with recvmmsg. Bare bytes: nothing is sealed, acknowledged or read.
 *
 *   sendmmsg SIZE BATCH ROUNDS DATAGRAMS   prints datagrams a second, a line for each round
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

/* The longest datagram, and the most in a batch: they fit the system's default receive buffer. */
enum { LONGEST = 65507, MOST = 256 };

static char sent[LONGEST];
static char received[MOST][LONGEST];
static struct mmsghdr outgoing[MOST], incoming[MOST];
static struct iovec sources[MOST], places[MOST];
static struct sockaddr_in senders[MOST];

static void fail(const char *what)
{
  perror(what);
  exit(1);
}

static int open_socket(struct sockaddr_in *address)
{
  socklen_t length = sizeof *address;
  int descriptor = socket(AF_INET, SOCK_DGRAM, 0);
  *address = (struct sockaddr_in){ .sin_family = AF_INET };
  address->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (descriptor < 0 || bind(descriptor, (struct sockaddr *)address, length) < 0) fail("bind");
  if (getsockname(descriptor, (struct sockaddr *)address, &length) < 0) fail("getsockname");
  return descriptor;
}

static double seconds(void)
{
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return now.tv_sec + now.tv_nsec / 1e9;
}

int main(int count, char **arguments)
{
  if (count != 5) return 2;
  size_t size = strtoul(arguments[1], NULL, 10);
  unsigned batch = strtoul(arguments[2], NULL, 10);
  int rounds = atoi(arguments[3]);
  long datagrams = atol(arguments[4]);
  if (size > LONGEST || batch == 0 || batch > MOST) return 2;

  struct sockaddr_in from, to;
  int sender = open_socket(&from);
  int receiver = open_socket(&to);
  memset(sent, 1, sizeof sent);
  for (unsigned index = 0; index < batch; index += 1) {
    sources[index] = (struct iovec){ sent, size };
    places[index] = (struct iovec){ received[index], LONGEST };
    outgoing[index].msg_hdr = (struct msghdr){
      .msg_name = &to, .msg_namelen = sizeof to, .msg_iov = &sources[index], .msg_iovlen = 1
    };
    incoming[index].msg_hdr = (struct msghdr){
      .msg_name = &senders[index], .msg_namelen = sizeof from, .msg_iov = &places[index], .msg_iovlen = 1
    };
  }

  /* Round 0 warms up. */
  for (int round = 0; round <= rounds; round += 1) {
    double start = seconds();
    long done = 0;
    while (done < datagrams) {
      if (sendmmsg(sender, outgoing, batch, 0) != (int)batch) fail("sendmmsg");
      for (unsigned arrived = 0; arrived < batch;) {
        int more = recvmmsg(receiver, incoming, batch - arrived, MSG_DONTWAIT, NULL);
        if (more <= 0) fail("recvmmsg");
        arrived += more;
      }
      done += batch;
    }
    if (round > 0) printf("%.0f\n", done / (seconds() - start));
  }
  return 0;
}
