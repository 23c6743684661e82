/* The members of bench/fanout that are in a room of charla: each has a session and a socket of its own. Others
 * have led the handshakes and been let into the room; from there on these answer the server as docs/protocol.md
 * s. 8 to 14 has it (what comes is opened, and acknowledged as s. 12.1 has it, new addresses are proven),
 * so far as a peer without losses to speak of needs. What comes before its turn is not acknowledged, and so comes again.
 *
 * Read from the standard input, a line each, and the last is the talker's; ids and keys in hexadecimal digits:
 *
 *   member PORT OWN-ID ITS-ID SEND-KEY RECEIVE-KEY NEXT-NUMBER LARGEST-NUMBER TAKEN GRANTED SAID ALLOWED
 *   go
 */
#define _GNU_SOURCE
#include "crowd.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

enum {
  SEALED = 0xfc, HEADER = 13, TAG = 16, ID = 8, KEY = 32,
  /* Frames (s. 10). */
  PADDING = 0, PING = 1, ACK = 2, FRAGMENT = 3, WINDOW = 4, PATH_CHALLENGE = 5, PATH_RESPONSE = 6, CLOSE = 7,
  RESET_TOKEN = 8,
  /* src/protocol/recovery/received-packets.ts, src/protocol/session/incoming-messages.ts */
  PACKETS_PER_ACK = 2, BYTES_PER_ACK = 1200, RECEIVE_WINDOW = 1 << 20,
  LONGEST = 65536, AT_ONCE = 16, MOST_PACKET = 1200, LINE = 512,
  /* Of a message, to tell what it is. */
  BEGINNING = 48,
  /* Said, and not come back: as much as crowd.c lets be. */
  MOST_SAID = 4096, TALK = 128,
};
static const double ACK_DELAY = 0.025, KEEP_ALIVE = 15, SAY_AGAIN = 0.3;
static const char KIND[] = "{\"type\":\"message\",\"sequence\":";

struct member {
  int socket;
  unsigned char own_id[ID], its_id[ID];
  EVP_CIPHER_CTX *seal, *open;
  uint64_t next_number;
  /* Packets from `first` to `largest` have come without a gap; none yet where first > largest. */
  uint64_t first, largest;
  double largest_at, sent_at, ack_at;
  unsigned eliciting, eliciting_bytes;
  int pinged, moved, window_due;
  unsigned char challenge[8];
  /* The stream of messages: taken so far, and how far it may go. */
  uint64_t taken, granted;
  /* Of the message that is coming: bytes to come, and its first ones. */
  unsigned char head[8];
  unsigned head_length, missing, begun;
  char beginning[BEGINNING + 1];
  uint64_t sequence;
};

static struct member *members;
static unsigned listeners;
static uint64_t said_from, allowed, told, back;
static double progress_at;
static char saying[TALK];
static unsigned saying_length;

/* Whose ACK waits until when, the longest first. It has left before where it is due at another time now. */
enum { WAITING = 1 << 17 };
static struct { unsigned member; double until; } waiting[WAITING];
static unsigned long waiting_from, waiting_to;

static unsigned char *write_varint(unsigned char *at, uint64_t value)
{
  int bytes = value < 1 << 6 ? 1 : value < 1 << 14 ? 2 : value < 1 << 30 ? 4 : 8;
  for (int index = bytes - 1; index >= 0; index -= 1, value >>= 8) at[index] = value;
  at[0] |= (bytes == 1 ? 0 : bytes == 2 ? 1 : bytes == 4 ? 2 : 3) << 6;
  return at + bytes;
}

/* Null where it is cut short. */
static const unsigned char *read_varint(const unsigned char *at, const unsigned char *end, uint64_t *value)
{
  if (at >= end || at + (1 << (*at >> 6)) > end) return NULL;
  int bytes = 1 << (*at >> 6);
  *value = *at & 0x3f;
  for (int index = 1; index < bytes; index += 1) *value = *value << 8 | at[index];
  return at + bytes;
}

static void broken(unsigned member, const char *what)
{
  fprintf(stderr, "member %u: %s\n", member, what);
  exit(1);
}

static void nonce_of(uint64_t number, unsigned char nonce[12])
{
  memset(nonce, 0, 12);
  for (int index = 11; index > 3; index -= 1, number >>= 8) nonce[index] = number;
}

