// The guest of the plugin tests in test/plugins: written in assembly, so that every instruction, address and access is
// known. What it does depends on the number of arguments:
//
//   0  100 rounds of "loop", 10 calls of "leaf", exit 0
//   1  then forks: the child calls "leaf" 3 times and exits 3, the parent waits for it and exits 0
//   2  then executes itself without arguments
//   3  then stores to a page that is not mapped, 4 times; the handler skips the store
//   4  then dies of SIGTERM
//   5  then does 1000000 rounds of "spin"
// CFLAGS: -nostdlib -nostartfiles -Wl,-Ttext=0x10000,-Tdata=0x20000,--build-id=none

__asm__(
	".option norvc\n"
	".option norelax\n"
	".text\n"
	".globl _start\n"
	".type _start, @function\n"
	"_start:\n"
	"	lui  s0, 0x20\n"         // 10000
	"	addi s1, zero, 100\n"    // 10004
	".type loop, @function\n"
	"loop:\n"
	"	ld   t0, 0(s0)\n"        // 10008
	"	addi t0, t0, 1\n"        // 1000c
	"	sd   t0, 0(s0)\n"        // 10010
	"	addi s1, s1, -1\n"       // 10014
	"	bne  s1, zero, loop\n"   // 10018
	"	addi s2, zero, 10\n"     // 1001c
	"again:\n"
	"	jal  ra, leaf\n"         // 10020
	"	addi s2, s2, -1\n"       // 10024
	"	bne  s2, zero, again\n"  // 10028
	"	ld   s3, 0(sp)\n"        // 1002c
	"	addi t1, zero, 2\n"      // 10030
	"	beq  s3, t1, forks\n"    // 10034
	"	addi t1, zero, 3\n"      // 10038
	"	beq  s3, t1, execs\n"    // 1003c
	"	addi t1, zero, 4\n"      // 10040
	"	beq  s3, t1, faults\n"   // 10044
	"	addi t1, zero, 5\n"      // 10048
	"	beq  s3, t1, dies\n"     // 1004c
	"	addi t1, zero, 6\n"      // 10050
	"	beq  s3, t1, spins\n"    // 10054
	".type quit, @function\n"
	"quit:\n"
	"	addi a0, zero, 0\n"      // 10058
	"	addi a7, zero, 94\n"     // 1005c exit_group
	"	ecall\n"                 // 10060
	".size _start, .-_start\n"

	".balign 64\n"
	".type leaf, @function\n"
	"leaf:\n"
	"	lui  t0, 0x22\n"         // 10080
	"	lw   t1, 0(t0)\n"        // 10084
	"	sw   t1, 4(t0)\n"        // 10088
	"	jalr zero, 0(ra)\n"      // 1008c
	".size leaf, .-leaf\n"

	".balign 64\n"
	".type forks, @function\n"
	"forks:\n"
	"	addi a0, zero, 17\n"     // 100c0 SIGCHLD
	"	addi a1, zero, 0\n"
	"	addi a2, zero, 0\n"
	"	addi a3, zero, 0\n"
	"	addi a4, zero, 0\n"
	"	addi a7, zero, 220\n"    // clone
	"	ecall\n"
	"	beq  a0, zero, child\n"  // 100dc
	"	addi a0, zero, -1\n"
	"	addi a1, zero, 0\n"
	"	addi a2, zero, 0\n"
	"	addi a3, zero, 0\n"
	"	addi a7, zero, 260\n"    // wait4
	"	ecall\n"
	"	jal  zero, quit\n"
	"child:\n"
	"	jal  ra, leaf\n"         // 100fc
	"	jal  ra, leaf\n"
	"	jal  ra, leaf\n"
	"	addi a0, zero, 3\n"
	"	addi a7, zero, 94\n"
	"	ecall\n"
	".size forks, .-forks\n"

	".balign 64\n"
	".type execs, @function\n"
	"execs:\n"                   // 10140
	"	ld   a0, 8(sp)\n"        // argv[0]
	"	sd   a0, 8(s0)\n"
	"	sd   zero, 16(s0)\n"
	"	addi a1, s0, 8\n"
	"	addi a2, s0, 16\n"
	"	addi a7, zero, 221\n"    // execve
	"	ecall\n"
	"	ebreak\n"
	".size execs, .-execs\n"

	".balign 64\n"
	".type faults, @function\n"
	"faults:\n"                  // 10180
	"	addi a0, zero, 11\n"     // SIGSEGV
	"	addi a1, s0, 64\n"
	"	addi a2, zero, 0\n"
	"	addi a3, zero, 8\n"
	"	addi a7, zero, 134\n"    // rt_sigaction
	"	ecall\n"
	"	addi s4, zero, 4\n"      // 10198
	"bad:\n"
	"	lui  t0, 0x40\n"         // 1019c
	"	sd   t0, 0(t0)\n"        // 101a0 faults
	"	addi s4, s4, -1\n"       // 101a4
	"	bne  s4, zero, bad\n"    // 101a8
	"	jal  zero, quit\n"       // 101ac
	".size faults, .-faults\n"
	".type handler, @function\n"
	"handler:\n"
	"	ld   t0, 176(a2)\n"      // 101b0 pc in the ucontext
	"	addi t0, t0, 4\n"
	"	sd   t0, 176(a2)\n"
	"	jalr zero, 0(ra)\n"
	".size handler, .-handler\n"

	".balign 64\n"
	".type dies, @function\n"
	"dies:\n"                    // 101c0
	"	addi a7, zero, 172\n"    // getpid
	"	ecall\n"
	"	addi a1, zero, 15\n"     // SIGTERM
	"	addi a7, zero, 129\n"    // kill
	"	ecall\n"
	"	jal  zero, quit\n"
	".size dies, .-dies\n"

	".balign 64\n"
	".type spins, @function\n"
	"spins:\n"                   // 10200
	"	lui  s1, 0xf4\n"
	"	addi s1, s1, 0x240\n"    // 1000000
	".type spin, @function\n"
	"spin:\n"
	"	addi s1, s1, -1\n"       // 10208
	"	bne  s1, zero, spin\n"
	"	jal  zero, quit\n"
	".size spins, .-spins\n"

	".data\n"
	"	.zero 64\n"
	"	.dword handler, 4, 0\n"  // struct sigaction: handler, SA_SIGINFO, mask
	"	.zero 0x3000-88\n"
);
