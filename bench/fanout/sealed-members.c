/* The members of bench/fanout in a room of charla: each has a session and a socket of its own. enter-room.ts has done
 * the handshakes and entered the room; from then on these answer the server as docs/protocol.md s. 8 to 14 says
 * (packets are decrypted, acknowledged as in s. 12.1, and path challenges answered), as far as a peer on a path almost
 * without loss needs it. A packet that arrives out of order is not acknowledged, so that the server sends it again.
 *
 * Read from the standard input, a line each, the sender's last; ids and keys in hexadecimal digits:
 *
 *   member PORT OWN-ID PEER-ID SEND-KEY RECEIVE-KEY NEXT-NUMBER LARGEST-NUMBER RECEIVED GRANTED SENT LIMIT
 *   go
 */
#include "crowd.h"
#include "datagrams.h"

#include <openssl/evp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

enum {
  SEALED = 0xfc, HEADER = 13, TAG = 16, ID = 8, KEY = 32,
  /* Frames (s. 10). */
  PADDING = 0, PING = 1, ACK = 2, FRAGMENT = 3, WINDOW = 4, PATH_CHALLENGE = 5, PATH_RESPONSE = 6, CLOSE = 7,
  RESET_TOKEN = 8, CANDIDATES = 9, NOTE = 11, CANDIDATE = 18,
  /* src/protocol/recovery/received-packets.ts, src/protocol/session/incoming-messages.ts */
  PACKETS_PER_ACK = 2, BYTES_PER_ACK = 1200, RECEIVE_WINDOW = 1 << 20,
  MAX_PACKET = 1200, LINE = 512,
  /* Bytes of a message that are enough to know its type and sequence number. */
  PREFIX = 48,
  /* Bytes of an encoded message. */
  MAX_MESSAGE = 128,
};
static const double ACK_DELAY = 0.025, KEEP_ALIVE = 15, RESEND_AFTER = 0.3;

struct member {
  int socket;
  unsigned char own_id[ID], peer_id[ID];
  EVP_CIPHER_CTX *seal, *open;
  uint64_t next_number;
  /* Packets from `first` to `largest` were received without a gap; none yet if first > largest. */
  uint64_t first, largest;
  double largest_at, sent_at, ack_at;
  unsigned eliciting, eliciting_bytes;
  int pinged, challenged, window_due;
  unsigned char challenge[8];
  /* Offsets in the stream of messages: received so far, and granted by the last WINDOW frame. */
  uint64_t received, granted;
  /* Of the message being received: its length prefix, the missing bytes, and its first ones. */
  unsigned char head[8];
  unsigned head_length, missing, prefix_length;
  char prefix[PREFIX + 1];
  uint64_t sequence;
};

static struct member *members;
static unsigned listeners;
static uint64_t stream_start, limit, sent, echoed;
static double progress_at;
static char message[MAX_MESSAGE];
static unsigned message_length;

/* Delayed ACKs, the earliest first. One was already sent if its member's ack_at is another time by now. */
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

/* Null if it is cut off. */
static const unsigned char *read_varint(const unsigned char *at, const unsigned char *end, uint64_t *value)
{
  if (at >= end || at + (1 << (*at >> 6)) > end) return NULL;
  int bytes = 1 << (*at >> 6);
  *value = *at & 0x3f;
  for (int index = 1; index < bytes; index += 1) *value = *value << 8 | at[index];
  return at + bytes;
}

static void protocol_error(unsigned member, const char *what)
{
  fprintf(stderr, "member %u: %s\n", member, what);
  exit(1);
}

static void make_nonce(uint64_t number, unsigned char nonce[12])
{
  memset(nonce, 0, 12);
  for (int index = 11; index > 3; index -= 1, number >>= 8) nonce[index] = number;
}