/* Seals and sends the frames that stand behind the header's place. */
static void send_packet(struct member *its, unsigned char *packet, const unsigned char *end)
{
  unsigned char nonce[12];
  int length = end - (packet + HEADER), more;
  uint64_t number = its->next_number++;
  packet[0] = SEALED;
  memcpy(packet + 1, its->its_id, ID);
  for (int index = 12; index > 8; index -= 1, number >>= 8) packet[index] = number;
  nonce_of(its->next_number - 1, nonce);
  if (EVP_EncryptInit_ex(its->seal, NULL, NULL, NULL, nonce) != 1 ||
      EVP_EncryptUpdate(its->seal, NULL, &more, packet, HEADER) != 1 ||
      EVP_EncryptUpdate(its->seal, packet + HEADER, &length, packet + HEADER, length) != 1 ||
      EVP_EncryptFinal_ex(its->seal, packet + HEADER + length, &more) != 1 ||
      EVP_CIPHER_CTX_ctrl(its->seal, EVP_CTRL_GCM_GET_TAG, TAG, packet + HEADER + length) != 1) {
    fail("cannot seal");
  }
  if (send(its->socket, packet, HEADER + length + TAG, 0) < 0) fail("send");
}

static unsigned char *write_ack(struct member *its, unsigned char *at, double now)
{
  if (its->first > its->largest) return at;
  *at++ = ACK;
  at = write_varint(at, its->largest);
  at = write_varint(at, (now - its->largest_at) * 1e6);
  at = write_varint(at, 0);
  at = write_varint(at, its->largest - its->first);
  its->eliciting = its->eliciting_bytes = 0;
  its->ack_at = 0;
  return at;
}

/* All that is owed to the server, in one packet. */
static void answer(struct member *its, double now)
{
  unsigned char packet[256], *at = write_ack(its, packet + HEADER, now);
  if (its->window_due) {
    its->granted = its->taken + RECEIVE_WINDOW;
    *at++ = WINDOW;
    at = write_varint(at, its->granted);
    its->window_due = 0;
  }
  if (its->moved) {
    *at++ = PATH_RESPONSE;
    memcpy(at, its->challenge, 8);
    at += 8;
    its->moved = 0;
  }
  if (its->pinged) {
    *at++ = PING;
    its->pinged = 0;
    its->sent_at = now;
  }
  if (at > packet + HEADER) send_packet(its, packet, at);
}

static void take_message(unsigned member, struct member *its)
{
  if (strncmp(its->beginning, KIND, sizeof KIND - 1) != 0) return;
  uint64_t sequence = strtoull(its->beginning + sizeof KIND - 1, NULL, 10);
  if (its->sequence != 0 && sequence != its->sequence + 1) broken(member, "the sequence has a gap");
  its->sequence = sequence;
  if (member < listeners) heard(member, 1);
  else if (told > back) {
    back += 1;
    progress_at = seconds();
  }
}

/* The next bytes of the stream: whole messages, each behind its length. */
static void take_bytes(unsigned member, const unsigned char *bytes, uint64_t length)
{
  struct member *its = &members[member];
  while (length > 0) {
    if (its->missing == 0) {
      uint64_t size;
      its->head[its->head_length++] = *bytes++;
      length -= 1;
      if (read_varint(its->head, its->head + its->head_length, &size) == NULL) continue;
      its->head_length = 0;
      its->missing = size;
      its->begun = 0;
      continue;
    }
    unsigned part = length < its->missing ? length : its->missing;
    if (its->begun < BEGINNING) {
      unsigned kept = part < BEGINNING - its->begun ? part : BEGINNING - its->begun;
      memcpy(its->beginning + its->begun, bytes, kept);
      its->begun += kept;
      its->beginning[its->begun] = '\0';
    }
    bytes += part;
    length -= part;
    its->missing -= part;
    if (its->missing == 0) take_message(member, its);
  }
}

