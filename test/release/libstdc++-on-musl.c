// What Debian's libstdc++ and libgcc take from glibc and musl lacks, so that a program for musl starts here, with musl's
// loader: only Alpine has a libstdc++ for musl. For tests of one short command.
typedef unsigned long size_t;

char __libc_single_threaded = 0;
int __cpu_model[4];
int __cpu_indicator_init(void) { return 0; }
int _dl_find_object(void *address, void *result) { return -1; }

// Destructors of threads are not called.
int __cxa_thread_atexit_impl(void (*destructor)(void *), void *object, void *handle) { return 0; }

size_t strftime_l(char *, size_t, const char *, const void *, void *);
size_t __strftime_l(char *text, size_t size, const char *format, const void *time, void *locale) {
  return strftime_l(text, size, format, time, locale);
}

long getrandom(void *, size_t, unsigned);
unsigned arc4random(void) {
  unsigned value;
  getrandom(&value, sizeof value, 0);
  return value;
}
