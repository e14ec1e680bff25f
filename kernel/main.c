// SPDX-License-Identifier: GPL-2.0
/*
 * Main: the module comes and goes.
 *
 * /dev/kipc is the last thing to appear and the first to go.  Every open file pins
 * the module, so exit finds no endpoint; queues that were never unlinked go with
 * their network namespace's registry, after everybody who could be told or ask.
 *
 * The netlink family comes just before the device: if that fails, a dump that somebody has
 * begun in that moment would be left without its code, but nobody waits for a family as
 * programs wait for a device.
 */
#include <linux/miscdevice.h>
#include <linux/module.h>

#include "endpoint.h"
#include "entry.h"
#include "fds.h"
#include "file.h"
#include "message.h"
#include "netlink.h"
#include "nice.h"
#include "objects.h"
#include "quota.h"
#include "reclaim.h"
#include "registry.h"
#include "watch.h"

static struct miscdevice kipc_device = {
	.minor	= MISC_DYNAMIC_MINOR,
	.name	= "kipc",
	.fops	= &kipc_file_operations,
};

static int __init kipc_init(void)
{
	int err;

	kipc_nice_init();
	err = kipc_message_init();
	if (err)
		return err;
	err = kipc_entry_init();
	if (err)
		goto err_message;
	err = kipc_fds_init();
	if (err)
		goto err_entry;
	err = kipc_endpoint_init();
	if (err)
		goto err_fds;
	err = kipc_reclaim_init();
	if (err)
		goto err_endpoint;
	err = kipc_users_init();
	if (err)
		goto err_reclaim;
	err = kipc_objects_init();
	if (err)
		goto err_users;
	err = kipc_registry_init();
	if (err)
		goto err_objects;
	err = kipc_netlink_init();
	if (err)
		goto err_registry;
	err = misc_register(&kipc_device);
	if (err)
		goto err_netlink;
	kipc_watch_start();
	return 0;

err_netlink:
	kipc_netlink_exit();
	kipc_quota_exit();
err_registry:
	kipc_registry_exit();
err_objects:
	kipc_objects_exit();
err_users:
	kipc_users_exit();
err_reclaim:
	kipc_reclaim_exit();
err_endpoint:
	kipc_endpoint_exit();
err_fds:
	kipc_fds_exit();
err_entry:
	kipc_entry_exit();
err_message:
	kipc_message_exit();
	return err;
}

static void __exit kipc_exit(void)
{
	misc_deregister(&kipc_device);
	kipc_watch_stop();
	kipc_netlink_exit();
	kipc_quota_exit();
	kipc_registry_exit();
	kipc_objects_exit();
	kipc_users_exit();
	kipc_reclaim_exit();
	kipc_endpoint_exit();
	kipc_fds_exit();
	kipc_entry_exit();
	kipc_message_exit();
}

module_init(kipc_init);
module_exit(kipc_exit);

MODULE_DESCRIPTION("Local IPC: one-copy channels and in-kernel message queues");
MODULE_VERSION("0.1.0");
MODULE_LICENSE("GPL");