/* Takes the frames in: 1 when they ask for an ACK, 0 when not, -1 when they come before their turn. */
static int take_frames(unsigned member, const unsigned char *at, const unsigned char *end)
{
  struct member *its = &members[member];
  int eliciting = 0;
  while (at != NULL && at < end) {
    uint64_t value, length, more;
    int type = *at++;
    if (type != PADDING && type != ACK) eliciting = 1;
    switch (type) {
    case PADDING:
    case PING:
      break;
    case ACK:
      for (int field = 0; at != NULL && field < 4; field += 1)
        at = read_varint(at, end, field == 2 ? &more : &value);
      for (; at != NULL && more > 0; more -= 1) {
        at = read_varint(at, end, &value);
        if (at != NULL) at = read_varint(at, end, &value);
      }
      break;
    case FRAGMENT:
      at = read_varint(at, end, &value);
      if (at != NULL) at = read_varint(at, end, &length);
      if (at == NULL || length > (uint64_t)(end - at)) broken(member, "a fragment is cut short");
      if (value > its->taken) return -1;
      if (value + length > its->taken) {
        uint64_t known = its->taken - value;
        its->taken += length - known;
        take_bytes(member, at + known, length - known);
      }
      at += length;
      if (its->taken + RECEIVE_WINDOW - its->granted >= RECEIVE_WINDOW / 2) its->window_due = 1;
      break;
    case WINDOW:
      at = read_varint(at, end, &value);
      if (at != NULL && member == listeners && value > allowed) allowed = value;
      break;
    case PATH_CHALLENGE:
      memcpy(its->challenge, at, 8);
      its->moved = 1;
      at += 8;
      break;
    case PATH_RESPONSE:
      at += 8;
      break;
    case RESET_TOKEN:
      at += 16;
      break;
    case CLOSE:
      broken(member, "the server has ended the session");
      break;
    default:
      broken(member, "an unknown frame");
    }
  }
  return eliciting;
}

static void take_packet(unsigned member, unsigned char *packet, int size, double now)
{
  static unsigned char frames[LONGEST];
  struct member *its = &members[member];
  unsigned char nonce[12];
  int length = size - HEADER - TAG, more;
  if (packet[0] != SEALED || length < 1 || memcmp(packet + 1, its->own_id, ID) != 0)
    broken(member, "a packet of another kind, or of another");
  uint64_t number = (uint64_t)packet[9] << 24 | packet[10] << 16 | packet[11] << 8 | packet[12];
  if (number <= its->largest && number >= its->first) return;
  nonce_of(number, nonce);
  if (EVP_DecryptInit_ex(its->open, NULL, NULL, NULL, nonce) != 1 ||
      EVP_DecryptUpdate(its->open, NULL, &more, packet, HEADER) != 1 ||
      EVP_DecryptUpdate(its->open, frames, &more, packet + HEADER, length) != 1 ||
      EVP_CIPHER_CTX_ctrl(its->open, EVP_CTRL_GCM_SET_TAG, TAG, packet + HEADER + length) != 1 ||
      EVP_DecryptFinal_ex(its->open, frames + more, &more) != 1) {
    broken(member, "a packet cannot be opened");
  }
  int eliciting = take_frames(member, frames, frames + length);
  if (eliciting < 0) return;
  if (number != its->largest + 1) {
    /* What came before the gap has been acknowledged, or is now. */
    if (its->eliciting > 0) answer(its, now);
    if (number < its->largest) return;
    its->first = number;
  }
  its->largest = number;
  its->largest_at = now;
  if (eliciting == 0) return;
  its->eliciting += 1;
  its->eliciting_bytes += size;
  if (its->ack_at == 0) {
    its->ack_at = now + ACK_DELAY;
    waiting[waiting_to % WAITING].member = member;
    waiting[waiting_to++ % WAITING].until = its->ack_at;
  }
}

void receive(unsigned member)
{
  static unsigned char packets[AT_ONCE][LONGEST];
  static struct mmsghdr headers[AT_ONCE];
  static struct iovec places[AT_ONCE];
  struct member *its = &members[member];
  for (int index = 0; headers[AT_ONCE - 1].msg_hdr.msg_iovlen == 0; index += 1) {
    places[index] = (struct iovec){ packets[index], LONGEST };
    headers[index].msg_hdr = (struct msghdr){ .msg_iov = &places[index], .msg_iovlen = 1 };
  }
  int count = recvmmsg(its->socket, headers, AT_ONCE, MSG_DONTWAIT, NULL);
  if (count < 0) return;
  stirred();
  double now = seconds();
  for (int index = 0; index < count; index += 1) take_packet(member, packets[index], headers[index].msg_len, now);
  int enough = its->eliciting >= PACKETS_PER_ACK && its->eliciting_bytes > BYTES_PER_ACK;
  if (enough || its->window_due || its->moved) answer(its, now);
}

static void from_hexadecimal(const char *digits, unsigned char *into, int length)
{
  for (int index = 0; index < length; index += 1) sscanf(digits + 2 * index, "%2hhx", &into[index]);
}

