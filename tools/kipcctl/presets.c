// SPDX-License-Identifier: GPL-2.0
/*
 * The defaults of a module's parameters.
 *
 * modinfo does not have them, but the file has: its section __param is an array of the
 * kernel's struct kernel_param, in which the relocations say where a parameter's name is
 * and where its variable, with its first value.  That is so on the 64-bit machines that
 * there are; of others, and of a compressed file, no default is known.
 */
#include <fcntl.h>
#include <linux/elf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "module.h"

/* struct kernel_param: name, mod, ops, perm, level, flags, arg */
#define RECORD		40
#define RECORD_NAME	0
#define RECORD_ARG	32

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OUR_ORDER	ELFDATA2LSB
#else
#define OUR_ORDER	ELFDATA2MSB
#endif

/* A file in memory; what is not within it is not there. */
struct image {
	const unsigned char *base;
	size_t size;
	const struct elf64_shdr *sections;
	unsigned int count;
	unsigned int names;		/* the section that has the sections' names */
};

static const void *within(const struct image *image, uint64_t offset, uint64_t len)
{
	return offset <= image->size && len <= image->size - offset ? image->base + offset :
	       NULL;
}

/* A table of entries of @entry bytes that a section has, aligned as they must be. */
static const void *table_of(const struct image *image, const struct elf64_shdr *section,
			    size_t entry, size_t *count)
{
	*count = section->sh_size / entry;
	return section->sh_offset % sizeof(uint64_t) ? NULL :
	       within(image, section->sh_offset, *count * entry);
}

/* Does a section have this text, with its end, there? */
static bool has_text(const struct image *image, const struct elf64_shdr *section, uint64_t offset,
		     const char *text)
{
	size_t len = strlen(text) + 1;
	const void *found;

	if (offset > section->sh_size || len > section->sh_size - offset)
		return false;
	found = within(image, section->sh_offset + offset, len);
	return found && !memcmp(found, text, len);
}

static bool read_head(struct image *image)
{
	const struct elf64_hdr *head = within(image, 0, sizeof(*head));

	if (!head || memcmp(head->e_ident, ELFMAG, SELFMAG) ||
	    head->e_ident[EI_CLASS] != ELFCLASS64 || head->e_ident[EI_DATA] != OUR_ORDER ||
	    head->e_shentsize != sizeof(*image->sections) || head->e_shoff % sizeof(uint64_t) ||
	    head->e_shstrndx >= head->e_shnum)
		return false;
	image->count = head->e_shnum;
	image->names = head->e_shstrndx;
	image->sections = within(image, head->e_shoff,
				 image->count * sizeof(*image->sections));
	return image->sections;
}

/* The relocations of __param, or NULL. */
static const struct elf64_shdr *find_relocations(const struct image *image)
{
	const struct elf64_shdr *names = &image->sections[image->names];
	unsigned int i;

	for (i = 0; i < image->count; i++) {
		const struct elf64_shdr *section = &image->sections[i];

		if (section->sh_type == SHT_RELA && section->sh_info < image->count &&
		    section->sh_link < image->count &&
		    has_text(image, names, image->sections[section->sh_info].sh_name, "__param"))
			return section;
	}
	return NULL;
}

/* Where a relocation points: a section, and an offset into it. */
static const struct elf64_shdr *target_of(const struct image *image,
					  const struct elf64_shdr *relocations,
					  const struct elf64_rela *rela, uint64_t *offset)
{
	const struct elf64_sym *symbols;
	uint64_t which = rela->r_info >> 32;
	size_t count;

	symbols = table_of(image, &image->sections[relocations->sh_link], sizeof(*symbols),
			   &count);
	if (!symbols || which >= count || symbols[which].st_shndx >= image->count)
		return NULL;
	*offset = symbols[which].st_value + (uint64_t)rela->r_addend;
	return &image->sections[symbols[which].st_shndx];
}

static size_t size_of_type(const char *type)
{
	static const struct {
		const char *type;
		size_t size;
	} sizes[] = {
		{ "bool", 1 }, { "byte", 1 }, { "short", 2 }, { "ushort", 2 }, { "int", 4 },
		{ "uint", 4 }, { "hexint", 4 }, { "long", 8 }, { "ulong", 8 }, { "ullong", 8 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		if (!strcmp(sizes[i].type, type))
			return sizes[i].size;
	return 0;
}

static void write_value(struct param *param, const void *data, size_t size)
{
	const struct number_type *type = number_type(param->type);
	unsigned int shift = 64 - 8 * (unsigned int)size;
	union {
		uint8_t one;
		uint16_t two;
		uint32_t four;
		uint64_t eight;
	} value;
	uint64_t bits;

	memcpy(&value, data, size);
	bits = size == 1 ? value.one : size == 2 ? value.two : size == 4 ? value.four :
	       value.eight;
	if (!type)
		snprintf(param->preset, sizeof(param->preset), "%c", bits ? 'Y' : 'N');
	else if (type->min < 0)
		snprintf(param->preset, sizeof(param->preset), "%lld",
			 (long long)(bits << shift) >> shift);
	else
		snprintf(param->preset, sizeof(param->preset), "%llu", (unsigned long long)bits);
}

static void read_value(const struct image *image, const struct elf64_shdr *section,
		       uint64_t offset, struct param *param)
{
	static const char zeroes[sizeof(uint64_t)];
	size_t size = size_of_type(param->type);
	const void *data = zeroes;

	if (!size || offset > section->sh_size || size > section->sh_size - offset)
		return;
	/* What is zero at first need not be in the file */
	if (section->sh_type != SHT_NOBITS)
		data = within(image, section->sh_offset + offset, size);
	if (data)
		write_value(param, data, size);
}

/* The record that begins at @start has this name: find where its variable is. */
static void read_record(const struct image *image, const struct elf64_shdr *relocations,
			const struct elf64_rela *relas, size_t count, uint64_t start,
			struct param *param)
{
	const struct elf64_shdr *section;
	uint64_t offset;
	size_t i;

	for (i = 0; i < count; i++) {
		if (relas[i].r_offset != start + RECORD_ARG)
			continue;
		section = target_of(image, relocations, &relas[i], &offset);
		if (section)
			read_value(image, section, offset, param);
	}
}

static void read_presets(const struct image *image, struct params *params)
{
	const struct elf64_shdr *relocations = find_relocations(image), *section;
	const struct elf64_rela *relas;
	size_t count, i;
	uint64_t offset;
	unsigned int p;

	relas = relocations ? table_of(image, relocations, sizeof(*relas), &count) : NULL;
	for (i = 0; relas && i < count; i++) {
		if (relas[i].r_offset % RECORD != RECORD_NAME)
			continue;
		section = target_of(image, relocations, &relas[i], &offset);
		for (p = 0; section && p < params->count; p++)
			if (has_text(image, section, offset, params->param[p].name))
				read_record(image, relocations, relas, count,
					    relas[i].r_offset, &params->param[p]);
	}
}

/* Find the defaults in the module's file. */
void params_presets(struct params *params, const char *path)
{
	struct image image = { .size = 0 };
	struct stat st;
	void *base;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return;
	if (!fstat(fd, &st) && st.st_size > 0)
		image.size = (size_t)st.st_size;
	base = mmap(NULL, image.size, PROT_READ, MAP_PRIVATE, fd, 0);
	close(fd);
	if (base == MAP_FAILED)
		return;
	image.base = base;
	if (read_head(&image))
		read_presets(&image, params);
	munmap(base, image.size);
}
