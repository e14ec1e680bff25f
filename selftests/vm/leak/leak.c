// SPDX-License-Identifier: GPL-2.0
/*
 * A module that does wrong when asked to, for the test of the tests: each word
 * that may be written to its parameter is something that the gates must see.
 */

#include <linux/fs.h>
#include <linux/gfp.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/string.h>

/* What was leaked is still reachable, so that only the gates complain. */
static struct page *pages[1024];
static void *objects[200];

static void leak_pages(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(pages); i++)
		pages[i] = alloc_page(GFP_KERNEL);
}

static void leak_objects(void)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(objects); i++)
		objects[i] = kmalloc(100, GFP_KERNEL);
}

static void leak_open(const char *path)
{
	struct file *file = filp_open(path, O_RDONLY, 0);

	if (IS_ERR(file))
		pr_err("cannot open %s\n", path);
}

static void leak_file(void)
{
	leak_open("/dev/null");
}

static void leak_device(void)
{
	leak_open("/dev/kipc");
}

static void leak_cache(void)
{
	struct kmem_cache *cache;

	cache = kmem_cache_create("kipc_leak", 128, 0, 0, NULL);
	if (!cache || !kmem_cache_alloc(cache, GFP_KERNEL))
		pr_err("cannot make a cache\n");
}

/* One byte beyond the end of an object, which slub_debug notices */
static void overrun(void)
{
	char *object = kmalloc(128, GFP_KERNEL);

	if (!object)
		return;
	OPTIMIZER_HIDE_VAR(object);
	object[128] = 1;
	kfree(object);
}

static void warn(void)
{
	WARN_ON(1);
}

static void oops(void)
{
	int *nowhere = NULL;

	OPTIMIZER_HIDE_VAR(nowhere);
	*nowhere = 1;
}

static const struct {
	const char *name;
	void (*act)(void);
} wrongs[] = {
	{ "pages", leak_pages },
	{ "objects", leak_objects },
	{ "file", leak_file },
	{ "device", leak_device },
	{ "cache", leak_cache },
	{ "overrun", overrun },
	{ "warn", warn },
	{ "oops", oops },
};

static int leak_set(const char *value, const struct kernel_param *param)
{
	int i;

	for (i = 0; i < ARRAY_SIZE(wrongs); i++) {
		if (sysfs_streq(value, wrongs[i].name)) {
			wrongs[i].act();
			return 0;
		}
	}
	return -EINVAL;
}

static const struct kernel_param_ops leak_ops = {
	.set = leak_set,
};
module_param_cb(wrong, &leak_ops, NULL, 0200);
MODULE_PARM_DESC(wrong, "what to do wrong, at once");

MODULE_DESCRIPTION("Does wrong when asked to, to test the tests");
MODULE_LICENSE("GPL");