static void add_member(unsigned member, int poller, const char *line)
{
  struct member *its = &members[member];
  char own_id[LINE], its_id[LINE], send_key[LINE], receive_key[LINE];
  unsigned char key[KEY];
  int port;
  long next, largest;
  struct sockaddr_in to = { .sin_family = AF_INET };
  struct epoll_event event = { .events = EPOLLIN, .data.u32 = member };
  if (sscanf(line, "member %d %s %s %s %s %ld %ld %lu %lu %lu %lu", &port, own_id, its_id, send_key, receive_key,
             &next, &largest, &its->taken, &its->granted, &said_from, &allowed) != 11) {
    exit(2);
  }
  from_hexadecimal(own_id, its->own_id, ID);
  from_hexadecimal(its_id, its->its_id, ID);
  its->seal = EVP_CIPHER_CTX_new();
  its->open = EVP_CIPHER_CTX_new();
  from_hexadecimal(send_key, key, KEY);
  EVP_EncryptInit_ex(its->seal, EVP_aes_256_gcm(), NULL, key, NULL);
  from_hexadecimal(receive_key, key, KEY);
  EVP_DecryptInit_ex(its->open, EVP_aes_256_gcm(), NULL, key, NULL);
  its->next_number = next;
  its->largest = largest;
  its->first = largest + 1;
  to.sin_port = htons(port);
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  its->socket = socket(AF_INET, SOCK_DGRAM, 0);
  if (its->socket < 0) fail("socket");
  if (connect(its->socket, (struct sockaddr *)&to, sizeof to) < 0) fail("connect");
  if (epoll_ctl(poller, EPOLL_CTL_ADD, its->socket, &event) < 0) fail("epoll_ctl");
}

unsigned join(int poller)
{
  static char line[2 * LINE];
  unsigned count = 0, room = 1 << 14;
  members = reserve(room, sizeof *members);
  while (fgets(line, sizeof line, stdin) != NULL && strcmp(line, "go\n") != 0) add_member(count++, poller, line);
  listeners = count - 1;
  /* From the new address, which the server then has proven. */
  for (unsigned member = 0; member < count; member += 1) {
    members[member].pinged = 1;
    answer(&members[member], seconds());
  }
  return listeners;
}

/* Every one is as long as the others: the numbers have seven digits. */
static void write_saying(uint64_t number)
{
  char text[65];
  memset(text, 'x', 64);
  text[64] = '\0';
  saying_length = sprintf(saying + 2, "{\"type\":\"say\",\"number\":%lu,\"text\":\"%s\"}", (unsigned long)(1000000 + number), text);
  saying[0] = 0x40 | saying_length >> 8;
  saying[1] = saying_length;
  saying_length += 2;
}

/* Says messages `from` to `to`, as many in a packet as there is room for. */
static void say_between(uint64_t from, uint64_t to)
{
  struct member *its = &members[listeners];
  double now = seconds();
  while (from < to) {
    unsigned char packet[MOST_PACKET], *at = write_ack(its, packet + HEADER, now);
    write_saying(from);
    uint64_t count = (packet + MOST_PACKET - TAG - 13 - at) / saying_length;
    if (count > to - from) count = to - from;
    if (said_from + (from + count) * saying_length > allowed) broken(listeners, "the server's window is full");
    *at++ = FRAGMENT;
    at = write_varint(at, said_from + from * saying_length);
    at = write_varint(at, count * saying_length);
    for (; count > 0; count -= 1, from += 1) {
      write_saying(from);
      memcpy(at, saying, saying_length);
      at += saying_length;
    }
    send_packet(its, packet, at);
  }
  its->sent_at = progress_at = now;
}

void say(unsigned messages)
{
  say_between(told, told + messages);
  told += messages;
}

void tick(void)
{
  static double swept_at;
  double now = seconds();
  for (; waiting_from < waiting_to; waiting_from += 1) {
    unsigned member = waiting[waiting_from % WAITING].member;
    double until = waiting[waiting_from % WAITING].until;
    if (members[member].ack_at != until) continue;
    if (until > now) break;
    answer(&members[member], now);
  }
  if (told > back && now - progress_at > SAY_AGAIN) say_between(back, told);
  if (now - swept_at < 1) return;
  swept_at = now;
  for (unsigned member = 0; member <= listeners; member += 1) {
    struct member *its = &members[member];
    if (now - its->sent_at < KEEP_ALIVE) continue;
    its->pinged = 1;
    answer(its, now);
  }
}
