#!/bin/sh
# SPDX-License-Identifier: GPL-2.0
#
# kipcctl load and unload: the module by its path and by its name, its parameters checked
# against its own list, and every refusal in a sentence that says what to do.
# TAP; runs as root with the module loaded, and leaves it loaded.
# with: tap_test.sh

. tap_test.sh

module=/lib/modules/kipc.ko
tree=/lib/modules/$(uname -r)

# shellcheck disable=SC2317 # the trap reaches it
cleanup()
{
	[ ! -e "$dir/modules.dep" ] || cp "$dir"/modules.* "$tree/"
	rm -rf "$tree"/kipc.ko* /etc/modprobe.d/kipc-test.conf
	[ -e /sys/module/kipc ] || insmod $module
	chmod 666 /dev/kipc
}

plan 25 $module /sys/module/kipc

gone()
{
	[ ! -e /sys/module/kipc ]
}

parameter() # NAME VALUE
{
	[ "$(cat /sys/module/kipc/parameters/"$1")" = "$2" ]
}

# A module for a kernel 9, without SMP: kernels that check symbols look at that alone
foreign() # FILE
{
	release=$(uname -r)
	offset=$(strings -t d $module | sed -n 's/^ *\([0-9]*\) vermagic=.*/\1/p')
	cp $module "$1"
	printf 9 | dd of="$1" bs=1 seek=$((offset + 9)) conv=notrunc 2> /dev/null
	printf T | dd of="$1" bs=1 seek=$((offset + 10 + ${#release})) conv=notrunc 2> /dev/null
}

ends 0 load && ends 0 load $module
result $? loading_what_is_loaded_is_no_failure
ends 1 load $module max_names=77 && says "loaded already, and not with max_names=77"
result $? but_it_is_where_a_parameter_has_another_value
ends 0 load $module "max_names=$(cat /sys/module/kipc/parameters/max_names)"
result $? and_not_where_it_has_that_one
ends_for_user 1 unload && says "only root" && ! gone
result $? an_ordinary_user_cannot_unload

# Somebody uses it, by a name that would redraw a terminal, until somebody kills it
odd="$dir/$(printf 'od\033d')"
ln -s "$(command -v kipcctl)" "$odd"
"$odd" recv --timeout 60 channel:holder > /dev/null 2>&1 & holder=$!
while ! [ "$(cat /sys/module/kipc/refcnt)" -gt 0 ]; do sleep 0.05; done
ends 1 unload && says "in use" && says "process $holder (od?d) of root" && ! gone
result $? in_use_it_stays_and_the_user_of_it_is_named
ends 1 unload --wait 0.2 && says "process $holder"
result $? waiting_ends
(sleep 0.5; kill $holder) &
ends 0 unload --wait 20 && gone
result $? waiting_for_the_last_user
wait
ends 1 unload && says "not loaded"
result $? unloading_nothing

ends_for_user 1 load $module && says "only root" && gone
result $? an_ordinary_user_cannot_load
ends 2 load $module max_nmaes=3 && says "is it 'max_names'" && says "max_queue_bytes *ulong" && gone
result $? an_unknown_parameter_is_refused_with_the_list
ends 2 load $module max_names=many && says "a whole number from 0 to 18446744073709551615" && gone
result $? a_value_that_is_no_number
ends 2 load $module max_names=-1 && ends 2 load $module pool_idle=4294967296 &&
	ends 2 load $module max_names= && ends 2 load $module max_names=1x && gone
result $? a_number_out_of_range
ends 2 load $module nonsense && ends 2 load --nonsense && ends 2 load --json
result $? usage
ends 0 load --help && grep -q '^Usage: ' "$dir/out" && ends 0 unload --help
result $? help
ends 0 load $module max_names=77 pool-idle=0x7 && parameter max_names 77 && parameter pool_idle 7
result $? parameters_are_set
ends 0 load --list $module && grep -q '^max_names  *ulong  *65536  *77  *channels and' "$dir/out" &&
	ends 0 load --list --json $module && grep -q '"name": "max_names"' "$dir/out" &&
	grep -q '"now": "77"' "$dir/out"
result $? the_list_has_types_defaults_values_and_meanings
ends 0 unload && gone
result $? unload

ends 1 load "$dir/nothing" && says "No such file"
result $? no_file
head -c 5000 /dev/urandom > "$dir/noise.ko"
ends 1 load "$dir/noise.ko" && says "not a kernel module"
result $? no_module
ends 1 load "$(find "$tree" -name 'veth.ko*' | head -n 1)" && says "the module 'veth', and not kipc"
result $? another_module
foreign "$dir/kipc.ko"
ends 1 load "$dir/kipc.ko" && says "built for the kernel 9" && says "build it again" && gone
result $? a_module_of_another_kernel

# By its name: where there is none, where it is, and where modprobe.d has a say in it
ends 1 load && says "make install"
result $? not_installed
cp "$tree"/modules.* "$dir/"
ln -s /usr/bin/kmod "$dir/depmod"
other=$(find "$tree" -name 'veth.ko*' | head -n 1)
other_name=$tree/kipc.ko${other##*.ko}
cp "$other" "$other_name"
"$dir/depmod" 2> /dev/null
ends 1 load && says "$other_name: this is the module 'veth', and not kipc"
result $? another_module_by_its_name
rm "$other_name"
cp $module "$tree/"
"$dir/depmod" 2> /dev/null
echo 'options kipc max_fds=55' > /etc/modprobe.d/kipc-test.conf
ends 0 load max_names=66 && parameter max_names 66 && parameter max_fds 55 && ends 0 unload
result $? installed_with_the_options_of_modprobe_d
echo 'install kipc /bin/false' > /etc/modprobe.d/kipc-test.conf
ends 1 load && says "modprobe.d blocks it" && says "/bin/false" && gone
result $? blocked_by_modprobe_d

[ $failed -eq 0 ]
