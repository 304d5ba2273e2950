// The mix of CoreMark (list handling, small integer matrices, a character-driven state machine, CRC-16), written from its
// description: each part feeds the CRC, so that nothing can be left out.
#define BENCH_NAME "coremark"
#include "bench.h"

enum { NODES = 300, DIM = 20, FIELDS = 10 };

struct node {
	struct node *next;
	int16_t key, order;
};

NOINLINE static uint16_t crc16(uint16_t crc, uint32_t value, int bits) {
	for (int i = 0; i < bits; i++) {
		bool feed = ((crc ^ value) & 1) != 0;
		crc >>= 1;
		value >>= 1;
		if (feed)
			crc ^= 0xa001;
	}
	return crc;
}

NOINLINE static struct node *list_find(struct node *n, int16_t key) {
	while (n != NULL && n->key != key)
		n = n->next;
	return n;
}

NOINLINE static struct node *list_reverse(struct node *n) {
	struct node *done = NULL;
	while (n != NULL) {
		struct node *next = n->next;
		n->next = done;
		done = n;
		n = next;
	}
	return done;
}

typedef int (*node_order)(const struct node *, const struct node *);

static int by_key(const struct node *a, const struct node *b) { return a->key != b->key ? a->key - b->key : a->order - b->order; }
static int by_order(const struct node *a, const struct node *b) { return a->order - b->order; }

NOINLINE static struct node *list_merge(struct node *a, struct node *b, node_order cmp) {
	struct node head, *tail = &head;
	while (a != NULL && b != NULL) {
		struct node **least = cmp(a, b) <= 0 ? &a : &b;
		tail->next = *least;
		tail = *least;
		*least = tail->next;
	}
	tail->next = a != NULL ? a : b;
	return head.next;
}

NOINLINE static struct node *list_sort(struct node *n, node_order cmp) {
	if (n == NULL || n->next == NULL)
		return n;
	struct node *slow = n, *fast = n->next;
	while (fast != NULL && fast->next != NULL) {
		slow = slow->next;
		fast = fast->next->next;
	}
	struct node *half = slow->next;
	slow->next = NULL;
	return list_merge(list_sort(n, cmp), list_sort(half, cmp), cmp);
}

static int16_t left[DIM][DIM], right[DIM][DIM];
static int32_t product[DIM][DIM];

NOINLINE static uint16_t matrix(uint16_t crc, int16_t bias) {
	for (int i = 0; i < DIM; i++)
		for (int j = 0; j < DIM; j++)
			left[i][j] += bias;
	for (int i = 0; i < DIM; i++)
		for (int j = 0; j < DIM; j++) {
			int32_t sum = 0;
			for (int k = 0; k < DIM; k++)
				sum += left[i][k] * right[k][j];
			product[i][j] = sum;
		}
	int32_t clipped = 0, previous = 0;
	for (int i = 0; i < DIM; i++)
		for (int j = 0; j < DIM; j++) {
			int32_t v = product[i][j];
			clipped += v > previous ? 10 : (v >> 3) & 7;
			previous = v;
		}
	for (int i = 0; i < DIM; i++)
		for (int j = 0; j < DIM; j++)
			left[i][j] -= bias;
	return crc16(crc, (uint32_t)(clipped ^ previous), 32);
}

enum state { START, SIGN, INTEGER, POINT, FRACTION, EXPONENT, EXPSIGN, EXPDIGITS, INVALID, STATES };

NOINLINE static enum state scan(const char **text, uint32_t *visits) {
	enum state s = START;
	const char *p = *text;
	for (; *p != '\0' && *p != ','; p++) {
		bool digit = *p >= '0' && *p <= '9';
		visits[s]++;
		switch (s) {
		case START:
			s = digit ? INTEGER : *p == '+' || *p == '-' ? SIGN : *p == '.' ? POINT : INVALID;
			break;
		case SIGN:
			s = digit ? INTEGER : *p == '.' ? POINT : INVALID;
			break;
		case INTEGER:
			s = digit ? INTEGER : *p == '.' ? POINT : *p == 'e' ? EXPONENT : INVALID;
			break;
		case POINT:
		case FRACTION:
			s = digit ? FRACTION : *p == 'e' && s == FRACTION ? EXPONENT : INVALID;
			break;
		case EXPONENT:
			s = digit ? EXPDIGITS : *p == '+' || *p == '-' ? EXPSIGN : INVALID;
			break;
		case EXPSIGN:
		case EXPDIGITS:
			s = digit ? EXPDIGITS : INVALID;
			break;
		default:
			break;
		}
	}
	*text = *p == ',' ? p + 1 : p;
	return s;
}

static uint64_t kernel(int scale) {
	static struct node pool[NODES];
	static char text[FIELDS * 16];
	static const char *const words[] = {"512,", "-74,", "+3.5e10,", ".25,", "7.125,", "T0.1,", "-1.5e-2,", "8x,"};
	for (int i = 0; i < NODES; i++)
		pool[i] = (struct node){i + 1 < NODES ? &pool[i + 1] : NULL, (int16_t)(bench_random() & 0x7f), (int16_t)i};
	for (int i = 0; i < DIM; i++)
		for (int j = 0; j < DIM; j++) {
			left[i][j] = (int16_t)(bench_random() & 63) - 32;
			right[i][j] = (int16_t)(bench_random() & 63) - 32;
		}
	for (int i = 0; i < FIELDS; i++)
		strcat(text, words[bench_random() & 7]);

	struct node *list = pool;
	uint16_t crc = 0;
	for (int round = 0; round < scale * 120; round++) {
		for (int i = 0; i < 24; i++) {
			struct node *found = list_find(list, (int16_t)((round + i * 5) & 0x7f));
			if (found != NULL)
				crc = crc16(crc, (uint16_t)found->order, 16);
			list = list_reverse(list);
		}
		list = list_sort(list, by_key);
		crc = crc16(crc, (uint16_t)list->order, 16);
		list = list_sort(list, by_order);
		crc = matrix(crc, (int16_t)(round & 15));
		uint32_t visits[STATES] = {0}, ends[STATES] = {0};
		for (int i = 0; i < 12; i++) {
			const char *p = text;
			while (*p != '\0')
				ends[scan(&p, visits)]++;
		}
		for (int i = 0; i < STATES; i++)
			crc = crc16(crc, visits[i] * 31 + ends[i], 32);
	}
	return crc;
}