/* Seals and sends the frames that are behind the space for the header. */
static void send_packet(struct member *self, unsigned char *packet, const unsigned char *end)
{
  unsigned char nonce[12];
  int length = end - (packet + HEADER), more;
  uint64_t number = self->next_number++;
  packet[0] = SEALED;
  memcpy(packet + 1, self->peer_id, ID);
  for (int index = 12; index > 8; index -= 1, number >>= 8) packet[index] = number;
  make_nonce(self->next_number - 1, nonce);
  if (EVP_EncryptInit_ex(self->seal, NULL, NULL, NULL, nonce) != 1 ||
      EVP_EncryptUpdate(self->seal, NULL, &more, packet, HEADER) != 1 ||
      EVP_EncryptUpdate(self->seal, packet + HEADER, &length, packet + HEADER, length) != 1 ||
      EVP_EncryptFinal_ex(self->seal, packet + HEADER + length, &more) != 1 ||
      EVP_CIPHER_CTX_ctrl(self->seal, EVP_CTRL_GCM_GET_TAG, TAG, packet + HEADER + length) != 1) {
    fail("cannot seal");
  }
  send_datagram(self->socket, packet, HEADER + length + TAG);
}

static unsigned char *write_ack(struct member *self, unsigned char *at, double now)
{
  if (self->first > self->largest) return at;
  *at++ = ACK;
  at = write_varint(at, self->largest);
  at = write_varint(at, (now - self->largest_at) * 1e6);
  at = write_varint(at, 0);
  at = write_varint(at, self->largest - self->first);
  self->eliciting = self->eliciting_bytes = 0;
  self->ack_at = 0;
  return at;
}

/* Sends the due ACK, WINDOW, PATH_RESPONSE and PING in one packet. */
static void send_due(struct member *self, double now)
{
  unsigned char packet[256], *at = write_ack(self, packet + HEADER, now);
  if (self->window_due) {
    self->granted = self->received + RECEIVE_WINDOW;
    *at++ = WINDOW;
    at = write_varint(at, self->granted);
    self->window_due = 0;
  }
  if (self->challenged) {
    *at++ = PATH_RESPONSE;
    memcpy(at, self->challenge, 8);
    at += 8;
    self->challenged = 0;
  }
  if (self->pinged) {
    *at++ = PING;
    self->pinged = 0;
    self->sent_at = now;
  }
  if (at > packet + HEADER) send_packet(self, packet, at);
}

static void handle_message(unsigned member, struct member *self)
{
  /* A message is an array: the number of its author, its sequence, ... (s. 18.4). */
  const char *comma = self->prefix[0] == '[' ? strchr(self->prefix, ',') : NULL;
  if (comma == NULL) return;
  uint64_t sequence = strtoull(comma + 1, NULL, 10);
  if (self->sequence != 0 && sequence != self->sequence + 1) protocol_error(member, "the sequence has a gap");
  self->sequence = sequence;
  if (member < listeners) count_received(member, 1);
  else if (sent > echoed) {
    echoed += 1;
    progress_at = seconds();
  }
}

/* Reads the next bytes of the stream: messages, each behind its length. */
static void read_stream(unsigned member, const unsigned char *bytes, uint64_t length)
{
  struct member *self = &members[member];
  while (length > 0) {
    if (self->missing == 0) {
      uint64_t size;
      self->head[self->head_length++] = *bytes++;
      length -= 1;
      if (read_varint(self->head, self->head + self->head_length, &size) == NULL) continue;
      self->head_length = 0;
      self->missing = size;
      self->prefix_length = 0;
      continue;
    }
    unsigned part = length < self->missing ? length : self->missing;
    if (self->prefix_length < PREFIX) {
      unsigned copied = part < PREFIX - self->prefix_length ? part : PREFIX - self->prefix_length;
      memcpy(self->prefix + self->prefix_length, bytes, copied);
      self->prefix_length += copied;
      self->prefix[self->prefix_length] = '\0';
    }
    bytes += part;
    length -= part;
    self->missing -= part;
    if (self->missing == 0) handle_message(member, self);
  }
}

