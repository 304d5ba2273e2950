// Exits with 42: a program to be executed by another.
int main(void) {
	return 42;
}
