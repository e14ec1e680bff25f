/* SPDX-License-Identifier: GPL-2.0 */
/* What stands for the kernel's functions: the plugin knows them by name. */
#ifndef STAND_IN_H
#define STAND_IN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define __user
#define EFAULT	14
#define EINVAL	22

typedef uint8_t u8;
typedef uint32_t u32;
typedef uint64_t u64;
typedef struct {
	union {
		void		*kernel;
		void __user	*user;
	};
	bool	is_kernel : 1;
} sockptr_t;

struct iov_iter {
	void __user	*at;
	size_t		count;
};

unsigned long copy_from_user(void *to, const void __user *from, unsigned long bytes);
unsigned long copy_to_user(void __user *to, const void *from, unsigned long bytes);
int copy_struct_from_user(void *to, size_t size, const void __user *from, size_t usize);
int check_zeroed_user(const void __user *from, size_t bytes);
long strncpy_from_user(char *to, const char __user *from, long count);
long strnlen_user(const char __user *from, long count);
char *strndup_user(const char __user *from, long count);
void *memdup_user(const void __user *from, size_t bytes);
int copy_from_sockptr(void *to, sockptr_t from, size_t bytes);
long import_iovec(int type, const void __user *vec, unsigned int nr, unsigned int fast, void **iov,
		  struct iov_iter *iter);
size_t copy_from_iter(void *to, size_t bytes, struct iov_iter *iter);
void iov_iter_revert(struct iov_iter *iter, size_t bytes);
void iov_iter_ubuf(struct iov_iter *iter, unsigned int direction, void __user *buf, size_t count);

/* As arch/x86 has them */
#define __inttype(x)								\
	typeof(__builtin_choose_expr(sizeof(x) == 1, (u8)0,			\
	       __builtin_choose_expr(sizeof(x) == 4, (u32)0, (u64)0)))

#define get_user(x, ptr) ({							\
	int __err;								\
	register __inttype(*(ptr)) __val asm("rdx");				\
	asm volatile("call __get_user_%c3" : "=a" (__err), "=r" (__val)	\
		     : "0" (ptr), "i" (sizeof(*(ptr))));			\
	(x) = (typeof(*(ptr)))__val;						\
	__err;									\
})

struct __large_struct { unsigned long buf[100]; };

#define unsafe_get_user(x, ptr) do {						\
	int __err = 0;								\
	__inttype(*(ptr)) __val;							\
	asm volatile("mov %2, %1" : [errout] "=r" (__err), [output] "=r" (__val) \
		     : [umem] "m" (*(struct __large_struct *)(ptr)), "0" (__err)); \
	(x) = __val;								\
} while (0)

/* What the files here have between them */
struct request {
	u32	size;
	u32	flags;
	u64	data;
	u64	len;
};

void use(const void *object);
u64 number(void);
void __user *next_pointer(void);

#endif /* STAND_IN_H */
