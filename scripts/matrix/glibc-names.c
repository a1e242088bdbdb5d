// The names of glibc that Debian's libstdc++ and libgcc ask for and musl lacks, so that programs of musl can use them. For the tests of
// these programs only.
#define _GNU_SOURCE
#include <pthread.h>
#include <stdlib.h>
#include <sys/auxv.h>
#include <time.h>
#include <unistd.h>

char __libc_single_threaded = 0;
int __cpu_model[4];
int __cpu_indicator_init(void) { return 0; }

// No unwinding through this libgcc: the programs bring their own or throw nothing.
int _dl_find_object(void* pc, void* result) {
  (void)pc, (void)result;
  return -1;
}

size_t __strftime_l(char* to, size_t size, const char* format, const struct tm* time, locale_t locale) {
  return strftime_l(to, size, format, time, locale);
}

unsigned long __getauxval(unsigned long type) { return getauxval(type); }

unsigned arc4random(void) {
  unsigned value = 0;
  if (getentropy(&value, sizeof value) != 0) abort();
  return value;
}

struct destructor {
  void (*run)(void*);
  void* object;
  struct destructor* next;
};
static pthread_key_t destructors;
static pthread_once_t once = PTHREAD_ONCE_INIT;

static void run_all(void* first) {
  for (struct destructor *next, *one = first; one != NULL; one = next) {
    next = one->next;
    one->run(one->object);
    free(one);
  }
}
static void make_key(void) { pthread_key_create(&destructors, run_all); }

int __cxa_thread_atexit_impl(void (*run)(void*), void* object, void* library) {
  (void)library;
  pthread_once(&once, make_key);
  struct destructor* one = malloc(sizeof *one);
  if (one == NULL) return -1;
  *one = (struct destructor){run, object, pthread_getspecific(destructors)};
  return pthread_setspecific(destructors, one);
}