/* Reads frames. Returns 1 if they need an ACK, 0 if not, -1 if they arrive out of order. */
static int read_frames(unsigned member, const unsigned char *at, const unsigned char *end)
{
  struct member *self = &members[member];
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
      if (at == NULL || length > (uint64_t)(end - at)) protocol_error(member, "a fragment is cut off");
      if (value > self->received) return -1;
      if (value + length > self->received) {
        uint64_t known = self->received - value;
        self->received += length - known;
        read_stream(member, at + known, length - known);
      }
      at += length;
      if (self->received + RECEIVE_WINDOW - self->granted >= RECEIVE_WINDOW / 2) self->window_due = 1;
      break;
    case WINDOW:
      at = read_varint(at, end, &value);
      if (at != NULL && member == listeners && value > limit) limit = value;
      break;
    case PATH_CHALLENGE:
      memcpy(self->challenge, at, 8);
      self->challenged = 1;
      at += 8;
      break;
    case PATH_RESPONSE:
      at += 8;
      break;
    case RESET_TOKEN:
      at += 16;
      break;
    case NOTE:
      at = read_varint(at, end, &value);
      if (at != NULL) at = read_varint(at, end, &length);
      if (at == NULL || length > (uint64_t)(end - at)) protocol_error(member, "a note is cut off");
      at += length;
      break;
    case CANDIDATES:
      /* Where a member who has only a WebSocket would reach the server by UDP. */
      at = read_varint(at, end, &value);
      if (at != NULL) at = read_varint(at, end, &length);
      if (at != NULL) at += length * CANDIDATE;
      break;
    case CLOSE:
      protocol_error(member, "the server has ended the session");
      break;
    default:
      protocol_error(member, "an unknown frame");
    }
  }
  return eliciting;
}

static double received_at;

static void receive_packet(unsigned member, unsigned char *packet, int size)
{
  static unsigned char frames[LONGEST_DATAGRAM];
  double now = received_at;
  struct member *self = &members[member];
  unsigned char nonce[12];
  int length = size - HEADER - TAG, more;
  if (packet[0] != SEALED || length < 1 || memcmp(packet + 1, self->own_id, ID) != 0)
    protocol_error(member, "a packet of another type or session");
  uint64_t number = (uint64_t)packet[9] << 24 | packet[10] << 16 | packet[11] << 8 | packet[12];
  if (number <= self->largest && number >= self->first) return;
  make_nonce(number, nonce);
  if (EVP_DecryptInit_ex(self->open, NULL, NULL, NULL, nonce) != 1 ||
      EVP_DecryptUpdate(self->open, NULL, &more, packet, HEADER) != 1 ||
      EVP_DecryptUpdate(self->open, frames, &more, packet + HEADER, length) != 1 ||
      EVP_CIPHER_CTX_ctrl(self->open, EVP_CTRL_GCM_SET_TAG, TAG, packet + HEADER + length) != 1 ||
      EVP_DecryptFinal_ex(self->open, frames + more, &more) != 1) {
    protocol_error(member, "a packet cannot be opened");
  }
  int eliciting = read_frames(member, frames, frames + length);
  if (eliciting < 0) return;
  if (number != self->largest + 1) {
    /* Acknowledges what was received before the gap. */
    if (self->eliciting > 0) send_due(self, now);
    if (number < self->largest) return;
    self->first = number;
  }
  self->largest = number;
  self->largest_at = now;
  if (eliciting == 0) return;
  self->eliciting += 1;
  self->eliciting_bytes += size;
  if (self->ack_at == 0) {
    self->ack_at = now + ACK_DELAY;
    waiting[waiting_to % WAITING].member = member;
    waiting[waiting_to++ % WAITING].until = self->ack_at;
  }
}

void receive(unsigned member)
{
  struct member *self = &members[member];
  received_at = seconds();
  if (receive_datagrams(member, self->socket, receive_packet) == 0) return;
  note_activity();
  int enough = self->eliciting >= PACKETS_PER_ACK && self->eliciting_bytes > BYTES_PER_ACK;
  if (enough || self->window_due || self->challenged) send_due(self, received_at);
}

