/* The load of bench/fanout: one member talks, the others listen, and this counts what they hear and when. Knows
 * no protocol. Asked on the standard input, a line each; answers with a line of numbers.
 *
 *   full PID WINDOW SECONDS    messages as fast as all hear them, at most WINDOW that some listener has not heard
 *                              -> deliveries, seconds, server's CPU s, own CPU s, lost
 *   paced PID RATE SECONDS     so many messages a second
 *                              -> the same, then p50 and p99 from said to heard, ms
 *   rest SECONDS               nothing is said -> 0
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
  /* Messages that some listener has not heard: more than any window, and at a pace nobody is so far behind. */
  MOST_UNHEARD = 4096,
  EVENTS = 512,
  SAMPLES = 1 << 22,
};

/* Before what counts, and at most until all has been heard, s. */
static const double WARM_UP = 1.0, PATIENCE = 20.0;

static int queue;
static unsigned listeners;
static uint64_t said, heard_by_all;
static uint64_t *heard_by;
/* By the number of a message: when it was said, and how many have not heard it. */
static double said_at[MOST_UNHEARD];
static unsigned unheard[MOST_UNHEARD];
static uint64_t deliveries;
static float *samples;
static unsigned long sampled;
static int sampling;
static double now, stirred_at;

static double clock_of(clockid_t clock)
{
  struct timespec time;
  if (clock_gettime(clock, &time) < 0) fail("clock_gettime");
  return time.tv_sec + time.tv_nsec / 1e9;
}

double seconds(void)
{
  return clock_of(CLOCK_MONOTONIC);
}

void fail(const char *what)
{
  perror(what);
  exit(1);
}

void *reserve(unsigned long count, unsigned long size)
{
  void *room = calloc(count, size);
  if (room == NULL) fail("calloc");
  return room;
}

void stirred(void)
{
  stirred_at = now;
}

void heard(unsigned listener, unsigned messages)
{
  deliveries += messages;
  for (; messages > 0; messages -= 1) {
    uint64_t message = heard_by[listener]++;
    if (message >= said) {
      fprintf(stderr, "listener %u has heard more than was said\n", listener);
      exit(1);
    }
    unheard[message % MOST_UNHEARD] -= 1;
    if (sampling && sampled < SAMPLES)
      samples[sampled++] = (now - said_at[message % MOST_UNHEARD]) * 1e3;
  }
  while (heard_by_all < said && unheard[heard_by_all % MOST_UNHEARD] == 0) heard_by_all += 1;
}

static void say_more(unsigned messages)
{
  if (messages == 0) return;
  for (unsigned count = 0; count < messages; count += 1) {
    said_at[said % MOST_UNHEARD] = now;
    unheard[said % MOST_UNHEARD] = listeners;
    said += 1;
  }
  say(messages);
}

/* What is there to read now, after at most so many ms: whether there was something. */
static int take(int patience)
{
  static struct epoll_event events[EVENTS];
  int count = epoll_wait(queue, events, EVENTS, patience);
  now = seconds();
  for (int index = 0; index < count; index += 1) {
    receive(events[index].data.u32);
    now = seconds();
  }
  tick();
  return count > 0;
}

/* Until nothing has come for so many seconds. */
static void rest(double silence)
{
  for (stirred_at = now = seconds(); now - stirred_at < silence;) take(10);
}

/* Says what `due` lets it, for so many seconds. */
static void talk(double duration, unsigned (*due)(double))
{
  double start = now = seconds();
  while (now - start < duration) {
    say_more(due(now));
    take(1);
  }
}

static unsigned window, begun;
static double rate, paced_since;

static unsigned due_by_window(double time)
{
  (void)time;
  /* No more than what fits one round, so that all that became ready together is said together. */
  return window - (unsigned)(said - heard_by_all);
}

static unsigned due_by_pace(double time)
{
  unsigned wanted = (unsigned)((time - paced_since) * rate);
  unsigned due = wanted - begun;
  if (due == 0 || said - heard_by_all + due > MOST_UNHEARD) return 0;
  begun = wanted;
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
  begun = 0;
  talk(WARM_UP, due);
  sampling = due == due_by_pace;
  sampled = 0;
  uint64_t before = deliveries;
  double start = seconds(), its = clock_of(server), own = clock_of(CLOCK_PROCESS_CPUTIME_ID);
  talk(duration, due);
  printf("%lu %f %f %f", (unsigned long)(deliveries - before), seconds() - start, clock_of(server) - its,
         clock_of(CLOCK_PROCESS_CPUTIME_ID) - own);
  double end = seconds();
  while (heard_by_all < said && seconds() - end < PATIENCE) take(10);
  unsigned long lost = 0;
  for (unsigned listener = 0; listener < listeners; listener += 1) lost += said - heard_by[listener];
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
  /* Lines are read one by one, and poll(2) knows of none that wait in a buffer. */
  setvbuf(stdin, NULL, _IONBF, 0);
  samples = reserve(SAMPLES, sizeof *samples);
  queue = epoll_create1(0);
  if (queue < 0) fail("epoll_create1");
  now = seconds();
  listeners = join(queue);
  heard_by = reserve(listeners, sizeof *heard_by);
  rest(0.5);
  printf("%u\n", listeners);

  char line[256];
  struct pollfd input = { .fd = STDIN_FILENO, .events = POLLIN };
  for (;;) {
    int pid;
    double duration;
    take(10);
    if (poll(&input, 1, 0) == 0) continue;
    if (fgets(line, sizeof line, stdin) == NULL) return 0;
    if (sscanf(line, "full %d %u %lf", &pid, &window, &duration) == 3) {
      measure(pid, duration, due_by_window);
    } else if (sscanf(line, "paced %d %lf %lf", &pid, &rate, &duration) == 3) {
      measure(pid, duration, due_by_pace);
    } else if (sscanf(line, "rest %lf", &duration) == 1) {
      rest(duration);
      printf("0\n");
    } else return 2;
  }
}
