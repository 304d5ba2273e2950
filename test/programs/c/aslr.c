// Prints where code, data, stack, heap and a mapping lie, and checks that they can be used: for runs under address space
// randomisation. A static program linked at a fixed address.
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

static char data[1 << 16] = {1};
static char zero[1 << 20];

int main(void) {
	char stack[1 << 16];
	char *heap = malloc(1 << 16), *large = malloc(8 << 20), *brk = sbrk(1 << 16);
	char *map = mmap(NULL, 64 << 20, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (heap == NULL || large == NULL || brk == (char *)-1 || map == MAP_FAILED) {
		printf("no memory: %p %p %p %p\n", heap, large, brk, map);
		return 1;
	}
	memset(stack, 1, sizeof stack);
	memset(data, 1, sizeof data);
	memset(zero, 1, sizeof zero);
	memset(heap, 1, 1 << 16);
	memset(brk, 1, 1 << 16);
	memset(large, 1, 8 << 20);
	memset(map + (32 << 20), 1, 1 << 20);
	printf("ok %p %p %p %p %p\n", (void *)main, data, stack, brk, map);
	return 0;
}
