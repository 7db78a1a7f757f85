"""The system calls that a program in the sandbox may make: a list of what is allowed, compiled for the kernel.

What is not named is refused with EPERM, so that a system call which a newer kernel brings is refused as well, and a
library that tries one and can do without goes on. Named is what CPython needs to compute, to keep files in its own
folder and to run threads. Not named, among others: sockets (a pair of connected ones is allowed, for event loops),
starting a program, signals to anybody, tracing, mounts, name spaces, kernel keys, shared memory of System V, files in
memory that no limit counts, io_uring and BPF.

The filter is classic BPF as seccomp(2) describes it, for x86-64 and for 64-bit ARM.
"""

from __future__ import annotations

import errno
import platform
import struct

# Name, number on x86-64, number on 64-bit ARM; a dash where the machine has no such call.
_ALLOWED = """
read 0 63, write 1 64, readv 19 65, writev 20 66, pread64 17 67, pwrite64 18 68, preadv 295 69, pwritev 296 70,
preadv2 327 286, pwritev2 328 287, lseek 8 62, sendfile 40 71, copy_file_range 326 285, fsync 74 82, fdatasync 75 83,
close 3 57, close_range 436 436, dup 32 23, dup2 33 -, dup3 292 24, pipe 22 -, pipe2 293 59, fcntl 72 25, ioctl 16 29,
flock 73 32,
open 2 -, openat 257 56, creat 85 -, access 21 -, faccessat 269 48, faccessat2 439 439, stat 4 -, fstat 5 80,
lstat 6 -, newfstatat 262 79, statx 332 291, statfs 137 43, fstatfs 138 44, getdents 78 -, getdents64 217 61,
readlink 89 -, readlinkat 267 78, getcwd 79 17, chdir 80 49, fchdir 81 50, mkdir 83 -, mkdirat 258 34, rmdir 84 -,
unlink 87 -, unlinkat 263 35, rename 82 -, renameat 264 38, renameat2 316 276, link 86 -, linkat 265 37, symlink 88 -,
symlinkat 266 36, chmod 90 -, fchmod 91 52, fchmodat 268 53, umask 95 166, truncate 76 45, ftruncate 77 46,
fallocate 285 47, fadvise64 221 223, utimensat 280 88,
brk 12 214, mmap 9 222, mprotect 10 226, munmap 11 215, mremap 25 216, madvise 28 233, msync 26 227, mincore 27 232,
membarrier 324 283,
rt_sigaction 13 134, rt_sigprocmask 14 135, rt_sigreturn 15 139, rt_sigpending 127 136, rt_sigtimedwait 128 137,
rt_sigsuspend 130 133, sigaltstack 131 132, pause 34 -, restart_syscall 219 128,
gettimeofday 96 169, clock_gettime 228 113, clock_getres 229 114, clock_nanosleep 230 115, nanosleep 35 101,
alarm 37 -, getitimer 36 102, setitimer 38 103, times 100 153, time 201 -,
poll 7 -, ppoll 271 73, select 23 -, pselect6 270 72, epoll_create 213 -, epoll_create1 291 20, epoll_ctl 233 21,
epoll_wait 232 -, epoll_pwait 281 22, eventfd2 290 19,
sendto 44 206, recvfrom 45 207, shutdown 48 210, getsockopt 55 209,
exit 60 93, exit_group 231 94, getpid 39 172, getppid 110 173, gettid 186 178, getuid 102 174, geteuid 107 175,
getgid 104 176, getegid 108 177, getgroups 115 158, getresuid 118 148, getresgid 120 150, getpgid 121 155,
getpgrp 111 -, getsid 124 156, uname 63 160, sysinfo 99 179, getrandom 318 278, getrusage 98 165, getrlimit 97 163,
getcpu 309 168, arch_prctl 158 -, sched_yield 24 124, sched_getaffinity 204 123,
futex 202 98, set_tid_address 218 96, set_robust_list 273 99, get_robust_list 274 100, rseq 334 293,
wait4 61 260, waitid 247 95
"""
_COLUMNS = {"x86_64": 1, "aarch64": 2}
_AUDIT_ARCH = {"x86_64": 0xC000003E, "aarch64": 0xC00000B7}
_CLONE = {"x86_64": 56, "aarch64": 220}
_SOCKETPAIR = {"x86_64": 53, "aarch64": 199}
_PRLIMIT64 = {"x86_64": 302, "aarch64": 261}
_CLONE3 = 435

