/* The datagrams of sealed-members.c by UDP. */
#define _GNU_SOURCE
#include "crowd.h"
#include "datagrams.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stddef.h>
#include <sys/socket.h>

enum { AT_ONCE = 16 };

int open_datagrams(unsigned member, int port)
{
  struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(port) };
  (void)member;
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  int opened = socket(AF_INET, SOCK_DGRAM, 0);
  if (opened < 0) fail("socket");
  if (connect(opened, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
  return opened;
}

void send_datagram(int socket, const unsigned char *bytes, int length)
{
  if (send(socket, bytes, length, 0) < 0) fail("send");
}

int receive_datagrams(unsigned member, int socket, void (*take)(unsigned, unsigned char *, int))
{
  static unsigned char datagrams[AT_ONCE][LONGEST_DATAGRAM];
  static struct mmsghdr headers[AT_ONCE];
  static struct iovec places[AT_ONCE];
  for (int index = 0; headers[AT_ONCE - 1].msg_hdr.msg_iovlen == 0; index += 1) {
    places[index] = (struct iovec){ datagrams[index], LONGEST_DATAGRAM };
    headers[index].msg_hdr = (struct msghdr){ .msg_iov = &places[index], .msg_iovlen = 1 };
  }
  int count = recvmmsg(socket, headers, AT_ONCE, MSG_DONTWAIT, NULL);
  for (int index = 0; index < count; index += 1) take(member, datagrams[index], headers[index].msg_len);
  return count < 0 ? 0 : count;
}
