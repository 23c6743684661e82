/* The least that a server can do, for bench/fanout: what the last connection sends is written to each of the others
 * with a plain write. Prints its port.
 *
 *   floor LISTENERS
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

static void fail(const char *what)
{
  perror(what);
  exit(1);
}

int main(int count, char **arguments)
{
  if (count != 2) return 2;
  int listeners = atoi(arguments[1]);
  int *members = calloc(listeners + 1, sizeof *members);
  struct sockaddr_in address = { .sin_family = AF_INET };
  socklen_t size = sizeof address;
  int yes = 1;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int listening = socket(AF_INET, SOCK_STREAM, 0);
  if (bind(listening, (struct sockaddr *)&address, sizeof address) < 0) fail("bind");
  if (listen(listening, 4096) < 0) fail("listen");
  getsockname(listening, (struct sockaddr *)&address, &size);
  printf("%d\n", ntohs(address.sin_port));
  fflush(stdout);
  for (int member = 0; member <= listeners; member += 1) {
    members[member] = accept(listening, NULL, NULL);
    if (members[member] < 0) fail("accept");
    setsockopt(members[member], IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  }
  static char buffer[64 * 1024];
  for (;;) {
    ssize_t length = read(members[listeners], buffer, sizeof buffer);
    if (length < 0) fail("read");
    if (length == 0) return 0;
    for (int member = 0; member < listeners; member += 1) {
      for (ssize_t at = 0; at < length;) {
        ssize_t sent = write(members[member], buffer + at, length - at);
        if (sent < 0) fail("write");
        at += sent;
      }
    }
  }
}