static void from_hexadecimal(const char *digits, unsigned char *into, int length)
{
  for (int index = 0; index < length; index += 1) sscanf(digits + 2 * index, "%2hhx", &into[index]);
}

static void add_member(unsigned member, int poller, const char *line)
{
  struct member *self = &members[member];
  char own_id[LINE], peer_id[LINE], send_key[LINE], receive_key[LINE];
  unsigned char key[KEY];
  int port;
  long next, largest;
  struct epoll_event event = { .events = EPOLLIN, .data.u32 = member };
  if (sscanf(line, "member %d %s %s %s %s %ld %ld %lu %lu %lu %lu", &port, own_id, peer_id, send_key, receive_key,
             &next, &largest, &self->received, &self->granted, &stream_start, &limit) != 11) {
    exit(2);
  }
  from_hexadecimal(own_id, self->own_id, ID);
  from_hexadecimal(peer_id, self->peer_id, ID);
  self->seal = EVP_CIPHER_CTX_new();
  self->open = EVP_CIPHER_CTX_new();
  from_hexadecimal(send_key, key, KEY);
  EVP_EncryptInit_ex(self->seal, EVP_aes_256_gcm(), NULL, key, NULL);
  from_hexadecimal(receive_key, key, KEY);
  EVP_DecryptInit_ex(self->open, EVP_aes_256_gcm(), NULL, key, NULL);
  self->next_number = next;
  self->largest = largest;
  self->first = largest + 1;
  self->socket = open_datagrams(member, port);
  if (epoll_ctl(poller, EPOLL_CTL_ADD, self->socket, &event) < 0) fail("epoll_ctl");
}

unsigned join(int poller)
{
  static char line[2 * LINE];
  unsigned count = 0, capacity = 1 << 14;
  members = allocate(capacity, sizeof *members);
  while (fgets(line, sizeof line, stdin) != NULL && strcmp(line, "go\n") != 0) add_member(count++, poller, line);
  listeners = count - 1;
  /* From the new address, which the server then validates. */
  for (unsigned member = 0; member < count; member += 1) {
    members[member].pinged = 1;
    send_due(&members[member], seconds());
  }
  return listeners;
}

/* All messages have the same length: their numbers have seven digits. */
static void write_message(uint64_t number)
{
  char text[65];
  memset(text, 'x', 64);
  text[64] = '\0';
  message_length = sprintf(message + 2, "[%lu,\"%s\"]", (unsigned long)(1000000 + number), text);
  message[0] = 0x40 | message_length >> 8;
  message[1] = message_length;
  message_length += 2;
}

/* Sends messages `from` to `to`, as many in a packet as fit. */
static void send_range(uint64_t from, uint64_t to)
{
  struct member *self = &members[listeners];
  double now = seconds();
  while (from < to) {
    unsigned char packet[MAX_PACKET], *at = write_ack(self, packet + HEADER, now);
    write_message(from);
    uint64_t count = (packet + MAX_PACKET - TAG - 13 - at) / message_length;
    if (count > to - from) count = to - from;
    if (stream_start + (from + count) * message_length > limit) protocol_error(listeners, "the server's window is full");
    *at++ = FRAGMENT;
    at = write_varint(at, stream_start + from * message_length);
    at = write_varint(at, count * message_length);
    for (; count > 0; count -= 1, from += 1) {
      write_message(from);
      memcpy(at, message, message_length);
      at += message_length;
    }
    send_packet(self, packet, at);
  }
  self->sent_at = progress_at = now;
}

void send_messages(unsigned messages)
{
  send_range(sent, sent + messages);
  sent += messages;
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
    send_due(&members[member], now);
  }
  if (sent > echoed && now - progress_at > RESEND_AFTER) send_range(echoed, sent);
  if (now - swept_at < 1) return;
  swept_at = now;
  for (unsigned member = 0; member <= listeners; member += 1) {
    struct member *self = &members[member];
    if (now - self->sent_at < KEEP_ALIVE) continue;
    self->pinged = 1;
    send_due(self, now);
  }
}