_CLONE_THREAD = 0x00010000
_CLONE_NEW_ANYTHING = 0x7E020000  # user, pid, network, mount, ipc, uts and cgroup name spaces
_AF_UNIX, _SOCK_STREAM, _SOCK_TYPE = 1, 1, 0xF

_LOAD, _AND, _EQUAL, _ANY_BIT, _RETURN = 0x20, 0x54, 0x15, 0x45, 0x06
_NUMBER, _ARCH, _FIRST, _SECOND = 0, 4, 16, 24  # where in struct seccomp_data the lower half of each word lies
_ALLOW, _KILL, _ERRNO = 0x7FFF0000, 0x80000000, 0x00050000
_REFUSE = _ERRNO | errno.EPERM

Instruction = tuple[int, int, int, int]  # code, jump if true, jump if false, operand
# Two connected stream sockets are allowed: datagram ones could still be sent elsewhere.
_STREAM_PAIR: list[Instruction] = [
    (_LOAD, 0, 0, _FIRST),
    (_EQUAL, 1, 0, _AF_UNIX),
    (_RETURN, 0, 0, _REFUSE),
    (_LOAD, 0, 0, _SECOND),
    (_AND, 0, 0, _SOCK_TYPE),
    (_EQUAL, 0, 1, _SOCK_STREAM),
    (_RETURN, 0, 0, _ALLOW),
    (_RETURN, 0, 0, _REFUSE),
]


def supported() -> bool:
    """Return whether this module knows the numbers of the system calls on this kind of machine."""
    return platform.machine() in _COLUMNS


def compiled(*, processes: bool) -> bytes:
    """Return the filter as an array of `struct sock_filter`; `processes` allows to fork."""
    machine = platform.machine()
    column = _COLUMNS[machine]
    numbers = [call.split()[column] for call in _ALLOWED.replace("\n", " ").split(",")]
    only_itself = [(_LOAD, 0, 0, _FIRST), (_EQUAL, 0, 1, 0), (_RETURN, 0, 0, _ALLOW), (_RETURN, 0, 0, _REFUSE)]
    no_process: list[Instruction] = [(_ANY_BIT, 1, 0, _CLONE_THREAD), (_RETURN, 0, 0, _REFUSE)]
    clone: list[Instruction] = [  # threads, and processes if allowed; never with a name space of their own
        (_LOAD, 0, 0, _FIRST),
        (_ANY_BIT, 0, 1, _CLONE_NEW_ANYTHING),
        (_RETURN, 0, 0, _REFUSE),
        *([] if processes else no_process),
        (_RETURN, 0, 0, _ALLOW),
    ]
    program: list[Instruction] = [
        (_LOAD, 0, 0, _ARCH),
        (_EQUAL, 1, 0, _AUDIT_ARCH[machine]),
        (_RETURN, 0, 0, _KILL),
        (_LOAD, 0, 0, _NUMBER),
        *_when(_CLONE3, [(_RETURN, 0, 0, _ERRNO | errno.ENOSYS)]),  # its flags lie in memory: libraries then use clone
        *_when(_CLONE[machine], clone),
        *_when(_PRLIMIT64[machine], only_itself),
        *_when(_SOCKETPAIR[machine], _STREAM_PAIR),
    ]
    for number in numbers:
        if number != "-":
            program += _when(int(number), [(_RETURN, 0, 0, _ALLOW)])
    program.append((_RETURN, 0, 0, _REFUSE))
    return b"".join(struct.pack("=HBBI", *instruction) for instruction in program)


def _when(number: int, then: list[Instruction]) -> list[Instruction]:
    return [(_EQUAL, 0, len(then), number), *then]
