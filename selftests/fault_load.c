// SPDX-License-Identifier: GPL-2.0
/*
 * Failures, loading: each thing that the module's init asks for is refused in turn.  Then it is
 * not loaded, has left nothing behind that another load would stumble over, and loads again.
 *
 * Only what is asked for beneath do_one_initcall() is refused (require-start, require-end): the
 * kernel's loader is not ours.  The one pernet operation after another, the caches, the
 * family and the device are.  Where a slab cache cannot be made the kernel says so with a
 * stack trace, and forgets the name that it had for sysfs (6.12, sysfs_slab_add()); the
 * runner knows of both (guest/run-tests).
 */
#include "fault_test.h"

#define MODULE	"/lib/modules/kipc.ko"

/* Where a function of the kernel's begins, and the next one.  Return: 0 or -errno. */
static int symbol(const char *name, char *start, char *end, size_t size)
{
	unsigned long at, from = 0, next = -1UL;
	FILE *file = fopen("/proc/kallsyms", "r");
	char line[512], what[256], type;

	if (!file)
		return -errno;
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx %c %255s", &at, &type, what) == 3 && !strcmp(what, name))
			from = at;
	rewind(file);
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%lx", &at) == 1 && at > from && at < next)
			next = at;
	fclose(file);
	snprintf(start, size, "0x%lx", from);
	snprintf(end, size, "0x%lx", next);
	return from ? 0 : -ENOENT;
}

static int confine(const char *start, const char *end)
{
	int kind, err = 0;

	for (kind = 0; kind < FAULT_KINDS; kind++) {
		err = err ?: faults_set(kind, "require-start", start);
		err = err ?: faults_set(kind, "require-end", end);
		err = err ?: faults_set(kind, "stacktrace-depth", "32");
	}
	return err;
}

static int do_load(int fd)
{
	return syscall(SYS_finit_module, fd, "", 0) ? -errno : 0;
}

static int do_unload(void)
{
	return syscall(SYS_delete_module, "kipc", O_NONBLOCK) ? -errno : 0;
}

/* Nothing is there that a module has which is loaded. */
static bool nothing_is_there(void)
{
	struct nl nl;
	int err = nl_open(&nl);

	close(nl.fd);
	return err == -ENOENT && access("/dev/kipc", F_OK) &&
	       access("/sys/module/kipc", F_OK) && access("/sys/class/misc/kipc", F_OK) &&
	       access("/sys/kernel/slab/kipc_entry_8k", F_OK);
}

static bool works(void)
{
	char name[KIPC_NAME_SIZE];
	int fd = queue_open(fresh_name(name), KIPC_QUEUE_CREATE | QUEUE_BOTH);
	bool fine;

	fine = fd >= 0 && !put(fd, 5, 0, 0) && take_any(fd) == 5 && !queue_remove(fd, name);
	close(fd);
	return fine;
}

FIXTURE(fault_load)
{
	int module;
};

FIXTURE_SETUP(fault_load)
{
	char start[32], end[32];

	if (!faults_is_there())
		SKIP(return, "this kernel refuses nothing on purpose");
	self->module = open(MODULE, O_RDONLY | O_CLOEXEC);
	ASSERT_LE(0, self->module);
	ASSERT_EQ(0, symbol("do_one_initcall", start, end, sizeof(start)));
	ASSERT_EQ(0, mlockall(MCL_CURRENT));
	ASSERT_EQ(0, confine(start, end));
	ASSERT_EQ(0, faults_configure("100", "0"));
}

FIXTURE_TEARDOWN(fault_load)
{
	if (!faults_is_there())
		return;
	EXPECT_EQ(0, faults_configure("0", "0"));
	EXPECT_EQ(0, confine("0", "0xffffffffffffffff"));
	/* For who comes after */
	do_load(self->module);
	EXPECT_EQ(0, chmod("/dev/kipc", 0666));
	close(self->module);
}

TEST_F_TIMEOUT(fault_load, load, 900)
{
	struct sweep sweep;

	ASSERT_EQ(0, do_unload());
	sweep_begin(&sweep, "load");
	while (sweep_next(&sweep)) {
		int err = FAULT(&sweep, do_load(self->module));

		if (err) {
			EXPECT_EQ(-ENOMEM, err) AT(&sweep);
			EXPECT_TRUE(nothing_is_there()) AT(&sweep);
			continue;
		}
		EXPECT_TRUE(works()) AT(&sweep);
		EXPECT_EQ(0, do_unload()) AT(&sweep);
	}
	SWEPT(&sweep);
	EXPECT_EQ(0, do_load(self->module));
	EXPECT_TRUE(works());
}

TEST_HARNESS_MAIN
