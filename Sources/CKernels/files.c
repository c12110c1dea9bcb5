// Whole files in and out; gzip through the system's zlib, opened when the first compressed file is read.
#include "ckernels.h"
#include "stop.h"
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

// So many bytes are read, or handed to the disk and waited for, between looks at whether the thread is to stop.
#define SLICE ((int64_t)8 << 20)
// So many bytes are unpacked or summed up between looks.
#define PORTION ((int64_t)1 << 20)

uint8_t *ck_read_file(const char *path, int64_t *size, int *error) {
  // A pipe that nobody writes to would not open, or never end.
  int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  struct stat facts;
  *error = fd < 0 || fstat(fd, &facts) != 0 ? errno : S_ISDIR(facts.st_mode) ? EISDIR : 0;
  FILE *f = *error == 0 && S_ISREG(facts.st_mode) ? fdopen(fd, "rb") : NULL;
  if (!f) {
    if (fd >= 0) close(fd);
    return NULL;
  }
  int64_t room = 1 << 16, n = 0;
  uint8_t *data = malloc((size_t)room);
  int is_left = 0;
  while (data) {
    int64_t wanted = room - n > SLICE ? SLICE : room - n;
    int64_t got = (int64_t)fread(data + n, 1, (size_t)wanted, f);
    n += got;
    is_left = ck_must_stop();
    if (got < wanted || is_left) break;
    if (n < room) continue;
    room *= 2;
    uint8_t *more = realloc(data, (size_t)room);
    if (!more) free(data);
    data = more;
  }
  *error = !data ? ENOMEM : is_left ? ECANCELED : ferror(f) ? EIO : 0;
  fclose(f);
  if (*error) {
    free(data);
    return NULL;
  }
  *size = n;
  return data;
}

// What was written so far is on the disk; the last sync of a great file would otherwise take as long as all of it.
static int flush(int fd) {
#if defined(__linux__)
  return fdatasync(fd);
#else
  return fsync(fd);
#endif
}

int ck_write_file(const char *path, const void *const *parts, const int64_t *sizes, int count) {
  size_t length = strlen(path);
  char *name = malloc(length + 56);
  if (!name) return ENOMEM;
  // Threads that write to one path must not share the file beside it.
  static atomic_ulong writes;
  snprintf(name, length + 56, "%s.%ld.%lu.part", path, (long)getpid(), atomic_fetch_add(&writes, 1));
  int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  int error = fd < 0 ? errno : 0;
  for (int i = 0; i < count && !error; i++) {
    const char *p = parts[i];
    int64_t left = sizes[i];
    while (left > 0 && !error) {
      ssize_t n = write(fd, p, (size_t)(left > SLICE ? SLICE : left));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) {
        error = errno;
        break;
      }
      p += n;
      left -= n;
      if (left > 0) {
        if (flush(fd) != 0 && errno != EINVAL && errno != EINTR) error = errno;
        if (ck_must_stop()) error = ECANCELED;
      }
    }
  }
  if (fd >= 0) {
    if (!error && fsync(fd) != 0) error = errno;
    if (close(fd) != 0 && !error) error = errno;
    if (!error && rename(name, path) != 0) error = errno;
    if (error) unlink(name);
  }
  free(name);
  return error;
}

void ck_release(void *p) { free(p); }

// The part of zlib's stable interface that is used.
typedef struct {
  const uint8_t *next_in;
  unsigned avail_in;
  unsigned long total_in;
  uint8_t *next_out;
  unsigned avail_out;
  unsigned long total_out;
  const char *msg;
  void *state;
  void *(*zalloc)(void *, unsigned, unsigned);
  void (*zfree)(void *, void *);
  void *opaque;
  int data_type;
  unsigned long adler, reserved;
} z_stream;

// `window` as zlib's inflateInit2 takes it: the size of the window, and what stands around the stream.
static uint8_t *unpack(
  int window, const uint8_t *data, int64_t size, int64_t limit, int64_t *out_size, int *status) {
  static const char *names[] = {"libz.so.1", "libz.so", "libz.dylib", "libz.1.dylib"};
  void *library = NULL;
  for (int i = 0; i < 4 && !library; i++) library = dlopen(names[i], RTLD_NOW | RTLD_LOCAL);
  int (*init)(z_stream *, int, const char *, int) = NULL;
  int (*step)(z_stream *, int) = NULL;
  int (*reset)(z_stream *) = NULL;
  int (*end)(z_stream *) = NULL;
  if (library) {
    *(void **)&init = dlsym(library, "inflateInit2_");
    *(void **)&step = dlsym(library, "inflate");
    *(void **)&reset = dlsym(library, "inflateReset");
    *(void **)&end = dlsym(library, "inflateEnd");
  }
  if (!init || !step || !reset || !end) {
    *status = 1;
    return NULL;
  }
  z_stream z = {0};
  *status = 2;
  if (init(&z, window, "1.2.11", (int)sizeof z) != 0) return NULL;
  int64_t room = size * 4 + 65536, n = 0, taken = 0;
  uint8_t *out = malloc((size_t)room);
  int code = 0;
  while (out && code == 0) {
    if (n == room) {
      room = room > limit / 2 ? limit + PORTION : room * 2;
      uint8_t *more = realloc(out, (size_t)room);
      if (!more) free(out);
      out = more;
      if (!out) break;
    }
    unsigned in = size - taken > (1 << 30) ? 1u << 30 : (unsigned)(size - taken);
    unsigned space = room - n > PORTION ? (unsigned)PORTION : (unsigned)(room - n);
    z.next_in = data + taken;
    z.avail_in = in;
    z.next_out = out + n;
    z.avail_out = space;
    code = step(&z, 0);
    taken += in - z.avail_in;
    n += space - z.avail_out;
    if (n > limit) code = -100;
    if (ck_must_stop()) code = -103;
    if (code == 1 && window > 15) {  // a gzip file may have more members, and zeros behind the last
      int64_t next = taken;
      while (next < size && data[next] == 0) next++;
      if (next < size) {
        taken = next;
        code = size - next >= 2 && data[next] == 0x1f && data[next + 1] == 0x8b ? reset(&z) : -102;
        continue;
      }
    }
    if (code == 0 && taken == size && z.avail_out > 0) code = -101;  // ends in the middle
  }
  end(&z);
  if (code == 1 && out) {
    *status = 0;
    *out_size = n;
    return out;
  }
  free(out);
  if (code == -100) *status = 3;
  return NULL;
}

uint8_t *ck_gunzip(const uint8_t *data, int64_t size, int64_t limit, int64_t *out_size, int *status) {
  return unpack(15 + 16, data, size, limit, out_size, status);
}

uint8_t *ck_inflate(const uint8_t *data, int64_t size, int64_t limit, int64_t *out_size, int *status) {
  return unpack(-15, data, size, limit, out_size, status);
}

uint32_t ck_crc32(uint32_t crc, const void *data, int64_t count) {
  uint32_t table[256];
  for (uint32_t i = 0; i < 256; i++) {
    table[i] = i;
    for (int bit = 0; bit < 8; bit++) table[i] = table[i] >> 1 ^ (table[i] & 1 ? 0xedb88320u : 0);
  }
  const uint8_t *p = data;
  crc = ~crc;
  for (int64_t i = 0; i < count; i++) {
    if (i % PORTION == 0 && ck_must_stop()) break;
    crc = crc >> 8 ^ table[(crc ^ p[i]) & 255];
  }
  return ~crc;
}
