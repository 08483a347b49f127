# What the supervisor of a container under proot does; see __init__.py. Registers: rbp the stack
# at the start (argc, argv, envp), r12 envp, ebx the process that the container was made for.
.intel_syntax noprefix
.globl _start
_start:
  mov rbp, rsp
  mov rax, [rbp]
  lea r12, [rbp+rax*8+16]
  mov eax, 157              # prctl(PR_SET_PDEATHSIG, SIGKILL): end when proot does
  mov edi, 1
  mov esi, 9
  syscall
  mov eax, 157              # prctl(PR_SET_CHILD_SUBREAPER, 1): orphans come here, not to the host
  mov edi, 36
  mov esi, 1
  syscall
  mov eax, 57               # fork()
  syscall
  test eax, eax
  jz child
  mov ebx, eax
  push rax
  call tell                 # its pid
again:
  mov eax, 61               # wait4(-1, &status, 0, 0)
  mov rdi, -1
  mov rsi, rsp
  xor edx, edx
  xor r10d, r10d
  syscall
  cmp eax, ebx
  jne again
  call tell                 # its wait status
  xor edi, edi
  jmp leave
tell:
  mov eax, 1                # write(3, top of the stack, 4)
  mov edi, 3
  lea rsi, [rsp+8]
  mov edx, 4
  syscall
  ret
child:
  mov eax, 157              # prctl(PR_SET_PDEATHSIG, SIGKILL)
  mov edi, 1
  mov esi, 9
  syscall
  mov eax, 112              # setsid()
  syscall
  mov eax, 16               # ioctl(0, TIOCSCTTY, 0): without a terminal this fails, as it may
  xor edi, edi
  mov esi, 0x540e
  xor edx, edx
  syscall
  mov eax, 72               # fcntl(3, F_SETFD, FD_CLOEXEC)
  mov edi, 3
  mov esi, 2
  mov edx, 1
  syscall
  mov eax, 59               # execve(argv[1], argv + 2, envp)
  mov rdi, [rbp+16]
  lea rsi, [rbp+24]
  mov rdx, r12
  syscall
  push rax
  call tell                 # why not: a negative errno
  mov edi, 255
leave:
  mov eax, 231              # exit_group(edi)
  syscall
