// The vDSO: found through the auxiliary vector, its ELF image read as a loader would, its clock functions called.
#include "check.h"

#include <elf.h>
#include <link.h>
#include <sys/auxv.h>
#include <sys/time.h>

static const ElfW(Ehdr) * image;
static uintptr_t bias;
static const ElfW(Sym) * symbols;
static const char *strings;
static size_t symbol_count, string_size;

static bool parse(void) {
	image = (void *)getauxval(AT_SYSINFO_EHDR);
	CHECK(image != NULL);
	if (image == NULL)
		return false;
	EQ(memcmp(image->e_ident, ELFMAG, SELFMAG), 0);
	EQ(image->e_ident[EI_CLASS], ELFCLASS64);
	EQ(image->e_ident[EI_DATA], ELFDATA2LSB);
	EQ(image->e_type, ET_DYN);
#if defined(__riscv)
	EQ(image->e_machine, EM_RISCV);
#endif
	const ElfW(Phdr) *ph = (void *)((char *)image + image->e_phoff);
	const ElfW(Dyn) *dynamic = NULL;
	bool loaded = false;
	for (int i = 0; i < image->e_phnum; i++) {
		if (ph[i].p_type == PT_LOAD && !loaded) {
			bias = (uintptr_t)image + ph[i].p_offset - ph[i].p_vaddr;
			loaded = true;
			CHECK(ph[i].p_flags & PF_X);
			CHECK(!(ph[i].p_flags & PF_W));
		} else if (ph[i].p_type == PT_DYNAMIC)
			dynamic = (void *)((char *)image + ph[i].p_offset);
	}
	CHECK(loaded && dynamic != NULL);
	if (!loaded || dynamic == NULL)
		return false;
	const uint32_t *hash = NULL, *gnu_hash = NULL;
	for (; dynamic->d_tag != DT_NULL; dynamic++) {
		void *p = (void *)(bias + dynamic->d_un.d_ptr);
		if (dynamic->d_tag == DT_STRTAB)
			strings = p;
		else if (dynamic->d_tag == DT_SYMTAB)
			symbols = p;
		else if (dynamic->d_tag == DT_HASH)
			hash = p;
		else if (dynamic->d_tag == DT_GNU_HASH)
			gnu_hash = p;
		else if (dynamic->d_tag == DT_STRSZ)
			string_size = dynamic->d_un.d_val;
	}
	CHECK(strings != NULL && symbols != NULL && (hash != NULL || gnu_hash != NULL));
	if (strings == NULL || symbols == NULL)
		return false;
	if (hash != NULL)
		symbol_count = hash[1];
	else if (gnu_hash != NULL) {
		// The last chain of the last bucket ends with the last symbol.
		const uint32_t *buckets = gnu_hash + 4 + gnu_hash[2] * 2, *chains = buckets + gnu_hash[0];
		for (uint32_t b = 0; b < gnu_hash[0]; b++)
			for (uint32_t s = buckets[b]; s != 0; s++) {
				if (s >= symbol_count)
					symbol_count = s + 1;
				if (chains[s - gnu_hash[1]] & 1)
					break;
			}
	}
	CHECK(symbol_count > 1);
	return true;
}

static void *lookup(const char *name) {
	for (size_t i = 1; i < symbol_count; i++)
		if (symbols[i].st_shndx != SHN_UNDEF && symbols[i].st_name < string_size && strcmp(strings + symbols[i].st_name, name) == 0) {
			EQ(symbols[i].st_info & 15, STT_FUNC);
			return (void *)(bias + symbols[i].st_value);
		}
	check_fail(__FILE__, __LINE__, "the vDSO has no %s", name);
	return NULL;
}

static int64_t nanoseconds(const struct timespec *t) { return (int64_t)t->tv_sec * 1000000000 + t->tv_nsec; }

int main(void) {
	if (!parse())
		return done("vdso");
	int (*gettime)(clockid_t, struct timespec *) = lookup("__vdso_clock_gettime");
	int (*getres)(clockid_t, struct timespec *) = lookup("__vdso_clock_getres");
	int (*timeofday)(struct timeval *, void *) = lookup("__vdso_gettimeofday");
	int (*getcpu_)(unsigned *, unsigned *, void *) = lookup("__vdso_getcpu");
	struct timespec a, b, c;
	static const clockid_t clocks[] = {CLOCK_MONOTONIC, CLOCK_REALTIME, CLOCK_BOOTTIME, CLOCK_MONOTONIC_COARSE, CLOCK_REALTIME_COARSE,
		CLOCK_MONOTONIC_RAW, CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID};
	for (size_t i = 0; gettime != NULL && i < sizeof clocks / sizeof clocks[0]; i++) {
		OK(syscall(SYS_clock_gettime, clocks[i], &a));
		EQ(gettime(clocks[i], &b), 0);
		OK(syscall(SYS_clock_gettime, clocks[i], &c));
		CHECK(nanoseconds(&a) <= nanoseconds(&b) && nanoseconds(&b) <= nanoseconds(&c));
		int64_t last = nanoseconds(&b);
		for (int k = 0; k < 10000; k++) {
			gettime(clocks[i], &b);
			if (nanoseconds(&b) < last)
				check_fail(__FILE__, __LINE__, "clock %d ran back", clocks[i]);
			last = nanoseconds(&b);
		}
	}
	if (gettime != NULL)
		EQ(gettime(999, &a), -EINVAL); // no errno here
	if (getres != NULL) {
		EQ(getres(CLOCK_MONOTONIC, &a), 0);
		CHECK(a.tv_sec == 0 && a.tv_nsec > 0);
	}
	if (timeofday != NULL) {
		struct timeval tv;
		EQ(timeofday(&tv, NULL), 0);
		CHECK(llabs((long long)tv.tv_sec - time(NULL)) <= 1);
	}
	if (getcpu_ != NULL) {
		unsigned cpu = 9999;
		EQ(getcpu_(&cpu, NULL, NULL), 0);
		CHECK(cpu < 4096);
	}
#if defined(__riscv)
	CHECK(lookup("__vdso_rt_sigreturn") != NULL);
	CHECK(lookup("__vdso_flush_icache") != NULL);
#endif
	return done("vdso");
}
