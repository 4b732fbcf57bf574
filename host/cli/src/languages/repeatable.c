// Loaded into a tool that runs a step's code while it builds, so that what it makes is the same each time: the clock stands still,
// random numbers follow from REENTRY_SEED, and files have no times and no numbers of their own. What the step draws when it runs comes
// from its host.
//
// Clocks and random numbers are asked for through libc. Files are asked for by system calls that no library can stand in for: of these
// the kernel hands over each `statx` and `getdents64` as a signal.
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <time.h>
#include <ucontext.h>
#include <unistd.h>

// 2000-01-01T00:00:00Z
#define NOW 946684800

// Asked so often, code waits for the clock to go on.
#define READ_OFTEN 1000000

// How much of a folder libc reads at once.
#define LIBRARY_READS 32768

// The sixth argument, which neither of the two calls has, of those that are let through.
#define LET_THROUGH 0x72656570

#if defined(__x86_64__)
#define REGISTERS(context) (context)->uc_mcontext.gregs
#define ARGUMENTS {REG_RDI, REG_RSI, REG_RDX, REG_R10, REG_R8}
#define RESULT REG_RAX
#elif defined(__aarch64__)
#define REGISTERS(context) (context)->uc_mcontext.regs
#define ARGUMENTS {0, 1, 2, 3, 4}
#define RESULT 0
#else
#error "the registers of this processor are not known"
#endif

// Where the program itself is, when it is Node: that needs its clock to work, and other numbers each time for its temporary files.
static uintptr_t node_begin, node_end;

static int note_program(struct dl_phdr_info *program, size_t size, void *unused) {
  (void)size, (void)unused;
  node_begin = UINTPTR_MAX;
  for (int i = 0; i < program->dlpi_phnum; i++) {
    const ElfW(Phdr) *part = &program->dlpi_phdr[i];
    if (part->p_type == PT_LOAD) {
      uintptr_t begin = program->dlpi_addr + part->p_vaddr, end = begin + part->p_memsz;
      node_begin = begin < node_begin ? begin : node_begin;
      node_end = end > node_end ? end : node_end;
    }
  }
  return 1; // The program is the first one in the list.
}

// What random numbers begin with, each time that some are asked for, as threads ask in no certain order.
static uint64_t seed;

static uint64_t next_random(uint64_t *state) {
  uint64_t z = *state += 0x9e3779b97f4a7c15;
  z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9;
  z = (z ^ (z >> 27)) * 0x94d049bb133111eb;
  return z ^ (z >> 31);
}

static int is_node(void *caller) { return (uintptr_t)caller >= node_begin && (uintptr_t)caller < node_end; }

ssize_t getrandom(void *to, size_t size, unsigned flags) {
  if (is_node(__builtin_return_address(0))) {
    return syscall(SYS_getrandom, to, size, flags);
  }
  uint64_t state = seed;
  for (size_t i = 0; i < size; i++) {
    ((unsigned char *)to)[i] = (unsigned char)next_random(&state);
  }
  return (ssize_t)size;
}

int clock_gettime(clockid_t clock, struct timespec *now) {
  static atomic_long reads;
  if (is_node(__builtin_return_address(0)) || (clock != CLOCK_REALTIME && clock != CLOCK_MONOTONIC)) {
    return (int)syscall(SYS_clock_gettime, clock, now);
  }
  long late = atomic_fetch_add(&reads, 1) - READ_OFTEN;
  now->tv_sec = NOW + (late > 0 ? late : 0);
  now->tv_nsec = 0;
  return 0;
}

static void without_times(struct statx *file) {
  struct statx_timestamp then = {.tv_sec = NOW};
  file->stx_atime = file->stx_btime = file->stx_ctime = file->stx_mtime = then;
  file->stx_ino = file->stx_nlink = 1;
  file->stx_dev_major = file->stx_dev_minor = 0;
  if ((file->stx_mode & S_IFMT) == S_IFDIR) {
    file->stx_size = file->stx_blocks = 0;
  }
}

static int by_name(const void *left, const void *right) {
  return strcmp((*(struct dirent64 *const *)left)->d_name, (*(struct dirent64 *const *)right)->d_name);
}

