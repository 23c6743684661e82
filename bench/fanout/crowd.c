/* The load of bench/fanout: one member sends, the others listen, and this measures what they receive and when. Knows
 * no protocol. Reads commands from the standard input, one a line, and answers each with a line of numbers.
 *
 *   full PID WINDOW SECONDS    messages as fast as all receive them, at most WINDOW that a listener has not received
 *                              -> deliveries, seconds, the server's CPU s, this program's CPU s, lost
 *   paced PID RATE SECONDS     RATE messages a second
 *                              -> the same, then p50 and p99 from sending to receiving, ms
 *   rest SECONDS               nothing is sent until nothing was received for SECONDS -> 0
 */
#include "crowd.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <time.h>
#include <unistd.h>

enum {
  /* Messages that a listener has not received: more than any window, and than any listener's delay at a pace. */
  MAX_PENDING = 4096,
  EVENTS = 512,
  SAMPLES = 1 << 22,
};

/* Before the measurement; and the longest wait for the last messages after it, s. */
static const double WARM_UP = 1.0, TIMEOUT = 20.0;

static int queue;
static unsigned listeners;
static uint64_t sent, received_by_all;
static uint64_t *received_by;
/* By the number of a message: when it was sent, and how many listeners have not received it. */
static double sent_at[MAX_PENDING];
static unsigned pending[MAX_PENDING];
static uint64_t deliveries;
static float *samples;
static unsigned long sampled;
static int sampling;
static double now, active_at;

static double read_clock(clockid_t clock)
{
  struct timespec time;
  if (clock_gettime(clock, &time) < 0) fail("clock_gettime");
  return time.tv_sec + time.tv_nsec / 1e9;
}

double seconds(void)
{
  return read_clock(CLOCK_MONOTONIC);
}

void fail(const char *what)
{
  perror(what);
  exit(1);
}

void *allocate(unsigned long count, unsigned long size)
{
  void *memory = calloc(count, size);
  if (memory == NULL) fail("calloc");
  return memory;
}

void note_activity(void)
{
  active_at = now;
}

void count_received(unsigned listener, unsigned messages)
{
  deliveries += messages;
  for (; messages > 0; messages -= 1) {
    uint64_t message = received_by[listener]++;
    if (message >= sent) {
      fprintf(stderr, "listener %u has received more than was sent\n", listener);
      exit(1);
    }
    pending[message % MAX_PENDING] -= 1;
    if (sampling && sampled < SAMPLES)
      samples[sampled++] = (now - sent_at[message % MAX_PENDING]) * 1e3;
  }
  while (received_by_all < sent && pending[received_by_all % MAX_PENDING] == 0) received_by_all += 1;
}

static void send_more(unsigned messages)
{
  if (messages == 0) return;
  for (unsigned count = 0; count < messages; count += 1) {
    sent_at[sent % MAX_PENDING] = now;
    pending[sent % MAX_PENDING] = listeners;
    sent += 1;
  }
  send_messages(messages);
}

/* Reads what arrives within `timeout` ms. Returns whether something did. */
static int poll_events(int timeout)
{
  static struct epoll_event events[EVENTS];
  int count = epoll_wait(queue, events, EVENTS, timeout);
  now = seconds();
  for (int index = 0; index < count; index += 1) {
    receive(events[index].data.u32);
    now = seconds();
  }
  tick();
  return count > 0;
}

/* Reads until nothing has arrived for `silence` seconds. */
static void wait_quiet(double silence)
{
  for (active_at = now = seconds(); now - active_at < silence;) poll_events(10);
}

/* Sends as many messages as `due` returns, for `duration` seconds. */
static void run(double duration, unsigned (*due)(double))
{
  double start = now = seconds();
  while (now - start < duration) {
    send_more(due(now));
    poll_events(1);
  }
}

static unsigned window, paced_sent;
static double rate, paced_since;

static unsigned due_by_window(double time)
{
  (void)time;
  /* The whole window in one round: messages that may be sent at the same time are sent together. */
  return window - (unsigned)(sent - received_by_all);
}

static unsigned due_by_pace(double time)
{
  unsigned wanted = (unsigned)((time - paced_since) * rate);
  unsigned due = wanted - paced_sent;
  if (due == 0 || sent - received_by_all + due > MAX_PENDING) return 0;
  paced_sent = wanted;
  return due;
}

static int by_size(const void *one, const void *other)
{
  float difference = *(const float *)one - *(const float *)other;
  return (difference > 0) - (difference < 0);
}

static void measure(int pid, double duration, unsigned (*due)(double))
{
  clockid_t server;
  if (clock_getcpuclockid(pid, &server) != 0) fail("clock_getcpuclockid");
  paced_since = seconds();
  paced_sent = 0;
  run(WARM_UP, due);
  sampling = due == due_by_pace;
  sampled = 0;
  uint64_t before = deliveries;
  double start = seconds(), server_cpu = read_clock(server), own_cpu = read_clock(CLOCK_PROCESS_CPUTIME_ID);
  run(duration, due);
  printf("%lu %f %f %f", (unsigned long)(deliveries - before), seconds() - start, read_clock(server) - server_cpu,
         read_clock(CLOCK_PROCESS_CPUTIME_ID) - own_cpu);
  double end = seconds();
  while (received_by_all < sent && seconds() - end < TIMEOUT) poll_events(10);
  unsigned long lost = 0;
  for (unsigned listener = 0; listener < listeners; listener += 1) lost += sent - received_by[listener];
  printf(" %lu", lost);
  if (sampling) {
    qsort(samples, sampled, sizeof *samples, by_size);
    printf(" %f %f", samples[sampled / 2], samples[sampled * 99 / 100]);
  }
  sampling = 0;
  printf("\n");
  if (lost > 0) exit(1);
}

int main(void)
{
  setvbuf(stdout, NULL, _IOLBF, 0);
  /* Unbuffered, because poll(2) does not see lines that wait in a buffer. */
  setvbuf(stdin, NULL, _IONBF, 0);
  samples = allocate(SAMPLES, sizeof *samples);
  queue = epoll_create1(0);
  if (queue < 0) fail("epoll_create1");
  now = seconds();
  listeners = join(queue);
  received_by = allocate(listeners, sizeof *received_by);
  wait_quiet(0.5);
  printf("%u\n", listeners);

  char line[256];
  struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
  for (;;) {
    int pid;
    double duration;
    poll_events(10);
    if (poll(&input, 1, 0) == 0) continue;
    if (fgets(line, sizeof line, stdin) == NULL) return 0;
    if (sscanf(line, "full %d %u %lf", &pid, &window, &duration) == 3) {
      measure(pid, duration, due_by_window);
    } else if (sscanf(line, "paced %d %lf %lf", &pid, &rate, &duration) == 3) {
      measure(pid, duration, due_by_pace);
    } else if (sscanf(line, "rest %lf", &duration) == 1) {
      wait_quiet(duration);
      printf("0\n");
    } else return 2;
  }
}
