// The smallest useful C program: its run time is start-up time.
#include <stdio.h>

int main(void) {
	puts("hello");
	return 0;
}