// All entries of an open folder, one after another in memory of their own, and how many bytes they have; negative if they cannot be read.
static long all_entries(int folder, char **entries) {
  int again = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  long size = 0, room = 0, got = again;
  while (again >= 0) {
    if (room - size < 32768) {
      room = 2 * room + 65536;
      char *more = realloc(*entries, (size_t)room);
      if (more == NULL) {
        got = -1;
        break;
      }
      *entries = more;
    }
    got = syscall(SYS_getdents64, again, *entries + size, room - size, 0, 0, LET_THROUGH);
    if (got <= 0) {
      break;
    }
    size += got;
  }
  if (again >= 0) {
    close(again);
  }
  return got < 0 ? got : size;
}

// What `getdents64` does, in the order of the names. The place in an open folder is the number of entries that were read.
static long entries_in_order(int folder, char *to, size_t room) {
  char *entries = NULL;
  struct dirent64 **sorted = NULL;
  long size = all_entries(folder, &entries), count = 0, taken = 0;
  for (long at = 0; at < size; at += ((struct dirent64 *)(entries + at))->d_reclen) {
    count++;
  }
  off64_t place = lseek64(folder, 0, SEEK_CUR);
  if (size < 0 || place < 0 || (count > 0 && (sorted = malloc((size_t)count * sizeof *sorted)) == NULL)) {
    errno = EIO;
    taken = -1;
  } else {
    for (long at = 0, i = 0; i < count; at += sorted[i++]->d_reclen) {
      sorted[i] = (struct dirent64 *)(entries + at);
    }
    if (count > 0) {
      qsort(sorted, (size_t)count, sizeof *sorted, by_name);
    }
    for (; place < count && (size_t)taken + sorted[place]->d_reclen <= room; place++) {
      sorted[place]->d_ino = 1;
      sorted[place]->d_off = place + 1;
      memcpy(to + taken, sorted[place], sorted[place]->d_reclen);
      taken += sorted[place]->d_reclen;
    }
    lseek64(folder, place, SEEK_SET);
    if (taken == 0 && place < count) {
      errno = EINVAL;
      taken = -1;
    }
  }
  free(sorted), free(entries);
  return taken;
}

static void answer(int signal, siginfo_t *info, void *context) {
  static const int registers[] = ARGUMENTS;
  (void)signal;
  int before = errno;
  long arguments[5], result;
  for (int i = 0; i < 5; i++) {
    arguments[i] = (long)REGISTERS((ucontext_t *)context)[registers[i]];
  }
  // Node has this only from a program that called it. The large reads are those of libc: the tool's own, which may remove what it has
  // read, so that a number would be no place.
  if (info->si_syscall == SYS_getdents64 && node_end == 0 && arguments[2] < LIBRARY_READS) {
    result = entries_in_order((int)arguments[0], (char *)arguments[1], (size_t)arguments[2]);
  } else {
    result = syscall(info->si_syscall, arguments[0], arguments[1], arguments[2], arguments[3], arguments[4], LET_THROUGH);
  }
  if (result < 0) {
    result = -errno;
  } else if (info->si_syscall == SYS_statx && node_end == 0) {
    without_times((struct statx *)arguments[4]);
  }
  REGISTERS((ucontext_t *)context)[RESULT] = result;
  errno = before;
}

static int answer_file_calls(void) {
  struct sigaction action = {.sa_sigaction = answer, .sa_flags = SA_SIGINFO | SA_NODEFER | SA_RESTART | SA_ONSTACK};
  return sigaction(SIGSYS, &action, NULL) == 0;
}

static int hand_over_file_calls(void) {
  struct sock_filter rules[] = {
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_statx, 1, 0),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getdents64, 0, 2),
      BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[5])),
      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, LET_THROUGH, 0, 1),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_TRAP),
  };
  struct sock_fprog program = {.len = sizeof rules / sizeof *rules, .filter = rules};
  return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

__attribute__((constructor)) static void begin(void) {
  const char *text = getenv("REENTRY_SEED");
  for (; text != NULL && *text != '\0'; text++) {
    seed ^= (unsigned char)*text;
    seed = next_random(&seed);
  }
  int node = strncmp(program_invocation_short_name, "node", 4) == 0;
  if (node) {
    dl_iterate_phdr(note_program, NULL);
  }
  if (!answer_file_calls() || (!node && !hand_over_file_calls())) {
    static const char note[] = "note: this system lets no program watch its own calls; another build may make another component\n";
    (void)!write(STDERR_FILENO, note, sizeof note - 1);
  }
}
